import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crashPoints } from "../../src/engine/crash-point.ts";
import { eventually } from "../support/eventually.ts";
import { callsByStep, fiveSteps } from "../support/five-steps.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";

/** Half of the cases, with a fleet of their own: the halves go side by side, the cases of each one after the other. */
function half(name: string, cases: (own: Own) => void): void {
  describe.concurrent(name, () => {
    const own = new Own();
    beforeAll(() => own.start());
    afterAll(() => own.fleet?.close());
    describe.sequential("one after the other", () => cases(own));
  });
}

class Own {
  fleet!: Fleet;

  async start(): Promise<void> {
    this.fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
    await this.fleet.client.store(fiveSteps);
  }

  async submit(tag: string): Promise<string> {
    return (await this.fleet.client.submit({ workflow: "five-steps", input: { tag } })).id;
  }

  /** Waits until step 3 of a tagged run has reached the provider, where a `hold` fault keeps it. */
  stepThreeArrived(tag: string, times = 1): Promise<void> {
    return eventually(() => expect(callsByStep(this.fleet.simulator, tag).s3).toBe(times));
  }
}

async function stop(...programs: readonly Program[]): Promise<void> {
  for (const program of programs) program.kill("SIGKILL");
  await Promise.all(programs.map((program) => program.ended));
}

half("a worker that is lost", (own) => {
  describe("a worker that is killed in the middle of step 3 of 5", () => {
    test("is noticed; another finishes the run and repeats only step 3", async () => {
      const victim = await own.fleet.worker();
      await own.fleet.simulator.down("openai", { kind: "hold", match: "Task 3 of killed" });
      const runId = await own.submit("killed");
      await own.stepThreeArrived("killed");
      const heir = await own.fleet.worker();
      victim.kill("SIGKILL");
      await own.stepThreeArrived("killed", 2);
      await own.fleet.simulator.up("openai");
      const run = await own.fleet.ended(runId);
      expect(run.status).toBe("succeeded");
      expect(callsByStep(own.fleet.simulator, "killed")).toEqual({ s1: 1, s2: 1, s3: 2, s4: 1, s5: 1 });
      await stop(heir);
    });

    test("has its call repeated under the same idempotency key", async () => {
      const keys = own.fleet.simulator.hits("openai").filter((hit) => hit.prompt.startsWith("Task 3 of killed"));
      const [first, second] = keys.map((hit) => hit.idempotencyKey);
      expect(first).toMatch(/^run_\w+-s3-3-1-1$/);
      expect(second).toBe(first);
    });
  });

  describe("a worker that is stopped for longer than its lock and then goes on", () => {
    test("brings its answer too late: it is refused, and every step is committed once", async () => {
      const sleeper = await own.fleet.worker();
      await own.fleet.simulator.down("openai", { kind: "hold", match: "Task 3 of slept" });
      const runId = await own.submit("slept");
      await own.stepThreeArrived("slept");
      sleeper.kill("SIGSTOP");
      const heir = await own.fleet.worker();
      await own.stepThreeArrived("slept", 2);
      await own.fleet.simulator.up("openai");
      const run = await own.fleet.ended(runId);
      expect(run.status).toBe("succeeded");
      sleeper.kill("SIGCONT");
      const next = await own.submit("after-sleep");
      await own.fleet.ended(next);
      await own.fleet.expectWholeHistory(runId);
      expect(callsByStep(own.fleet.simulator, "slept")).toEqual({ s1: 1, s2: 1, s3: 2, s4: 1, s5: 1 });
      await stop(sleeper, heir);
    });

    test("is refused too while its heir is still calling", async () => {
      const sleeper = await own.fleet.worker();
      await own.fleet.simulator.down("openai", { kind: "hold", match: "Task 3 of woke" });
      const runId = await own.submit("woke");
      await own.stepThreeArrived("woke");
      sleeper.kill("SIGSTOP");
      const heir = await own.fleet.worker();
      await own.stepThreeArrived("woke", 2);
      heir.kill("SIGSTOP");
      await own.fleet.simulator.up("openai");
      sleeper.kill("SIGCONT");
      heir.kill("SIGCONT");
      const run = await own.fleet.ended(runId);
      expect(run.status).toBe("succeeded");
      const events = await own.fleet.client.history(runId);
      const succeeded = events.filter((event) => event.type === "step.succeeded" && event.step === "s3");
      expect(succeeded).toHaveLength(1);
      expect(succeeded[0]).toMatchObject({ attempt: expect.any(Number) });
      expect(succeeded[0]).not.toMatchObject({ attempt: 1 });
      await stop(sleeper, heir);
    });
  });

  describe("a step that kills its worker each time", () => {
    test("ends as failed after its attempts, not in a crash loop", async () => {
      const runId = await own.submit("lethal");
      for (let death = 1; death <= 3; death++) {
        const worker = await own.fleet.worker({ SWITCHYARD_CRASH_AT: "after-begin:s2" });
        expect(await worker.ended).toBe("SIGKILL");
      }
      const last = await own.fleet.worker({ SWITCHYARD_CRASH_AT: "after-begin:s2" });
      const run = await own.fleet.ended(runId);
      expect(run).toMatchObject({ status: "failed", error: { code: "attempts_exhausted", details: { step: "s2" } } });
      expect(callsByStep(own.fleet.simulator, "lethal")).toMatchObject({ s2: 0, s3: 0 });
      await stop(last);
    });
  });
});

half("a worker that dies", (own) => {
  describe("a worker that dies at a named point", () => {
    // Past the delivery there is no second attempt to die in.
    const twice: readonly string[] = ["after-begin", "after-reply"];
    for (const point of crashPoints) {
      for (const deaths of twice.includes(point) ? [2] : [1]) {
        test(`${point}, ${deaths === 1 ? "at the first attempt" : "at the first and the second attempt"}: nothing is lost or doubled`, async () => {
          const tag = `${point}-${deaths}`;
          const runId = await (async () => {
            const first = await own.fleet.worker({ SWITCHYARD_CRASH_AT: `${point}:s3` });
            const id = await own.submit(tag);
            expect(await first.ended).toBe("SIGKILL");
            return id;
          })();
          if (deaths === 2) {
            const second = await own.fleet.worker({ SWITCHYARD_CRASH_AT: `${point}:s3` });
            expect(await second.ended).toBe("SIGKILL");
          }
          const last = await own.fleet.worker();
          const run = await own.fleet.ended(runId);
          expect(run.status).toBe("succeeded");
          const { s3, ...others } = callsByStep(own.fleet.simulator, tag);
          expect(others).toEqual({ s1: 1, s2: 1, s4: 1, s5: 1 });
          expect(s3).toBeLessThanOrEqual(1 + deaths);
          await stop(last);
        });
      }
    }
  });
});
