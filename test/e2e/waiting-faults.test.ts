import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type QueueName, queueNames } from "../../src/engine/job.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";
import { expectNothingLeft } from "../support/soundness.ts";

/** Half of the cases, with a fleet of their own: the halves go side by side, the cases of each one after the other. */
function half(name: string, cases: (own: Own) => void): void {
  describe.concurrent(name, () => {
    const own = new Own();
    beforeAll(() => own.start());
    afterAll(() => own.fleet?.close());
    describe.sequential("one after the other", () => {
      afterEach(() => own.expectNothingLeft());
      cases(own);
    });
  });
}

class Own {
  fleet!: Fleet;
  /** Runs of which a step failed. */
  readonly failed: string[] = [];
  #workers: Program[] = [];

  async start(): Promise<void> {
    this.fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
  }

  async worker(crashAt?: string): Promise<Program> {
    const program = await this.fleet.worker(crashAt === undefined ? {} : { SWITCHYARD_CRASH_AT: crashAt });
    this.#workers.push(program);
    return program;
  }

  async killWorkers(): Promise<void> {
    for (const program of this.#workers) program.kill("SIGKILL");
    await Promise.all(this.#workers.map((program) => program.ended));
    this.#workers = [];
  }

  async waiting(runId: string, step = 0): Promise<void> {
    await eventually(async () => expect((await this.fleet.client.get(runId)).steps[step]?.status).toBe("waiting"));
  }

  async expectNothingLeft(): Promise<void> {
    try {
      await eventually(() => expectNothingLeft(this.fleet, this.failed));
    } finally {
      await this.killWorkers();
    }
  }
}

const forSignal = `name: for-signal
steps:
  - id: s
    wait: { signal: go, timeout: 1h }
  - id: t
    wait: { signal: go, timeout: 1h }
output: ["{{ steps.s.output }}", "{{ steps.t.output }}"]
`;

half("waiting", (own) => {
  describe("a worker that dies when a step is about to wait", () => {
    test.each(["after-begin", "after-take", "after-reply", "after-park"])(
      "%s: the step waits, and goes on with its signal",
      async (point) => {
        const dying = await own.worker(`${point}:s`);
        const { id } = await own.fleet.client.submit({ definition: forSignal });
        expect(await dying.ended).toBe("SIGKILL");
        await own.fleet.client.signal(id, "go", { payload: "first" });
        await own.worker();
        await own.waiting(id, 1);
        await own.fleet.client.signal(id, "go", { payload: "second" });
        expect((await own.fleet.ended(id)).output).toEqual(["first", "second"]);
      },
    );

    test("for a time, and has not yet added the job in which it goes on: it goes on at its time", async () => {
      const dying = await own.worker("after-park:s");
      const { id } = await own.fleet.client.submit({
        definition: "name: nap\nsteps:\n  - id: s\n    wait: { for: 3s }\n",
      });
      expect(await dying.ended).toBe("SIGKILL");
      await own.worker();
      const { steps, status } = await own.fleet.ended(id);
      expect(status).toBe("succeeded");
      expect((steps[0]?.finishedAt ?? 0) - (steps[0]?.startedAt ?? 0)).toBeGreaterThanOrEqual(3_000);
    });
  });

  describe("a child run", () => {
    const kid = (name: string, wait: string) => `name: ${name}\nsteps:\n  - id: s\n    wait: ${wait}\noutput: done\n`;
    const mother = (of: string) =>
      `name: mother-of-${of}\nsteps:\n  - id: c\n    workflow: { name: ${of} }\noutput: "{{ steps.c.output }}"\n`;

    test.each(["after-begin", "after-child", "after-reply", "after-park"])(
      "that ends while the worker of its parent's step is dead (%s) is the only one, and its parent goes on",
      async (point) => {
        await own.fleet.client.store(kid("short", "{ for: 1ms }"));
        const dying = await own.worker(`${point}:c`);
        const { id } = await own.fleet.client.submit({ definition: mother("short") });
        expect(await dying.ended).toBe("SIGKILL");
        await own.worker();
        expect(await own.fleet.ended(id)).toMatchObject({ status: "succeeded", output: "done" });
        expect((await own.fleet.client.list({ parent: id })).runs.map(({ status }) => status)).toEqual(["succeeded"]);
      },
    );

    test.each(["after-commit", "after-dispatch"])(
      "whose own worker dies (%s) before it could wake its parent wakes it all the same",
      async (point) => {
        await own.fleet.client.store(kid("called", "{ signal: go }"));
        await own.worker();
        const { id } = await own.fleet.client.submit({ definition: mother("called") });
        await own.waiting(id);
        const [child] = (await own.fleet.client.list({ parent: id })).runs;
        await own.waiting(child?.id ?? "");
        await own.killWorkers();
        const dying = await own.worker(`${point}:s`);
        await own.fleet.client.signal(child?.id ?? "", "go");
        expect(await dying.ended).toBe("SIGKILL");
        await own.worker();
        expect(await own.fleet.ended(id)).toMatchObject({ status: "succeeded", output: "done" });
      },
    );
  });
});

half("going on", (own) => {
  describe("a worker that dies when a step that waited goes on", () => {
    test.each(["after-begin", "after-take", "after-reply", "after-deliver", "after-commit", "after-dispatch"])(
      "%s: its signal is taken once, and the next step's is left to that one",
      async (point) => {
        const parking = await own.worker();
        const { id } = await own.fleet.client.submit({ definition: forSignal });
        await own.waiting(id);
        parking.kill("SIGKILL");
        await parking.ended;
        const dying = await own.worker(`${point}:s`);
        await own.fleet.client.signal(id, "go", { payload: "first" });
        expect(await dying.ended).toBe("SIGKILL");
        await own.worker();
        await own.waiting(id, 1);
        await own.fleet.client.signal(id, "go", { payload: "second" });
        const run = await own.fleet.ended(id);
        expect([run.status, run.output]).toEqual(["succeeded", ["first", "second"]]);
      },
    );

    test("three times in a row: it has its attempts, not one more", async () => {
      await own.worker();
      const { id } = await own.fleet.client.submit({ definition: forSignal });
      await own.waiting(id);
      await own.killWorkers();
      await own.fleet.client.signal(id, "go", { payload: "first" });
      // It may die before it can say that it is ready.
      for (let death = 1; death <= 3; death++) {
        await own.worker("after-begin:s").then(
          ({ ended }) => ended,
          ({ message }) => expect(message).toContain("SIGKILL"),
        );
      }
      await own.worker("after-begin:s");
      own.failed.push(id);
      expect(await own.fleet.ended(id)).toMatchObject({ status: "failed", error: { code: "attempts_exhausted" } });
    });
  });

  describe("jobs that somebody deletes", () => {
    async function withQueue(name: QueueName, act: (queue: Queue) => Promise<void>): Promise<void> {
      const queue = new Queue(name, { connection: { url: own.fleet.redis.url }, prefix: keysOf("switchyard").queues });
      await act(queue);
      await queue.close();
    }

    test("are added again, however the step waits: for a time, for a signal or its deadline, woken, resumed", async () => {
      await own.worker();
      const submit = async (wait: string) =>
        (await own.fleet.client.submit({ definition: `name: deleted\nsteps:\n  - id: s\n    wait: ${wait}\n` })).id;
      const [nap, deadline, woken, resumed, idle] = await Promise.all([
        submit("{ for: 5s }"),
        submit("{ signal: go, timeout: 5s, on_timeout: continue }"),
        submit("{ signal: go, timeout: 1h }"),
        submit("{ for: 3s }"),
        submit("{ signal: go }"),
      ]);
      const all = [nap, deadline, woken, resumed, idle];
      for (const id of all) await own.waiting(id);
      await own.fleet.client.pause(resumed);
      // Its job comes at its time, finds the run paused, and goes.
      await withQueue("io", (io) =>
        eventually(async () => expect(await io.getJobState(`${resumed}-s-1-w1`)).toBe("completed")),
      );
      await own.killWorkers();
      await own.fleet.client.signal(woken, "go");
      await own.fleet.client.resume(resumed);
      for (const name of queueNames) await withQueue(name, (queue) => queue.obliterate({ force: true }));
      await own.worker();
      for (const id of [nap, deadline, woken, resumed]) expect((await own.fleet.ended(id)).status).toBe("succeeded");
      expect((await own.fleet.client.get(idle)).status).toBe("running");
      await own.fleet.client.signal(idle, "go");
      expect((await own.fleet.ended(idle)).status).toBe("succeeded");
    });
  });
});
