import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { tokenSource } from "../../src/core/ids.ts";
import { listEnded } from "../../src/engine/run-lists.ts";
import { type CommitContent, type Execution, RunStore } from "../../src/engine/run-store.ts";
import type { Delivery, Transition } from "../../src/engine/state.ts";
import { FenceLost } from "../../src/engine/waiting-store.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

let server: TestRedis;
let store: RunStore;
let runId: string;
let next = 0;
const token = tokenSource();
const keys = keysOf("test");

beforeAll(async () => {
  server = await testRedis();
  store = new RunStore(server.redis, keys);
});
afterAll(() => server.close());
beforeEach(() => {
  runId = `run_${++next}`;
});

const created = { type: "run.created", workflow: "w", version: 1 } as const;

function execution(actor: string, epoch: number, by = token()): Execution {
  return { runId, actor, epoch, token: by };
}

function delivery(actor: string, epoch: number): Delivery {
  const event = { type: "step.succeeded", step: actor, attempt: 1, served: null, calls: [] } as const;
  return { actor, epoch, type: "done", output: `${actor} done`, event };
}

/** A transition that opens and closes actors; what the machine says does not matter to the store. */
function content(
  opened: readonly (readonly [string, number])[],
  closed: readonly string[] = [],
  end = false,
): CommitContent {
  const transition: Transition = {
    state: { snapshot: null, active: {}, epoch: 0 },
    outputs: Object.fromEntries(closed.map((actor) => [actor, `${actor} done`])),
    events: [],
    opened: opened.map(([actor, epoch]) => ({ actor, epoch, kind: "llm", dueAt: 0 })),
    closed,
    abandoned: [],
    ending: end ? { status: "succeeded" } : null,
  };
  const events = end
    ? [{ type: "run.succeeded" } as const]
    : closed.map((step) => ({ type: "step.skipped", step }) as const);
  return {
    id: token(),
    transition,
    status: end ? "succeeded" : "running",
    events,
    output: end ? "all done" : undefined,
  };
}

/** Writes the run, its first transition opening these actors. */
function open(...actors: readonly (readonly [string, number])[]): Promise<boolean> {
  const fields = { id: runId, workflow: "w", version: "1", input: '{"a":1}', hints: "{}" };
  return store.create(runId, fields, created, { ...content(actors), status: "queued" });
}

function revision(): Promise<string | null> {
  return server.redis.hget(keys.run(runId).run, "rev");
}

async function eventNumbers(): Promise<readonly string[]> {
  return (await server.redis.xrange(keys.run(runId).events, "-", "+")).map(([id]) => id);
}

describe("create", () => {
  test("writes a run once: the second time it is left as it is", async () => {
    expect(await open(["s", 1])).toBe(true);
    expect(await open(["t", 1])).toBe(false);
    expect(await server.redis.hgetall(keys.run(runId).fences)).toEqual({ s: "1|0||0|0|0|||" });
    expect(await revision()).toBe("1");
    expect(await eventNumbers()).toEqual(["1-0"]);
  });
});

describe("begin", () => {
  test("counts attempts by execution, not by sending: sent twice it begins one", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    expect(await store.begin(first, 3, "w1", [])).toMatchObject({ type: "begun", attempt: 1, input: { a: 1 } });
    expect(await store.begin(first, 3, "w1", [])).toMatchObject({ type: "begun", attempt: 1 });
    expect(await store.begin(execution("s", 1), 3, "w2", [])).toMatchObject({ type: "begun", attempt: 2 });
  });

  test("refuses another epoch and an actor that is not open", async () => {
    await open(["s", 2]);
    expect(await store.begin(execution("s", 1), 3, "w", [])).toEqual({ type: "stale" });
    expect(await store.begin(execution("t", 2), 3, "w", [])).toEqual({ type: "stale" });
  });

  test("says when the attempts are spent, and lets that be delivered", async () => {
    await open(["s", 1]);
    await store.begin(execution("s", 1), 1, "w", []);
    const last = execution("s", 1);
    const spent = { ...last, token: `${last.token}~` };
    expect(await store.begin(last, 1, "w", [])).toEqual({ type: "exhausted", attempts: 1, execution: spent });
    // Sent twice it is exhausted both times: the step is not executed beyond its budget.
    expect(await store.begin(last, 1, "w", [])).toEqual({ type: "exhausted", attempts: 1, execution: spent });
    expect(await store.deliver(token(), spent, delivery("s", 1), 0)).toMatchObject({ type: "held" });
  });

  test("hands over the outputs that the step reads, null for a step that has none", async () => {
    await open(["a", 1], ["s", 2]);
    const holder = token();
    await store.deliver(holder, execution("", 0), null, 0);
    await store.commit(runId, holder, 0, content([], ["a"]));
    expect(await store.begin(execution("s", 2), 1, "w", ["a", "b"])).toMatchObject({ outputs: ["a done", null] });
  });
});

describe("a step that has kept a memo and wants nothing else", () => {
  const park = { until: null, memo: { so: "far" }, signal: null };

  test("is given that alone; before there is one it is given all", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    const begun = await store.begin(first, 3, "w", ["a"], undefined, true);
    expect(begun).toMatchObject({ isBare: false, input: { a: 1 }, memo: null, outputs: [null] });
    await store.suspend(first, { refund: true, costUsd: null, event: null, avoid: [], park });
    await store.commands.wake(runId, "s", 1, ["run_child"]);
    const second = { ...execution("s", 1), times: 1 };
    expect(await store.begin(second, 3, "w", ["a"], undefined, true)).toMatchObject({
      isBare: true,
      hints: {},
      memo: { so: "far" },
      outputs: [],
    });
  });

  test("finds what was put aside, which goes with the run", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    await store.begin(first, 3, "w", []);
    const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, i) => [`item ${i}`, { i }]));
    await store.waiting.stow(first, many);
    expect(await store.waiting.stowed(first, ["item 1199", "item 0", "other"])).toEqual([{ i: 1199 }, { i: 0 }, null]);
    await expect(store.waiting.stow(execution("s", 1), { late: 1 })).rejects.toThrow(FenceLost);
    const holder = token();
    await store.deliver(holder, first, delivery("s", 1), null);
    await store.commit(runId, holder, 1, { ...content([], ["s"]), status: "succeeded", output: null });
    expect(await server.redis.exists(keys.run(runId).memos)).toBe(0);
  });
});

describe("adopt", () => {
  test("lists a child while its step is wanted, and marks it where its end wakes the step", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    await store.begin(first, 3, "w", []);
    expect(await store.waiting.adopt(first, ["run_child"])).toEqual({ paused: false });
    expect(await store.waiting.adopt(execution("s", 1), ["run_other"])).toBeUndefined();
    await store.commands.wake(runId, "s", 1, ["run_child"]);
    // A crash, and the step asks for the same child again.
    expect(await store.waiting.adopt(first, ["run_child"])).toEqual({ paused: false });
    expect(await server.redis.hgetall(keys.run(runId).children)).toEqual({ run_child: "s|1|ended" });
    await store.deliver(token(), first, delivery("s", 1), null);
    expect(await store.waiting.adopt({ ...first, token: "" }, ["run_late"])).toBeUndefined();
  });
});

describe("wake", () => {
  test("for several children at once marks each, and asks for the step's job once", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    await store.begin(first, 3, "w", []);
    await store.waiting.adopt(first, ["run_a", "run_b", "run_c"]);
    const park = { until: null, memo: null, signal: null };
    await store.suspend(first, { refund: true, costUsd: null, event: null, avoid: [], park });
    expect(await store.commands.wake(runId, "s", 1, ["run_a", "run_b"])).toEqual({ actor: "s", epoch: 1, times: 1 });
    expect(await store.commands.wake(runId, "s", 1, ["run_c"])).toBeUndefined();
    // One of them is told again: whoever told it first may have died before the job was there.
    expect(await store.commands.wake(runId, "s", 1, ["run_c", "run_a"])).toEqual({ actor: "s", epoch: 1, times: 1 });
    const ended = { run_a: "s|1|ended", run_b: "s|1|ended", run_c: "s|1|ended" };
    expect(await server.redis.hgetall(keys.run(runId).children)).toEqual(ended);
  });
});

describe("suspend", () => {
  test("gives a refunded attempt back, once, however often it is sent", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    await store.begin(first, 3, "w", []);
    expect(await store.suspend(first, { refund: true, costUsd: 0.5, event: null, avoid: [] })).toMatchObject({
      type: "done",
    });
    expect(await store.suspend(first, { refund: true, costUsd: 0.5, event: null, avoid: [] })).toMatchObject({
      type: "done",
    });
    expect(await server.redis.hget(keys.run(runId).run, "costUsd")).toBe("0.5");
    expect(await store.begin(execution("s", 1), 3, "w", [])).toMatchObject({ attempt: 1 });
  });

  test("tells the next attempt what happened to this one: how many have ended, and whom to avoid", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    expect(await store.begin(first, 3, "w", [])).toMatchObject({ ended: 0, avoid: [] });
    await store.suspend(first, { refund: false, costUsd: null, event: null, avoid: ["openai", "ollama"] });
    expect(await store.begin(execution("s", 1), 3, "w", [])).toMatchObject({ ended: 1, avoid: ["openai", "ollama"] });
  });

  const park = { until: null, memo: { so: "far" }, signal: null };
  const parked = { refund: true, costUsd: null, event: null, avoid: [], park };

  test("of a step that is parked counts its attempts anew: it may lose its worker more than thrice while it goes on a thousand times", async () => {
    await open(["s", 1]);
    await store.begin(execution("s", 1), 3, "w", []);
    const second = execution("s", 1);
    expect(await store.begin(second, 3, "w", [])).toMatchObject({ attempt: 2 });
    expect(await store.suspend(second, parked)).toEqual({ type: "done", times: 1 });
    await store.commands.wake(runId, "s", 1, ["run_child"]);
    const third = { ...execution("s", 1), times: 1 };
    expect(await store.begin(third, 3, "w", [])).toMatchObject({ attempt: 1, memo: { so: "far" } });
  });

  test("of a step that was woken meanwhile lets it go on in the same job, and it has not started again", async () => {
    await open(["s", 1]);
    const first = execution("s", 1);
    await store.begin(first, 3, "w", []);
    expect(await store.commands.wake(runId, "s", 1, ["run_child"])).toBeUndefined();
    // Sent twice, and woken once more in between: the job goes on either way.
    expect(await store.suspend(first, parked)).toEqual({ type: "woken" });
    expect(await store.commands.wake(runId, "s", 1, ["run_child"])).toBeUndefined();
    expect(await store.suspend(first, parked)).toEqual({ type: "woken" });
    const before = await eventNumbers();
    expect(await store.begin(execution("s", 1), 3, "w", [])).toMatchObject({ type: "begun", memo: { so: "far" } });
    expect(await eventNumbers()).toEqual(before);
  });

  test("is refused from an execution that another one has followed", async () => {
    await open(["s", 1]);
    const late = execution("s", 1);
    await store.begin(late, 3, "w", []);
    await store.begin(execution("s", 1), 3, "w", []);
    expect(await store.suspend(late, { refund: false, costUsd: 0, event: null, avoid: [] })).toEqual({ type: "stale" });
  });
});

describe("deliver", () => {
  test("is refused from an execution that another one has followed", async () => {
    await open(["s", 1]);
    const late = execution("s", 1);
    await store.begin(late, 3, "w", []);
    await store.begin(execution("s", 1), 3, "w", []);
    expect(await store.deliver(token(), late, delivery("s", 1), 0)).toEqual({ type: "stale" });
  });

  test("leaves the outcome with whoever holds the run, who gets it at the commit", async () => {
    await open(["a", 1], ["b", 2]);
    const [a, b] = [execution("a", 1), execution("b", 2)];
    await store.begin(a, 1, "w", []);
    await store.begin(b, 1, "w", []);
    const holder = token();
    expect(await store.deliver(holder, a, delivery("a", 1), 0)).toMatchObject({
      type: "held",
      inbox: [{ actor: "a" }],
    });
    expect(await store.deliver(token(), b, delivery("b", 2), 0)).toEqual({ type: "left" });
    expect(await store.commit(runId, holder, 1, content([], ["a"]))).toMatchObject({
      type: "more",
      inbox: [{ actor: "b" }],
    });
    expect(await store.commit(runId, holder, 1, content([], ["b"]))).toEqual({ type: "done" });
  });

  test("tells a repeated delivery to wait for the holder's lease, and never puts it in twice", async () => {
    await open(["a", 1]);
    const a = execution("a", 1);
    await store.begin(a, 1, "w", []);
    const holder = token();
    await store.deliver(holder, a, delivery("a", 1), 0.25);
    const again = await store.deliver(token(), a, delivery("a", 1), 0.25);
    expect(again).toMatchObject({ type: "busy", leaseMs: expect.any(Number) });
    expect(await store.deliver(holder, a, delivery("a", 1), 0.25)).toMatchObject({
      type: "held",
      inbox: [{ actor: "a" }],
    });
    expect(await server.redis.hget(keys.run(runId).run, "costUsd")).toBe("0.25");
  });
});

describe("commit", () => {
  test("refuses a worker whose lease has passed to another", async () => {
    await open();
    const [late, holder] = [token(), token()];
    await store.deliver(late, execution("", 0), null, 0);
    await server.redis.del(keys.run(runId).lease);
    await store.deliver(holder, execution("", 0), null, 0);
    expect(await store.commit(runId, late, 0, content([["s", 1]]))).toEqual({ type: "lost" });
    expect(await revision()).toBe("1");
    expect(await store.commit(runId, holder, 0, content([["s", 1]]))).toEqual({ type: "done" });
  });

  test("sent twice commits once and answers the same", async () => {
    await open();
    const holder = token();
    await store.deliver(holder, execution("", 0), null, 0);
    const first = content([["s", 1]], ["a"]);
    expect(await store.commit(runId, holder, 0, first)).toEqual({ type: "done" });
    expect(await store.commit(runId, holder, 0, first)).toEqual({ type: "done" });
    expect(await revision()).toBe("2");
    expect(await eventNumbers()).toEqual(["1-0", "2-0"]);
  });

  test("at the end of a run refuses everything that comes later", async () => {
    await open(["s", 1], ["t", 2]);
    const [s, t] = [execution("s", 1), execution("t", 2)];
    const begun = await store.begin(s, 1, "w", []);
    await store.begin(t, 1, "w", []);
    const rev = begun.type === "begun" ? begun.rev : -1;
    expect(await store.settle(s, 0, rev, content([], ["s", "t"], true))).toEqual({ type: "done" });
    const before = await eventNumbers();
    expect(await store.deliver(token(), t, delivery("t", 2), 0)).toEqual({ type: "stale" });
    expect(await store.note(t, { type: "step.skipped", step: "t" })).toBe(false);
    expect(
      await store.suspend(t, { refund: false, costUsd: 0, event: { type: "step.skipped", step: "t" }, avoid: [] }),
    ).toEqual({ type: "stale" });
    expect(await eventNumbers()).toEqual(before);
  });
});

describe("settle", () => {
  test("commits at once when nothing happened since the attempt began", async () => {
    await open(["s", 1]);
    const s = execution("s", 1);
    await store.begin(s, 1, "w", []);
    expect(await store.settle(s, 0, 1, content([["t", 2]], ["s"]))).toEqual({ type: "done" });
    expect(await server.redis.hgetall(keys.run(runId).fences)).toEqual({ t: "2|0||0|0|0|||" });
    expect(await server.redis.hgetall(keys.run(runId).outputs)).toEqual({ s: '"s done"' });
  });

  test("does nothing when the run has moved on", async () => {
    await open(["s", 1], ["t", 2]);
    const s = execution("s", 1);
    await store.begin(s, 1, "w", []);
    await store.deliver("h", execution("", 0), null, 0);
    await store.commit(runId, "h", 0, content([], ["t"]));
    expect(await store.settle(s, 0, 1, content([], ["s"]))).toEqual({ type: "moved" });
    expect(await revision()).toBe("2");
    expect(await store.deliver(token(), s, delivery("s", 1), 0)).toMatchObject({
      type: "held",
      inbox: [{ actor: "s" }],
    });
  });

  test("sent twice settles once", async () => {
    await open(["s", 1]);
    const s = execution("s", 1);
    await store.begin(s, 1, "w", []);
    const outcome = content([["t", 2]], ["s"]);
    expect(await store.settle(s, 1, 1, outcome)).toEqual({ type: "done" });
    expect(await store.settle(s, 1, 1, outcome)).toEqual({ type: "done" });
    expect(await revision()).toBe("2");
    expect(await server.redis.hget(keys.run(runId).run, "costUsd")).toBe("1");
  });

  describe("the end of a run", () => {
    async function settledTwice(closes = true, between = async () => {}): Promise<readonly unknown[]> {
      const { redis } = server;
      await redis.zadd(keys.runs, 7, runId);
      await redis.zadd(keys.openRuns, 7, runId);
      const s = execution("s", 1);
      await store.begin(s, 1, "w", []);
      const end = content([], ["s"], true);
      const once = await store.settle(s, 0, 1, end, { closes });
      await between();
      return [once, await store.settle(s, 0, 1, end, { closes })];
    }

    async function listed(): Promise<Readonly<Record<string, string | null>>> {
      const { redis } = server;
      const [open, status, ended] = [keys.openRuns, keys.runsBy("status", "succeeded"), keys.endedRuns];
      return {
        open: await redis.zscore(open, runId),
        succeeded: await redis.zscore(status, runId),
        ended: await redis.zscore(ended, runId),
      };
    }

    test("that concerns nobody else closes it: it stands where it stood, among those that ended so", async () => {
      await open(["s", 1]);
      expect(await settledTwice()).toEqual([{ type: "done" }, { type: "done" }]);
      const finishedAt = await server.redis.hget(keys.run(runId).run, "finishedAt");
      expect(await listed()).toEqual({ open: null, succeeded: "7", ended: finishedAt });
    });

    test.each(["parent", "hasChildren", "place"])(
      "of which others are to be told leaves it open: %s",
      async (field) => {
        await open(["s", 1]);
        await server.redis.hset(keys.run(runId).run, field, "1");
        expect(await settledTwice()).toEqual([{ type: "ended" }, { type: "ended" }]);
        expect(await listed()).toEqual({ open: "7", succeeded: null, ended: null });
        await listEnded({ redis: server.redis, keys }, [
          { id: runId, status: "succeeded", finishedAt: "9", createdAt: "7", isChild: field === "parent" },
        ]);
        expect(await listed()).toEqual({ open: null, succeeded: "7", ended: field === "parent" ? null : "9" });
      },
    );

    test("is answered as before when it is sent again, whatever others have done to the lists since", async () => {
      const { redis } = server;
      await open(["s", 1]);
      expect(await settledTwice(true, async () => void (await redis.zadd(keys.openRuns, 7, runId)))).toEqual([
        { type: "done" },
        { type: "done" },
      ]);
      runId = `run_${++next}`;
      await open(["s", 1]);
      await redis.hset(keys.run(runId).run, "parent", "{}");
      expect(await settledTwice(true, async () => void (await redis.zrem(keys.openRuns, runId)))).toEqual([
        { type: "ended" },
        { type: "ended" },
      ]);
    });

    test("is told to the lists once: a run that was removed since is on none", async () => {
      const { redis } = server;
      const ended = { id: runId, status: "succeeded", finishedAt: "9", createdAt: "7", isChild: false };
      await redis.zadd(keys.openRuns, 7, runId);
      await listEnded({ redis, keys }, [ended]);
      expect(await listed()).toEqual({ open: null, succeeded: "7", ended: "9" });
      await redis.zrem(keys.runsBy("status", "succeeded"), runId);
      await redis.zrem(keys.endedRuns, runId);
      await listEnded({ redis, keys }, [ended]);
      expect(await listed()).toEqual({ open: null, succeeded: null, ended: null });
    });

    test("that leaves jobs behind leaves it open", async () => {
      await open(["s", 1]);
      expect(await settledTwice(false)).toEqual([{ type: "done" }, { type: "done" }]);
      expect(await listed()).toEqual({ open: "7", succeeded: null, ended: null });
    });
  });
});
