import { describe, expect, test } from "vitest";
import { bounded, createReachability } from "../../src/router/bounded.ts";
import { virtualClock } from "./router-under-test.ts";

const never = () => new Promise<unknown>(() => undefined);

describe("bounded", () => {
  test("hands on an answer, and takes a refusal or silence for absence", async () => {
    const reachability = () => createReachability(20, virtualClock(), () => undefined);
    expect(await bounded(reachability(), async () => 7)).toEqual({ type: "answered", value: 7 });
    expect(await bounded(reachability(), () => Promise.reject(new Error("ECONNREFUSED")))).toEqual({ type: "away" });
    expect(await bounded(reachability(), never)).toEqual({ type: "away" });
  });

  test("asks nobody for a second once an answer was missed, sends what must arrive, and tells of it once", async () => {
    const clock = virtualClock();
    const told: string[] = [];
    const reachability = createReachability(20, clock, (error) => told.push(error.message));
    await bounded(reachability, never);
    let asked = 0;
    const ask = async () => ++asked;
    for (let i = 0; i < 10; i++) expect(await bounded(reachability, ask)).toEqual({ type: "away" });
    expect(asked).toBe(0);
    expect(await bounded(reachability, ask, "always")).toEqual({ type: "away" });
    expect(asked).toBe(1);
    clock.advance(1_000);
    await bounded(reachability, never);
    expect(told).toEqual(["Redis did not answer within 20 ms"]);
    clock.advance(1_000);
    expect(await bounded(reachability, ask)).toEqual({ type: "answered", value: 2 });
    await bounded(reachability, never);
    expect(told).toHaveLength(2);
  });
});
