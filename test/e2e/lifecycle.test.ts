import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import { EventStreamParser } from "../../src/client/event-stream.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { isTerminalEvent, type Run, type RunEvent, type StepRecord } from "../../src/core/run.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import { callsByStep, fiveSteps } from "../support/five-steps.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";

let fleet: Fleet;
let workers: Program[] = [];

async function startWorker(env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const worker = await fleet.worker(env);
  workers.push(worker);
  return worker;
}

/** A run of one step. @param more of the workflow and of the step */
async function submitOne(tag: string, more: { workflow?: JsonObject; step?: JsonObject } = {}): Promise<string> {
  const step = { id: "only", llm: { prompt: `Do ${tag}.` }, ...more.step };
  return (await fleet.client.submit({ definition: { name: tag, steps: [step], ...more.workflow } })).id;
}

async function submitFive(tag: string): Promise<string> {
  return (await fleet.client.submit({ workflow: "five-steps", input: { tag } })).id;
}

/** Step 3 of a tagged run has reached the provider, where a `hold` fault keeps it. */
function stepThreeArrived(tag: string, times = 1): Promise<void> {
  return eventually(() => expect(callsByStep(fleet.simulator, tag).s3).toBe(times));
}

/** The provider goes on holding until so much later. */
function heldFor(ms: number): Promise<void> {
  const until = Date.now() + ms;
  return eventually(() => expect(Date.now()).toBeGreaterThan(until), ms + 10_000);
}

function hitsOf(tag: string, provider?: string) {
  return fleet.simulator.hits(provider).filter(({ prompt }) => prompt.includes(`Do ${tag}.`));
}

function stepOf(run: Run, id = "only"): StepRecord | undefined {
  return run.steps.find((step) => step.id === id);
}

describe.concurrent("a call that takes 12 s, several times the lock of its job", () => {
  test("is made once, in one attempt, though other workers are there", async () => {
    const own = await Fleet.start({ LLM_PROVIDERS: "openai" });
    try {
      await Promise.all([own.worker(), own.worker()]);
      await own.simulator.down("openai", { kind: "hold" });
      const definition = { name: "long-call", steps: [{ id: "only", llm: { prompt: "Do long-call." } }] };
      const { id } = await own.client.submit({ definition });
      await eventually(() => expect(own.simulator.hits("openai")).toHaveLength(1));
      await heldFor(12_000);
      await own.simulator.up("openai");
      const run = await own.ended(id);
      expect([run.status, stepOf(run)?.attempts, own.simulator.hits().length]).toEqual(["succeeded", 1, 1]);
    } finally {
      await own.close();
    }
  });
});

describe.concurrent("with one fleet", () => {
  describe.sequential("one after the other", () => {
    beforeAll(async () => {
      fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
      await fleet.client.store(fiveSteps);
    });
    afterAll(() => fleet?.close());
    afterEach(async () => {
      await Promise.all(["openai", "anthropic"].map((name) => fleet.simulator.up(name)));
      for (const worker of workers) worker.kill("SIGKILL");
      await Promise.all(workers.map((worker) => worker.ended));
      workers = [];
    });

    describe("a worker that is told to stop while a step's call is under way", () => {
      test("finishes the step when the call ends within its grace, keeps its lock meanwhile, and exits with 0", async () => {
        const leaving = await startWorker();
        await fleet.simulator.down("openai", { kind: "hold", match: "Task 3 of graceful" });
        const id = await submitFive("graceful");
        await stepThreeArrived("graceful");
        await startWorker();
        leaving.kill("SIGTERM");
        // Longer than its lock of 2.5 s: it is renewed while the worker closes.
        await heldFor(4_000);
        await fleet.simulator.up("openai");
        expect(await leaving.ended).toBe(0);
        const run = await fleet.ended(id);
        expect(run.status).toBe("succeeded");
        expect(stepOf(run, "s3")?.attempts).toBe(1);
        expect(callsByStep(fleet.simulator, "graceful")).toEqual({ s1: 1, s2: 1, s3: 1, s4: 1, s5: 1 });
      });

      test("hands the step back when its grace is over, without a spent attempt, and exits with 0; another worker finishes", async () => {
        const leaving = await startWorker({ SWITCHYARD_GRACE: "1s" });
        await fleet.simulator.down("openai", { kind: "hold", match: "Task 3 of handed-back" });
        const id = await submitFive("handed-back");
        await stepThreeArrived("handed-back");
        leaving.kill("SIGTERM");
        expect(await leaving.ended).toBe(0);
        const [first] = fleet.simulator
          .hits("openai")
          .filter(({ prompt }) => prompt.startsWith("Task 3 of handed-back"));
        await eventually(() =>
          expect(fleet.simulator.hits().find((hit) => hit.id === first?.id)?.outcome).toBe("aborted"),
        );
        await startWorker();
        await stepThreeArrived("handed-back", 2);
        await fleet.simulator.up("openai");
        const run = await fleet.ended(id);
        expect(run.status).toBe("succeeded");
        expect(stepOf(run, "s3")).toMatchObject({ status: "succeeded", attempts: 1 });
        expect(callsByStep(fleet.simulator, "handed-back")).toEqual({ s1: 1, s2: 1, s3: 2, s4: 1, s5: 1 });
        const events = await fleet.client.history(id);
        const waits = events.filter((event) => event.type === "step.waiting");
        expect(waits).toMatchObject([{ step: "s3", attempt: 1, reason: expect.stringContaining("handed back") }]);
      });
    });

    describe("event streams of two API processes", () => {
      async function stream(
        url: string | null,
        runId: string,
        headers: Record<string, string> = {},
      ): Promise<Response> {
        const answer = await fetch(`${url}/v1/runs/${runId}/events`, {
          headers: { accept: "text/event-stream", ...headers },
        });
        expect(answer.status).toBe(200);
        return answer;
      }

      test("tell the same, without a gap, to exactly one end", async () => {
        const [api] = await Promise.all([fleet.anotherApi(), startWorker()]);
        const other = new SwitchyardClient({ url: api.ready.url ?? "" });
        const id = await submitFive("watched-twice");
        const read = async (client: SwitchyardClient) => {
          const events: RunEvent[] = [];
          for await (const event of client.events(id)) events.push(event);
          return events;
        };
        const [one, two] = await Promise.all([read(fleet.client), read(other)]);
        expect(two).toEqual(one);
        expect(one.map(({ seq }) => seq)).toEqual(one.map((_, index) => index + 1));
        expect(one.filter(isTerminalEvent)).toEqual([one.at(-1)]);
        api.kill("SIGTERM");
        expect(await api.ended).toBe(0);
      });

      test("go on at the other process behind Last-Event-ID", async () => {
        const [api] = await Promise.all([fleet.anotherApi(), startWorker()]);
        await fleet.simulator.down("openai", { kind: "hold", match: "Task 3 of moved" });
        const id = await submitFive("moved");
        const seen: RunEvent[] = [];
        for await (const event of fleet.client.events(id)) {
          seen.push(event);
          if (event.type === "step.started" && event.step === "s3") break;
        }
        const rest = stream(api.ready.url, id, { "last-event-id": String(seen.at(-1)?.seq) });
        await fleet.simulator.up("openai");
        const messages = new EventStreamParser().push(await (await rest).text());
        const all = [...seen, ...messages.map(({ data }) => JSON.parse(data) as RunEvent)];
        expect(all).toEqual(await fleet.client.history(id));
        expect(isTerminalEvent(all.at(-1) ?? { type: "run.started" })).toBe(true);
        api.kill("SIGKILL");
      });

      test("end when their process is told to stop, and it exits with 0 while the run goes on", async () => {
        const [api] = await Promise.all([fleet.anotherApi(), startWorker()]);
        await fleet.simulator.down("openai", { kind: "hold", match: "Task 3 of left-alone" });
        const id = await submitFive("left-alone");
        await stepThreeArrived("left-alone");
        const streams = await Promise.all([stream(api.ready.url, id), stream(api.ready.url, id)]);
        const texts = Promise.all(streams.map((answer) => answer.text()));
        api.kill("SIGTERM");
        expect(await api.ended).toBe(0);
        for (const text of await texts) {
          const types = new EventStreamParser().push(text).map(({ event }) => event);
          expect([types[0], types.includes("run.succeeded")]).toEqual(["run.created", false]);
        }
        await fleet.simulator.up("openai");
        expect((await fleet.ended(id)).status).toBe("succeeded");
      });
    });

    describe("a step with a timeout of a second whose provider falls silent", () => {
      const step = { timeout: "1s", retry: { attempts: 2, backoff: "10ms" } };

      test("is tried again, and fails as step_timeout after its attempts when there is no other provider", async () => {
        await startWorker();
        await fleet.simulator.down("openai", { kind: "stall", match: "Do silent." });
        const run = await fleet.ended(await submitOne("silent", { step }));
        expect(run).toMatchObject({ status: "failed", error: { code: "step_timeout", details: { step: "only" } } });
        expect(stepOf(run)).toMatchObject({ status: "failed", attempts: 2, failedCalls: 2 });
        const calls = (await fleet.client.history(run.id)).flatMap((event) => ("calls" in event ? event.calls : []));
        expect(calls.map(({ failure }) => failure?.class)).toEqual(["timeout", "timeout"]);
      });

      test("succeeds at its second attempt when the provider speaks again", async () => {
        await startWorker();
        await fleet.simulator.down("openai", { kind: "stall", match: "Do hesitant.", times: 1 });
        const run = await fleet.ended(await submitOne("hesitant", { step }));
        expect([run.status, stepOf(run)?.attempts, hitsOf("hesitant").length]).toEqual(["succeeded", 2, 2]);
      });

      test("goes to the other provider at its second attempt: one that only stalls cannot use up all of them", async () => {
        await startWorker({ LLM_PROVIDERS: "openai,anthropic" });
        await fleet.simulator.down("openai", { kind: "stall", match: "Do around." });
        const run = await fleet.ended(await submitOne("around", { step }));
        expect([run.status, stepOf(run)?.attempts, stepOf(run)?.served?.provider]).toEqual([
          "succeeded",
          2,
          "anthropic",
        ]);
      });

      test("goes to the next provider within the attempt when a call may take less than the step", async () => {
        await startWorker({ LLM_PROVIDERS: "openai,anthropic", OPENAI_TIMEOUT_SECONDS: "0.5" });
        await fleet.simulator.down("openai", { kind: "stall", match: "Do elsewhere." });
        const run = await fleet.ended(await submitOne("elsewhere", { step: { ...step, timeout: "20s" } }));
        expect([run.status, stepOf(run)?.attempts, stepOf(run)?.served?.provider]).toEqual([
          "succeeded",
          1,
          "anthropic",
        ]);
      });
    });

    describe("a workflow with a timeout of two seconds", () => {
      test("fails as run_timeout and ends the call of the running step; nothing comes of it later", async () => {
        await startWorker();
        await fleet.simulator.down("openai", { kind: "hold", match: "Do too-late." });
        const id = await submitOne("too-late", { workflow: { timeout: "2s" } });
        const run = await fleet.ended(id);
        expect(run).toMatchObject({ status: "failed", error: { code: "run_timeout" } });
        expect(stepOf(run)).toMatchObject({ status: "cancelled", attempts: 1 });
        const before = await fleet.client.history(id);
        await fleet.simulator.up("openai");
        const queue = new Queue("llm", { connection: { url: fleet.redis.url }, prefix: keysOf("switchyard").queues });
        await eventually(async () => {
          const [job] = (await queue.getJobs(["completed"])).filter(({ data }) => data.run === id);
          expect(job?.name).toBe("only");
        });
        await queue.close();
        expect(hitsOf("too-late").map(({ outcome }) => outcome)).toEqual(["aborted"]);
        expect(await fleet.client.history(id)).toEqual(before);
        expect(await fleet.client.get(id)).toEqual(run);
      });
    });

    describe("a step whose `when` is false", () => {
      test("is skipped without a call, and what follows reads null", async () => {
        await startWorker();
        const steps = [
          { id: "asked", when: "input.wanted", llm: { prompt: "Do skipped." } },
          {
            id: "after",
            llm: { prompt: "Do what follows. {% if steps.asked.output == nil %}Nothing came.{% endif %}" },
          },
        ];
        const definition = {
          name: "skipping",
          input: { type: "object", properties: { wanted: { type: "boolean" } } },
          steps,
          output: { asked: "{{ steps.asked.output }}" },
        };
        const { id } = await fleet.client.submit({ definition, input: { wanted: false } });
        const run = await fleet.ended(id);
        expect(run).toMatchObject({ status: "succeeded", output: { asked: null } });
        expect(stepOf(run, "asked")).toMatchObject({ status: "skipped", attempts: 0, calls: 0 });
        expect(hitsOf("skipped")).toEqual([]);
        expect(fleet.simulator.hits().some(({ prompt }) => prompt.endsWith("Nothing came."))).toBe(true);
      });
    });

    describe("a provider that answers 500 three times", () => {
      test("costs the step one attempt: it is retried, and the second one succeeds", async () => {
        await startWorker();
        await fleet.simulator.down("openai", { kind: "status", status: 500, match: "Do stumbling.", times: 3 });
        const run = await fleet.ended(
          await submitOne("stumbling", { step: { retry: { attempts: 3, backoff: "100ms" } } }),
        );
        expect(run.status).toBe("succeeded");
        expect(stepOf(run)).toMatchObject({ attempts: 2, calls: 4, failedCalls: 3, error: null });
        const events = await fleet.client.history(run.id);
        expect(events.filter(({ type }) => type === "call.failed")).toHaveLength(3);
        expect(events.filter(({ type }) => type === "step.retrying")).toMatchObject([
          { step: "only", attempt: 1, delayMs: expect.any(Number), error: { code: "provider_failed" } },
        ]);
        expect(events.find(({ type }) => type === "step.succeeded")).toMatchObject({ attempt: 2 });
      });
    });

    describe("a key that the only provider refuses", () => {
      test("fails the run at once: nobody waits an hour for a key to become right", async () => {
        // The key is out for the whole fleet for minutes: this worker has one of its own.
        await startWorker({ OPENAI_API_KEY: "a-wrong-key" });
        await fleet.simulator.down("openai", { kind: "status", status: 401, match: "Do wrong-key." });
        const run = await fleet.ended(await submitOne("wrong-key"));
        expect(run).toMatchObject({ status: "failed", error: { code: "provider_auth", details: { step: "only" } } });
        expect([stepOf(run)?.attempts, hitsOf("wrong-key").length]).toEqual([1, 1]);
      });
    });
  });
});
