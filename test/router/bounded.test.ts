import { describe, expect, test } from "vitest";
import { bounded, createReachability } from "../../src/router/bounded.ts";
import { eventually } from "../support/eventually.ts";
import { virtualClock } from "./router-under-test.ts";

const never = () => new Promise<unknown>(() => undefined);

describe("bounded", () => {
  test("hands on an answer, and takes a refusal or silence for absence", async () => {
    const reachability = () => createReachability(20, virtualClock(), () => undefined);
    expect(await bounded(reachability(), async () => 7)).toEqual({ type: "answered", value: 7 });
    expect(await bounded(reachability(), () => Promise.reject(new Error("ECONNREFUSED")))).toEqual({ type: "away" });
    expect(await bounded(reachability(), never)).toEqual({ type: "away" });
  });

  test("nobody waits for a second once an answer was missed; what must arrive is sent; it is told once", async () => {
    const clock = virtualClock();
    const told: string[] = [];
    const reachability = createReachability(20, clock, (error) => told.push(error.message));
    await bounded(reachability, never);
    let asked = 0;
    const ask = async () => ++asked;
    for (let i = 0; i < 10; i++)
      expect(await bounded(reachability, ask, i % 2 ? "skip" : "try")).toEqual({ type: "away" });
    expect(asked).toBe(0);
    expect(await bounded(reachability, never, "send")).toEqual({ type: "away" });
    clock.advance(1_000);
    await bounded(reachability, never, "try");
    expect(told).toEqual(["Redis did not answer within 20 ms"]);
    clock.advance(1_000);
    expect(await bounded(reachability, ask, "try")).toEqual({ type: "answered", value: 1 });
    expect(await bounded(reachability, ask)).toEqual({ type: "answered", value: 2 });
    await bounded(reachability, never);
    expect(told).toHaveLength(2);
  });

  test("what ends a request never waits, however long ago the answer was missed: one request waits once", async () => {
    const clock = virtualClock();
    const reachability = createReachability(20, clock, () => undefined);
    await bounded(reachability, never, "try");
    clock.advance(60_000);
    let isOver = false;
    const ended = bounded(reachability, never, "send").then(() => (isOver = true));
    await Promise.resolve();
    await Promise.resolve();
    expect(isOver).toBe(true);
    await ended;
  });

  test("is back with the first answer that comes in time, even if nobody waited for it", async () => {
    const reachability = createReachability(20, virtualClock(), () => undefined);
    await bounded(reachability, never);
    const late = () => new Promise((resolve) => setTimeout(resolve, 60));
    await bounded(reachability, late, "send");
    await late();
    await late();
    expect(reachability.isAway()).toBe(true);
    await bounded(reachability, async () => 7, "send");
    await eventually(() => expect(reachability.isAway()).toBe(false));
    expect(await bounded(reachability, async () => 8)).toEqual({ type: "answered", value: 8 });
  });
});
