import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type QueueName, queueNames } from "../../src/engine/dispatch.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";
import { expectNothingLeft } from "../support/soundness.ts";

let fleet: Fleet;
let workers: Program[] = [];
const failed: string[] = [];
beforeAll(async () => {
  fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
});
afterAll(() => fleet?.close());
afterEach(async () => {
  try {
    await eventually(() => expectNothingLeft(fleet, failed));
  } finally {
    await killWorkers();
  }
});

async function worker(crashAt?: string): Promise<Program> {
  const program = await fleet.worker(crashAt === undefined ? {} : { SWITCHYARD_CRASH_AT: crashAt });
  workers.push(program);
  return program;
}

async function killWorkers(): Promise<void> {
  for (const program of workers) program.kill("SIGKILL");
  await Promise.all(workers.map((program) => program.ended));
  workers = [];
}

async function waiting(runId: string, step = 0): Promise<void> {
  await eventually(async () => expect((await fleet.client.get(runId)).steps[step]?.status).toBe("waiting"));
}

const forSignal = `name: for-signal
steps:
  - id: s
    wait: { signal: go, timeout: 1h }
  - id: t
    wait: { signal: go, timeout: 1h }
output: ["{{ steps.s.output }}", "{{ steps.t.output }}"]
`;

describe("a worker that dies when a step is about to wait", () => {
  test.each(["after-begin", "after-take", "after-reply", "after-park"])(
    "%s: the step waits, and goes on with its signal",
    async (point) => {
      const dying = await worker(`${point}:s`);
      const { id } = await fleet.client.submit({ definition: forSignal });
      expect(await dying.ended).toBe("SIGKILL");
      await fleet.client.signal(id, "go", { payload: "first" });
      await worker();
      await waiting(id, 1);
      await fleet.client.signal(id, "go", { payload: "second" });
      expect((await fleet.ended(id)).output).toEqual(["first", "second"]);
    },
  );

  test("for a time, and has not yet added the job in which it goes on: it goes on at its time", async () => {
    const dying = await worker("after-park:s");
    const { id } = await fleet.client.submit({ definition: "name: nap\nsteps:\n  - id: s\n    wait: { for: 3s }\n" });
    expect(await dying.ended).toBe("SIGKILL");
    await worker();
    const { steps, status } = await fleet.ended(id);
    expect(status).toBe("succeeded");
    expect((steps[0]?.finishedAt ?? 0) - (steps[0]?.startedAt ?? 0)).toBeGreaterThanOrEqual(3_000);
  });
});

describe("a worker that dies when a step that waited goes on", () => {
  test.each(["after-begin", "after-take", "after-reply", "after-deliver", "after-commit", "after-dispatch"])(
    "%s: its signal is taken once, and the next step's is left to that one",
    async (point) => {
      const parking = await worker();
      const { id } = await fleet.client.submit({ definition: forSignal });
      await waiting(id);
      parking.kill("SIGKILL");
      await parking.ended;
      const dying = await worker(`${point}:s`);
      await fleet.client.signal(id, "go", { payload: "first" });
      expect(await dying.ended).toBe("SIGKILL");
      await worker();
      await waiting(id, 1);
      await fleet.client.signal(id, "go", { payload: "second" });
      const run = await fleet.ended(id);
      expect([run.status, run.output]).toEqual(["succeeded", ["first", "second"]]);
    },
  );

  test("three times in a row: it has its attempts, not one more", async () => {
    await worker();
    const { id } = await fleet.client.submit({ definition: forSignal });
    await waiting(id);
    await killWorkers();
    await fleet.client.signal(id, "go", { payload: "first" });
    // It may die before it can say that it is ready.
    for (let death = 1; death <= 3; death++) {
      await worker("after-begin:s").then(
        ({ ended }) => ended,
        ({ message }) => expect(message).toContain("SIGKILL"),
      );
    }
    await worker("after-begin:s");
    failed.push(id);
    expect(await fleet.ended(id)).toMatchObject({ status: "failed", error: { code: "attempts_exhausted" } });
  });
});

describe("a child run", () => {
  const kid = (name: string, wait: string) => `name: ${name}\nsteps:\n  - id: s\n    wait: ${wait}\noutput: done\n`;
  const mother = (of: string) =>
    `name: mother-of-${of}\nsteps:\n  - id: c\n    workflow: { name: ${of} }\noutput: "{{ steps.c.output }}"\n`;

  test.each(["after-begin", "after-child", "after-reply", "after-park"])(
    "that ends while the worker of its parent's step is dead (%s) is the only one, and its parent goes on",
    async (point) => {
      await fleet.client.store(kid("short", "{ for: 1ms }"));
      const dying = await worker(`${point}:c`);
      const { id } = await fleet.client.submit({ definition: mother("short") });
      expect(await dying.ended).toBe("SIGKILL");
      await worker();
      expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: "done" });
      expect((await fleet.client.list({ parent: id })).runs.map(({ status }) => status)).toEqual(["succeeded"]);
    },
  );

  test.each(["after-commit", "after-dispatch"])(
    "whose own worker dies (%s) before it could wake its parent wakes it all the same",
    async (point) => {
      await fleet.client.store(kid("called", "{ signal: go }"));
      await worker();
      const { id } = await fleet.client.submit({ definition: mother("called") });
      await waiting(id);
      const [child] = (await fleet.client.list({ parent: id })).runs;
      await waiting(child?.id ?? "");
      await killWorkers();
      const dying = await worker(`${point}:s`);
      await fleet.client.signal(child?.id ?? "", "go");
      expect(await dying.ended).toBe("SIGKILL");
      await worker();
      expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: "done" });
    },
  );
});

describe("jobs that somebody deletes", () => {
  async function withQueue(name: QueueName, act: (queue: Queue) => Promise<void>): Promise<void> {
    const queue = new Queue(name, { connection: { url: fleet.redis.url }, prefix: keysOf("switchyard").queues });
    await act(queue);
    await queue.close();
  }

  test("are added again, however the step waits: for a time, for a signal or its deadline, woken, resumed", async () => {
    await worker();
    const submit = async (wait: string) =>
      (await fleet.client.submit({ definition: `name: deleted\nsteps:\n  - id: s\n    wait: ${wait}\n` })).id;
    const [nap, deadline, woken, resumed, idle] = await Promise.all([
      submit("{ for: 5s }"),
      submit("{ signal: go, timeout: 5s, on_timeout: continue }"),
      submit("{ signal: go, timeout: 1h }"),
      submit("{ for: 3s }"),
      submit("{ signal: go }"),
    ]);
    const all = [nap, deadline, woken, resumed, idle];
    for (const id of all) await waiting(id);
    await fleet.client.pause(resumed);
    // Its job comes at its time, finds the run paused, and goes.
    await withQueue("io", (io) =>
      eventually(async () => expect(await io.getJobState(`${resumed}-s-1-w1`)).toBe("completed")),
    );
    await killWorkers();
    await fleet.client.signal(woken, "go");
    await fleet.client.resume(resumed);
    for (const name of queueNames) await withQueue(name, (queue) => queue.obliterate({ force: true }));
    await worker();
    for (const id of [nap, deadline, woken, resumed]) expect((await fleet.ended(id)).status).toBe("succeeded");
    expect((await fleet.client.get(idle)).status).toBe("running");
    await fleet.client.signal(idle, "go");
    expect((await fleet.ended(idle)).status).toBe("succeeded");
  });
});
