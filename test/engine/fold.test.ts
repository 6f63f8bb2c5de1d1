import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/core/run.ts";
import type { Execution } from "../../src/engine/run-store.ts";
import { eventually } from "../support/eventually.ts";
import { type EngineUnderTest, engineUnderTest, type Hand, succeeded } from "./engine-under-test.ts";

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await engineUnderTest();
});
afterAll(() => engine?.close());

const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

/** Steps side by side, and one that needs them all. */
function fan(count: number) {
  const side = names(count).map((id) => ({ id, needs: [] }));
  return [...side, { id: "join", needs: names(count) }];
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

function count(events: readonly RunEvent[], type: RunEvent["type"], step: string): number {
  return events.filter((event) => event.type === type && "step" in event && event.step === step).length;
}

async function expectGapless(runId: string): Promise<readonly RunEvent[]> {
  const events = await engine.events(runId);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  return events;
}

function revision(runId: string): Promise<string | null> {
  return engine.server.redis.hget(engine.keys.run(runId).run, "rev");
}

/** The two ways in which a worker brings an outcome. */
const ways: Record<string, (hand: Hand, execution: Execution) => Promise<unknown>> = {
  "to the inbox": (hand, execution) => hand.folder.deliver(execution, succeeded(execution)),
  "by settling": async (hand, execution) => hand.folder.settle(await hand.settlement(execution)),
};

describe("eight workers that bring the outcomes of 100 steps at once, in any order", () => {
  test.each(Object.keys(ways))(
    "%s: each is committed once, the history has no gap, the join is dispatched once",
    async (way) => {
      const runId = await engine.submit(fan(100));
      const hands = Array.from({ length: 8 }, () => engine.hand());
      const [first] = hands;
      const executions = shuffled(await Promise.all(names(100).map((step) => first?.begin(runId, step))));
      await Promise.all(
        hands.map(async (hand) => {
          for (let next = executions.pop(); next; next = executions.pop()) await ways[way]?.(hand, next);
        }),
      );
      const events = await expectGapless(runId);
      for (const step of names(100)) expect(count(events, "step.succeeded", step)).toBe(1);
      expect(await engine.server.redis.hgetall(engine.keys.run(runId).outputs)).toEqual(
        Object.fromEntries(names(100).map((step) => [step, `"output of ${step}"`])),
      );
      expect(count(events, "step.queued", "join")).toBe(1);
      const joins = (await engine.jobs("io")).filter((id) => id.startsWith(`${runId}-join-`));
      expect(joins).toEqual([`${runId}-join-101`]);
      expect((await engine.state(runId)).active).toMatchObject({ join: { epoch: 101 } });
      expect(Number(await revision(runId))).toBeLessThanOrEqual(101);
      expect(await engine.server.redis.exists(engine.keys.run(runId).inbox, engine.keys.run(runId).lease)).toBe(0);
    },
  );
});

describe("a holder that takes the lease and never comes back", () => {
  test("keeps a repeated delivery waiting until its lease has passed; then that one folds everything", async () => {
    const runId = await engine.submit(fan(2));
    const hand = engine.hand();
    const [a, b] = [await hand.begin(runId, "s0"), await hand.begin(runId, "s1")];
    expect((await hand.store.deliver("dead", a, succeeded(a), 0)).type).toBe("held");
    expect(await hand.folder.deliver(b, succeeded(b))).toEqual({ type: "done" });
    const busy = await hand.folder.deliver(a, succeeded(a));
    expect(busy).toMatchObject({ type: "busy", leaseMs: expect.any(Number) });
    expect(Object.keys((await engine.state(runId)).active)).toEqual(["s0", "s1"]);
    await eventually(async () => expect(await hand.folder.deliver(a, succeeded(a))).toEqual({ type: "done" }));
    expect(Object.keys((await engine.state(runId)).active)).toEqual(["join"]);
    const events = await expectGapless(runId);
    expect([count(events, "step.succeeded", "s0"), count(events, "step.succeeded", "s1")]).toEqual([1, 1]);
  });

  test("does not keep one whose dispatch is over: that one adds missing jobs and is done", async () => {
    const runId = await engine.submit(fan(2));
    const hand = engine.hand();
    const a = await hand.begin(runId, "s0");
    await hand.folder.deliver(a, succeeded(a));
    await hand.store.deliver("dead", { ...a, actor: "" }, null, 0);
    expect(await hand.folder.deliver(a, succeeded(a))).toEqual({ type: "done" });
  });
});

describe("a holder whose lease passes to another before it commits", () => {
  test("commits nothing; what it was to fold stays in the inbox for the other", async () => {
    const runId = await engine.submit(fan(2));
    const { lease, inbox } = engine.keys.run(runId);
    // On the worker's own connection: Redis gets it before the commit.
    const slow: Hand = engine.hand((point) => {
      if (point === "after-deliver") void slow.redis.set(lease, "another");
    });
    const a = await slow.begin(runId, "s0");
    const before = await revision(runId);
    expect(await slow.folder.deliver(a, succeeded(a))).toEqual({ type: "done" });
    expect([await revision(runId), await engine.server.redis.llen(inbox)]).toEqual([before, 1]);
    await engine.server.redis.del(lease);
    const hand = engine.hand();
    expect(await hand.folder.again({ ...a, actor: "" })).toEqual({ type: "done" });
    expect(Object.keys((await engine.state(runId)).active)).toEqual(["s1"]);
    expect(count(await expectGapless(runId), "step.succeeded", "s0")).toBe(1);
  });
});

describe("a job that follows from a commit", () => {
  const chain = [{ id: "a" }, { id: "b", retry: { attempts: 4 } }, { id: "c" }];

  test("is there with it, and says how its attempt is begun", async () => {
    const runId = await engine.submit(chain);
    const hand = engine.hand();
    await ways["by settling"]?.(hand, await hand.begin(runId, "a"));
    expect(await engine.jobData("io", `${runId}-b-2`)).toMatchObject({ actor: "b", epoch: 2, begin: { attempts: 4 } });
  });

  test("is not there where the commit was refused: what the run really needs is", async () => {
    const runId = await engine.submit(fan(2));
    const hand = engine.hand();
    const [a, b] = [await hand.begin(runId, "s0"), await hand.begin(runId, "s1")];
    // Another's outcome lies in the inbox: nothing may be committed past it.
    await hand.store.deliver("dead", b, succeeded(b), 0);
    await engine.server.redis.del(engine.keys.run(runId).lease);
    await ways["by settling"]?.(hand, a);
    expect((await engine.jobs("io")).filter((id) => id.startsWith(`${runId}-join-`))).toEqual([`${runId}-join-3`]);
    expect(Object.keys((await engine.state(runId)).active)).toEqual(["join"]);
  });

  test("is there once where its outcome is brought twice", async () => {
    const runId = await engine.submit(chain);
    const hand = engine.hand();
    const a = await hand.begin(runId, "a");
    const begun = await hand.settlement(a);
    await hand.folder.settle(begun);
    const before = await expectGapless(runId);
    expect(await hand.folder.settle(begun)).toEqual({ type: "done" });
    expect(await expectGapless(runId)).toEqual(before);
    expect((await engine.jobs("io")).filter((id) => id.startsWith(`${runId}-b-`))).toEqual([`${runId}-b-2`]);
  });

  test("is not lost where Redis forgot the script", async () => {
    const runId = await engine.submit(chain);
    const hand = engine.hand();
    const a = await hand.begin(runId, "a");
    await engine.server.redis.script("FLUSH");
    await ways["by settling"]?.(hand, a);
    expect(Object.keys((await engine.state(runId)).active)).toEqual(["b"]);
    expect(await engine.jobs("io")).toContain(`${runId}-b-2`);
  });

  test("is there too where other steps of the run go on beside it", async () => {
    const runId = await engine.submit([{ id: "a" }, { id: "b", needs: ["a"] }, { id: "side", needs: [] }]);
    const hand = engine.hand();
    await ways["by settling"]?.(hand, await hand.begin(runId, "a"));
    expect(await engine.jobData("io", `${runId}-b-3`)).toMatchObject({ actor: "b", epoch: 3 });
  });
});

describe("a worker that remembers the state it committed", () => {
  /** Content of every key of a run. */
  async function copy(runId: string): Promise<readonly (readonly [string, Buffer])[]> {
    const { redis } = engine.server;
    const keys = await redis.keys(`*${runId}*`);
    const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
    return keys.flatMap((key, index) => (dumps[index] ? [[key, dumps[index]] as const] : []));
  }

  test("does not read it, and forgets it when Redis has lost that commit and made another of the same number", async () => {
    const runId = await engine.submit(fan(3));
    const [mine, other] = [engine.hand(), engine.hand()];
    const [a, b, c] = [await mine.begin(runId, "s0"), await other.begin(runId, "s1"), await other.begin(runId, "s2")];
    const before = await copy(runId);
    const settle = ways["by settling"];
    await settle?.(mine, a);
    const recent = mine.folder.recent.get(runId);
    expect(await mine.store.begin(c, 3, "mine", [], recent)).toMatchObject({ rev: 2, state: recent?.state });
    await engine.server.redis.del(...(await engine.server.redis.keys(`*${runId}*`)));
    for (const [key, content] of before) await engine.server.redis.restore(key, "0", content);
    await settle?.(other, b);
    const begun = await mine.store.begin(c, 3, "mine", [], recent);
    expect(begun).toMatchObject({ rev: 2, state: await engine.state(runId) });
    expect(Object.keys((await engine.state(runId)).active)).toEqual(["s0", "s2"]);
  });
});

describe("a job that comes again after its run has ended", () => {
  test("changes nothing: the history keeps its one terminal event", async () => {
    const runId = await engine.submit([{ id: "only" }]);
    const hand = engine.hand();
    const only = await hand.begin(runId, "only");
    await hand.folder.deliver(only, succeeded(only));
    const before = await engine.events(runId);
    expect(before.at(-1)?.type).toBe("run.succeeded");
    const { run: key, lease, inbox } = engine.keys.run(runId);
    const stored = await engine.server.redis.hgetall(key);
    expect(await hand.folder.again({ ...only, actor: "" })).toEqual({ type: "done" });
    expect(await hand.folder.deliver(only, succeeded(only))).toEqual({ type: "done" });
    expect(await engine.events(runId)).toEqual(before);
    expect(await engine.server.redis.hgetall(key)).toEqual(stored);
    expect(await engine.server.redis.exists(lease, inbox)).toBe(0);
  });
});
