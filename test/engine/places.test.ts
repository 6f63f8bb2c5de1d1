import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enterPlaces, leavePlaces, type PlacesParts, placesGroup } from "../../src/engine/places.ts";
import { reconcile } from "../../src/engine/restore.ts";
import { type EngineUnderTest, engineUnderTest, type Hand } from "./engine-under-test.ts";

let engine: EngineUnderTest;
let hand: Hand;
beforeAll(async () => {
  engine = await engineUnderTest();
  hand = engine.hand();
});
afterAll(() => engine?.close());

let names = 0;
const oneStep = [{ id: "s" }];

/** Runs of one workflow, in the order of their submission. */
async function submitted(count: number, more: object): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await engine.submit(oneStep, { ...more }));
  return ids;
}

/** Those of these runs that have a job. */
async function begun(ids: readonly string[]): Promise<readonly string[]> {
  const jobs = await engine.jobs("io");
  return ids.filter((id) => jobs.some((job) => job.startsWith(id)));
}

async function finish(runId: string): Promise<void> {
  const settlement = await hand.settlement(await hand.begin(runId, "s"));
  await hand.folder.settle(settlement);
}

describe("a workflow with concurrency", () => {
  test("begins that many runs, and the others in the order of their submission as runs end", async () => {
    const ids = await submitted(5, { name: `limited${++names}`, concurrency: 2 });
    expect(await begun(ids)).toEqual(ids.slice(0, 2));
    await finish(ids[1] ?? "");
    expect(await begun(ids)).toEqual(ids.slice(0, 3));
    await finish(ids[0] ?? "");
    await finish(ids[2] ?? "");
    expect(await begun(ids)).toEqual(ids);
  });

  test("lets the runs with one key count together", async () => {
    const input = { type: "object", properties: { customer: { type: "string", default: "nobody" } } };
    const concurrency = { limit: 1, key: "{{ input.customer }}" };
    const name = `keyed${++names}`;
    const ids = await submitted(2, { name, input, concurrency });
    expect(await begun(ids)).toEqual(ids.slice(0, 1));
    const other = placesGroup(name, '"somebody"');
    expect(await enterPlaces(engine.restoring, other, "run_other", 1)).toBe(true);
    expect(await enterPlaces(engine.restoring, other, "run_third", 2)).toBe(false);
  });

  test("follows what its newest version says, for runs of all versions", async () => {
    const name = `grown${++names}`;
    const old = await submitted(3, { name, concurrency: 1 });
    expect(await begun(old)).toEqual(old.slice(0, 1));
    const [newer = ""] = await submitted(1, { name, concurrency: 3 });
    await reconcile(engine.restoring);
    expect(await begun([...old, newer])).toEqual(old);
  });

  test("counts its time from the submission, also of a run that waits", async () => {
    const ids = await submitted(2, { name: `timed${++names}`, concurrency: 1, timeout: "1h" });
    const timers = await engine.jobs("timer");
    for (const id of ids) expect(timers.filter((job) => job.startsWith(id))).toHaveLength(1);
    expect(await begun(ids)).toEqual(ids.slice(0, 1));
  });
});

describe("what a crash leaves of places", () => {
  test("a run that was written and has not asked for its place gets it by reconcile, in its order", async () => {
    const name = `lost${++names}`;
    const ids = await submitted(3, { name, concurrency: 1 });
    const { queue } = engine.keys.places(placesGroup(name, ""));
    await engine.server.redis.zrem(queue, ids[1] ?? "");
    await reconcile(engine.restoring);
    expect(await engine.server.redis.zrange(queue, "0", "-1")).toEqual(ids.slice(1));
    await finish(ids[0] ?? "");
    expect(await begun(ids)).toEqual(ids.slice(0, 2));
  });

  test("a run that has its place and no jobs gets them", async () => {
    const name = `given${++names}`;
    const ids = await submitted(2, { name, concurrency: 1 });
    await leavePlaces(engine.restoring, placesGroup(name, ""), [ids[0] ?? ""]);
    expect(await begun(ids)).toEqual(ids.slice(0, 1));
    await reconcile(engine.restoring);
    expect(await begun(ids)).toEqual(ids);
  });

  test("the place of a run that is gone is free again", async () => {
    const name = `gone${++names}`;
    const ids = await submitted(2, { name, concurrency: 1 });
    await engine.server.redis.del(engine.keys.run(ids[0] ?? "").run);
    await reconcile(engine.restoring);
    expect(await begun(ids)).toContain(ids[1]);
  });

  test("a run that ends twice frees its own place alone", async () => {
    const name = `twice${++names}`;
    const ids = await submitted(4, { name, concurrency: 1 });
    await finish(ids[0] ?? "");
    const group = placesGroup(name, "");
    expect(await leavePlaces(engine.restoring, group, [ids[0] ?? ""])).toEqual([]);
    await reconcile(engine.restoring);
    expect(await begun(ids)).toEqual(ids.slice(0, 2));
  });
});

describe("places", () => {
  type Act = { readonly type: "enter" | "leave" | "again"; readonly run: number };
  const act: fc.Arbitrary<Act> = fc.record({
    type: fc.constantFrom("enter", "enter", "leave", "again"),
    run: fc.nat(9),
  });

  test("are never taken by more than there are, and go by the order of submission", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(act, { maxLength: 40 }), async (limit, acts) => {
        const parts: PlacesParts = { ...engine.restoring, definitions: { runLimit: async () => limit } };
        const group = placesGroup("model", String(++round));
        const { taken, queue } = engine.keys.places(group);
        const { redis } = engine.server;
        const ended = new Set<number>();
        for (const { type, run } of acts) {
          if (type === "leave") ended.add(run);
          if (type === "leave") await leavePlaces(parts, group, [`run${run}`]);
          else if (!ended.has(run)) await enterPlaces(parts, group, `run${run}`, run);
          const [has, waits] = await Promise.all([redis.zrange(taken, "0", "-1"), redis.zrange(queue, "0", "-1")]);
          expect(has.length).toBeLessThanOrEqual(limit);
          // Nobody waits while there is a place.
          if (waits.length > 0) expect(has.length).toBe(limit);
          expect(has.filter((id) => waits.includes(id))).toEqual([]);
          expect([...has, ...waits].filter((id) => ended.has(Number(id.slice(3))))).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
