import { describe, expect, test } from "vitest";
import { gathered, gatheredByName, shared } from "../../src/redis/gathered.ts";

describe("gathering", () => {
  test("flushes what came in one turn together, in order, and never more at once than it may", async () => {
    const flushes: (readonly number[])[] = [];
    const add = gathered(async (items: readonly number[]) => {
      flushes.push(items);
      return flushes.length;
    }, 3);
    const numbers = await Promise.all([1, 2, 3, 4].map(add));
    expect(await add(5)).toBe(3);
    expect([flushes, numbers]).toEqual([
      [[1, 2, 3], [4], [5]],
      [1, 1, 1, 2],
    ]);
  });

  test("a flush that fails fails for those that went with it alone", async () => {
    const add = gathered(async ([first]: readonly string[]) => {
      if (first === "bad") throw new Error("it failed");
      return "fine";
    });
    await expect(Promise.allSettled([add("bad"), add("other")])).resolves.toMatchObject([
      { reason: { message: "it failed" } },
      { reason: { message: "it failed" } },
    ]);
    expect(await add("good")).toBe("fine");
  });

  test("by name: what came under one name is flushed together, apart from the others", async () => {
    const done: string[] = [];
    const add = gatheredByName(async (name, all: readonly number[]) => void done.push(`${name} ${all.join()}`));
    await Promise.all([add("a", 1), add("b", 2), add("a", 3)]);
    await add("a", 4);
    expect(done).toEqual(["a 1,3", "b 2", "a 4"]);
  });

  test("by name: whoever asks after a failure asks anew", async () => {
    let isBroken = true;
    const add = gatheredByName(() => {
      if (isBroken) throw new Error("away");
      return Promise.resolve("there");
    });
    const results = await Promise.allSettled([add("a", 1), add("a", 2)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    isBroken = false;
    expect(await add("a", 3)).toBe("there");
  });

  test("asks once a turn", async () => {
    let asked = 0;
    const ask = shared(
      async (_question: string) => ++asked,
      (one, other) => one === other,
    );
    expect(await Promise.all([ask("a"), ask("a"), ask("b")])).toEqual([1, 1, 2]);
    await new Promise(setImmediate);
    expect(await ask("a")).toBe(3);
  });
});
