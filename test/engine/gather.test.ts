import { expect, test } from "vitest";
import { gathered } from "../../src/engine/gather.ts";

test("what is asked for in one turn under one name is done together, in that order; later ones are done anew", async () => {
  const done: string[] = [];
  const ask = gathered<number>(async (name, all) => void done.push(`${name} ${all.join()}`));
  await Promise.all([ask("a", 1), ask("b", 2), ask("a", 3)]);
  await ask("a", 4);
  expect(done).toEqual(["a 1,3", "b 2", "a 4"]);
});

test("everybody who asked gets the error, and the next one asks anew", async () => {
  let isBroken = true;
  const ask = gathered<number>(async () => {
    if (isBroken) throw new Error("away");
  });
  const results = await Promise.allSettled([ask("a", 1), ask("a", 2)]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  isBroken = false;
  await ask("a", 3);
});
