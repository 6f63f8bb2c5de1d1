import { InvalidArgumentError } from "commander";

/** Reads an option's value as a whole number. @throws InvalidArgumentError which commander turns into a message naming the option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Allowed: a whole number from ${min} to ${max}.`);
  };
}
