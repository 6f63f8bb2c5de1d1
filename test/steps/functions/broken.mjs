throw new Error("the price list is missing");
