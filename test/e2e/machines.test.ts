import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { JsonObject } from "../../src/core/json.ts";
import type { Run } from "../../src/core/run.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";

const root = resolve(import.meta.dirname, "../..");
let fleet: Fleet;
let folder: string;
let workers: Program[] = [];

/** Puts a machine into the functions folder. */
function put(name: string, config: string, { before = "", parts = "{}" } = {}): void {
  const text = `import { assign, emit, fromCallback, fromPromise, raise, sendParent, sendTo, setup, spawnChild } from "xstate";\n${before}\nexport default setup(${parts}).createMachine(${config});\n`;
  writeFileSync(join(folder, `${name}.mjs`), text);
}

function newFolder(): string {
  const made = mkdtempSync(join(tmpdir(), "switchyard-machines-"));
  symlinkSync(join(root, "node_modules"), join(made, "node_modules"));
  writeFileSync(
    join(made, "work.mjs"),
    `import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
export default async (input, { stepId, attempt }) => {
  appendFileSync(new URL("./calls", import.meta.url), stepId + "\\n");
  if (input?.throws) throw Object.assign(new Error("no " + input.throws), { retryable: false });
  if (input?.ms) await setTimeout(input.ms);
  return { got: input, attempt };
};`,
  );
  return made;
}

beforeAll(async () => {
  folder = newFolder();
  fleet = await Fleet.start({ LLM_PROVIDERS: "openai", SWITCHYARD_FUNCTIONS: folder });
});
afterAll(async () => {
  await fleet?.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map((worker) => worker.ended));
  workers = [];
});

async function startWorker(env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const worker = await fleet.worker(env);
  workers.push(worker);
  return worker;
}

function definition(name: string): JsonObject {
  return { name, machine: { module: `./${name}.mjs` } };
}

async function submit(name: string, input: JsonObject = {}): Promise<string> {
  return (await fleet.client.submit({ definition: definition(name), input })).id;
}

async function runOf(name: string, input: JsonObject = {}): Promise<Run> {
  return fleet.ended(await submit(name, input));
}

const work = (id: string, input: string, more: string) =>
  `{ id: "${id}", src: "function", input: ({ context }) => ({ module: "./work.mjs", input: ${input} }), ${more} }`;

const sequence = `{
  id: "sequence", initial: "a",
  context: ({ input }) => ({ n: input.n, seen: [] }),
  states: {
    a: { invoke: ${work("a", "context.n", `onDone: { target: "b", actions: assign({ seen: ({ event }) => [event.output.got] }) }`)} },
    b: { invoke: ${work("b", "{ seen: context.seen, ms: 300 }", `onDone: { target: "c", actions: assign({ seen: ({ context, event }) => [...context.seen, event.output.got.ms] }) }`)} },
    c: { always: [{ guard: ({ context }) => context.n > 5, target: "large" }, { target: "small" }] },
    large: { type: "final" }, small: { invoke: ${work("s", "null", `onDone: "end"`)} }, end: { type: "final" },
  },
  output: ({ context }) => context,
}`;

describe("an XState machine as a workflow", () => {
  test("runs its invocations in order, gives each its input, follows its guards and gives its output", async () => {
    put("sequence", sequence);
    await startWorker();
    const large = await runOf("sequence", { n: 7 });
    expect(large).toMatchObject({ status: "succeeded", output: { n: 7, seen: [7, 300] } });
    expect(large.steps.map(({ id, kind, status }) => [id, kind, status])).toEqual([
      ["a", "function", "succeeded"],
      ["b", "function", "succeeded"],
      ["s", "function", "pending"],
    ]);
    const small = await runOf("sequence", { n: 1 });
    expect(small.steps.at(-1)).toMatchObject({ id: "s", status: "succeeded" });
  });

  test("runs parallel regions side by side, and a timer beside a step that it cancels", async () => {
    put(
      "side-by-side",
      `{ id: "side", type: "parallel", context: { late: false },
        states: {
          one: { initial: "x", states: { x: { invoke: ${work("one", "{ ms: 200 }", `onDone: "y"`)} }, y: { type: "final" } } },
          two: { initial: "x", states: {
            x: { invoke: ${work("two", "{ ms: 60000 }", `onDone: "y"`)}, after: { 400: { target: "y", actions: assign({ late: true }) } } },
            y: { type: "final" } } },
        }, output: ({ context }) => context }`,
    );
    await startWorker();
    const run = await runOf("side-by-side");
    expect(run).toMatchObject({ status: "succeeded", output: { late: true } });
    expect(Object.fromEntries(run.steps.map(({ id, status }) => [id, status]))).toEqual({
      one: "succeeded",
      two: "cancelled",
    });
  });

  test("takes signals as events: an unknown one changes nothing, one sent twice is one, XState's own are refused", async () => {
    put(
      "events",
      `{ id: "events", initial: "open", context: { sum: 0, late: null },
        states: {
          open: { on: { ADD: { actions: assign({ sum: ({ context, event }) => context.sum + event.by }) }, LATER: { actions: raise(({ event }) => ({ type: "CLOSE", why: event.why }), { delay: 100 }) }, CLOSE: { target: "closed", actions: assign({ late: ({ event }) => event.why }) } } },
          closed: { type: "final" } },
        output: ({ context }) => context }`,
    );
    await startWorker();
    const id = await submit("events");
    await fleet.client.signal(id, "NOTHING", { payload: { by: 1 } });
    for (const by of [1, 2, 2]) await fleet.client.signal(id, "ADD", { payload: { by }, id: `add-${by}` });
    await expect(fleet.client.signal(id, "xstate.done.actor.a", {})).rejects.toMatchObject({ code: "bad_request" });
    await fleet.client.signal(id, "LATER", { payload: { why: "enough" } });
    expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: { sum: 3, late: "enough" } });
  });

  test("comes back to where it was by its history state", async () => {
    put(
      "history",
      `{ id: "h", initial: "busy", context: { seen: [] },
        states: {
          busy: { initial: "first", on: { BREAK: "break" }, states: {
            first: { on: { NEXT: "second" } }, second: { on: { END: "#h.end" } }, back: { type: "history" } } },
          break: { on: { RESUME: "busy.back" } }, end: { type: "final" } },
        output: () => "ended from second" }`,
    );
    await startWorker();
    const id = await submit("history");
    for (const event of ["NEXT", "BREAK", "RESUME", "END"]) await fleet.client.signal(id, event, {});
    expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: "ended from second" });
  });

  test("goes its error path with the step's error; without one the run fails with it", async () => {
    put(
      "handled",
      `{ id: "e", initial: "a", context: { error: null }, states: {
        a: { invoke: ${work("a", `{ throws: "luck" }`, `onError: { target: "b", actions: assign({ error: ({ event }) => event.error }) }`)} },
        b: { type: "final" } }, output: ({ context }) => context.error }`,
    );
    put(
      "unhandled",
      `{ id: "e", initial: "a", states: { a: { invoke: ${work("a", `{ throws: "luck" }`, `onDone: "b"`)} }, b: { type: "final" } } }`,
    );
    put(
      "wrong-input",
      `{ id: "e", initial: "a", states: { a: { invoke: { id: "ask", src: "llm", input: { promt: "x" }, onDone: "b" } }, b: { type: "final" } } }`,
    );
    put(
      "throws",
      `{ id: "e", initial: "a", context: {}, states: { a: { on: { GO: { guard: ({ context }) => context.no.where, target: "b" } } }, b: { type: "final" } } }`,
    );
    await startWorker();
    const error = { code: "function_failed", message: "no luck" };
    expect(await runOf("handled")).toMatchObject({ status: "succeeded", output: error });
    expect(await runOf("unhandled")).toMatchObject({ status: "failed", error });
    const wrong = await runOf("wrong-input");
    expect(wrong).toMatchObject({ status: "failed", error: { code: "step_input_invalid" } });
    expect(wrong.error?.message).toMatch(/"ask".*no llm step takes.*promt: unknown key. Did you mean prompt\?/);
    expect(wrong.steps[0]).toMatchObject({ attempts: 1 });
    const id = await submit("throws");
    await fleet.client.signal(id, "GO", {});
    expect(await fleet.ended(id)).toMatchObject({ status: "failed", error: { code: "machine_failed" } });
  });

  test("goes on where it was when its worker is killed, and calls no finished step again", async () => {
    put("killed", sequence.replace("ms: 300", "ms: 1500").replaceAll('"a"', '"ka"').replace(" a:", " ka:"));
    const first = await startWorker();
    const id = await submit("killed", { n: 9 });
    const isAt = async (step: string, status: string) =>
      (await fleet.client.get(id)).steps.find((record) => record.id === step)?.status === status;
    await eventually(async () => expect(await isAt("b", "running")).toBe(true));
    first.kill("SIGKILL");
    await first.ended;
    await startWorker();
    expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: { n: 9, seen: [9, 1500] } });
    const calls = readFileSync(join(folder, "calls"), "utf8").split("\n");
    expect(calls.filter((call) => call === "ka")).toHaveLength(1);
  });

  test("is left alone by a worker that does not have its module, which says so in the history", async () => {
    put("elsewhere", sequence);
    const empty = newFolder();
    try {
      const without = await startWorker({ SWITCHYARD_FUNCTIONS: empty });
      const id = await submit("elsewhere", { n: 9 });
      const reasons = async () =>
        (await fleet.client.history(id)).flatMap((event) => (event.type === "step.waiting" ? [event.reason] : []));
      await eventually(async () =>
        expect((await reasons())[0]).toMatch(/no \.\/elsewhere\.mjs.*left to other workers/),
      );
      // It would take its turn at the step again, with growing waits in between.
      without.kill("SIGKILL");
      await without.ended;
      await startWorker();
      expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: { seen: [9, 300] } });
    } finally {
      rmSync(empty, { recursive: true });
    }
  });

  test("is another version when its file changes, and a run keeps the one that it began with", async () => {
    const waits = (word: string) =>
      `{ id: "v", initial: "a", states: { a: { on: { GO: "b" } }, b: { type: "final" } }, output: () => "${word}" }`;
    put("versions", waits("old"));
    await startWorker();
    const old = await submit("versions");
    const again = await fleet.client.submit({ definition: definition("versions"), input: {} });
    expect(again.version).toBe(1);
    put("versions", waits("new"));
    const fresh = await fleet.client.submit({ definition: definition("versions"), input: {} });
    expect(fresh.version).toBe(2);
    await fleet.client.signal(fresh.id, "GO", {});
    expect(await fleet.ended(fresh.id)).toMatchObject({ output: "new" });
    expect((await fleet.client.get(old)).status).not.toBe("failed");
  });

  test("has child machines, whose steps go on where they were when their worker is killed; what they emit is told", async () => {
    const packing = `{ id: "packing", initial: "one", context: ({ input }) => ({ box: input.box, got: [] }),
      states: {
        one: { invoke: ${work("one", "context.box", `onDone: { target: "two", actions: [assign({ got: ({ event }) => [event.output.got] }), sendParent({ type: "PACKED" }), emit({ type: "packed", box: 4 })] }`)} },
        two: { invoke: ${work("two", "{ ms: 1500 }", `onDone: { target: "end", actions: assign({ got: ({ context, event }) => [...context.got, event.output.got.ms] }) }`)} },
        end: { type: "final" } },
      output: ({ context }) => context.got }`;
    put(
      "family",
      `{ id: "family", initial: "packing", context: { packed: 0, got: null },
        states: {
          packing: {
            on: { PACKED: { actions: assign({ packed: ({ context }) => context.packed + 1 }) } },
            invoke: { id: "box", src: "packing", input: { box: 4 }, onDone: { target: "end", actions: assign({ got: ({ event }) => event.output }) } } },
          end: { type: "final" } },
        output: ({ context }) => context }`,
      { before: `const packing = setup({}).createMachine(${packing});`, parts: "{ actors: { packing } }" },
    );
    const first = await startWorker();
    const id = await submit("family");
    const status = async (step: string) =>
      (await fleet.client.get(id)).steps.find((record) => record.id === step)?.status;
    await eventually(async () => expect(await status("box.two")).toBe("running"));
    first.kill("SIGKILL");
    await first.ended;
    await startWorker();
    const run = await fleet.ended(id);
    expect(run).toMatchObject({ status: "succeeded", output: { packed: 1, got: [4, 1500] } });
    expect(run.steps.map((step) => [step.id, step.kind])).toEqual([
      ["box.one", "function"],
      ["box.two", "function"],
    ]);
    const history = await fleet.client.history(id);
    expect(history.filter(({ type }) => type === "machine.emitted")).toMatchObject([
      { event: { type: "packed", box: 4 }, actor: "box" },
    ]);
    const calls = readFileSync(join(folder, "calls"), "utf8").split("\n");
    expect(calls.filter((call) => call === "box.one")).toHaveLength(1);
  });

  test("calls promise actors of its own file in the worker: with input and signal, their attempts, their errors", async () => {
    put(
      "own-actors",
      `{ id: "own", initial: "charging", context: { charged: null, told: null },
        states: {
          charging: {
            meta: { step: { retry: { attempts: 2, backoff: "10ms" } } },
            invoke: { id: "charge", src: "chargeCard", input: { cents: 500 },
              onDone: { target: "telling", actions: assign({ charged: ({ event }) => event.output }) } } },
          telling: {
            meta: { step: { timeout: "300ms", retry: { attempts: 1 } } },
            invoke: { id: "tell", src: "tellNobody", onError: { target: "end", actions: assign({ told: ({ event }) => event.error.code }) } } },
          end: { type: "final" } },
        output: ({ context }) => context }`,
      {
        before: `let tries = 0;
          const chargeCard = fromPromise(async ({ input, signal }) => {
            if (++tries === 1) throw new Error("card reader busy");
            return { cents: input.cents, tries, aborted: signal.aborted };
          });
          const tellNobody = fromPromise(() => new Promise(() => {}));`,
        parts: "{ actors: { chargeCard, tellNobody } }",
      },
    );
    await startWorker();
    const run = await runOf("own-actors");
    expect(run).toMatchObject({
      status: "succeeded",
      output: { charged: { cents: 500, tries: 2, aborted: false }, told: "step_timeout" },
    });
    expect(run.steps).toMatchObject([
      { id: "charge", kind: "function", attempts: 2 },
      { id: "tell", status: "failed" },
    ]);
  });

  test("begins again in the state before its end when it is retried: nothing that succeeded is called again, a child machine's step neither", async () => {
    const child = `{ id: "child", initial: "on", states: { on: { invoke: ${work("first", "1", `onDone: "two"`)} }, two: { invoke: { id: "second", src: "flaky", onDone: "end" } }, end: { type: "final" } }, output: () => "made" }`;
    put(
      "retried",
      `{ id: "r", initial: "a", context: { got: null }, states: {
        a: { after: { 600000: "late" }, invoke: { id: "kid", src: "child", onDone: { target: "end", actions: assign({ got: ({ event }) => event.output }) } } },
        late: { type: "final" }, end: { type: "final" } }, output: ({ context }) => context }`,
      {
        before: `import { existsSync } from "node:fs";
          const flaky = fromPromise(async () => { if (!existsSync(new URL("./repaired", import.meta.url))) throw Object.assign(new Error("broken"), { retryable: false }); });
          const child = setup({ actors: { flaky } }).createMachine(${child});`,
        parts: "{ actors: { child } }",
      },
    );
    await startWorker();
    const failed = await runOf("retried");
    expect(failed).toMatchObject({ status: "failed", error: { message: "broken" } });
    writeFileSync(join(folder, "repaired"), "");
    const retry = await fleet.ended((await fleet.client.retry(failed.id)).id);
    expect(retry).toMatchObject({ status: "succeeded", output: { got: "made" }, forkOf: { run: failed.id } });
    expect(retry.steps).toMatchObject([
      { id: "kid.first", reusedFrom: failed.id },
      { id: "kid.second", attempts: 1 },
    ]);
    const calls = readFileSync(join(folder, "calls"), "utf8").split("\n");
    expect(calls.filter((call) => call === "kid.first")).toHaveLength(1);

    put("sequence", sequence);
    const open = await submit("sequence", { n: 9 });
    await fleet.client.cancel(open, { reason: "for now" });
    await fleet.ended(open);
    const again = await fleet.ended((await fleet.client.retry(open)).id);
    expect(again).toMatchObject({ status: "succeeded", output: { n: 9, seen: [9, 300] } });
    await expect(fleet.client.retry(again.id)).rejects.toMatchObject({ code: "nothing_to_retry" });
  });

  const shape = ({ steps }: Run) => steps.map(({ id, status, attempts }) => [id, status, attempts]);

  test("is forked from any step with edited input: nothing before it is called, the old run stays, both know each other", async () => {
    put("forked", sequence.replaceAll("sequence", "forked"));
    await startWorker();
    const run = await runOf("forked", { n: 7 });
    const before = await fleet.client.history(run.id);
    const edited = await fleet.ended((await fleet.client.fork(run.id, "b", { input: { n: 1 } })).id);
    expect(edited).toMatchObject({
      status: "succeeded",
      input: { n: 1 },
      output: { n: 1, seen: [7, 300] },
      forkOf: { run: run.id, step: "b" },
    });
    expect(edited.steps[0]).toMatchObject({ id: "a", reusedFrom: run.id });
    expect(shape(edited)).toEqual([
      ["a", "succeeded", 0],
      ["b", "succeeded", 1],
      ["s", "succeeded", 1],
    ]);
    // A fork is forked like any run; what it kept was executed where it was executed.
    const second = await fleet.ended((await fleet.client.fork(edited.id, "s")).id);
    expect(second).toMatchObject({ status: "succeeded", output: { n: 1, seen: [7, 300] } });
    expect(second.steps.map(({ reusedFrom }) => reusedFrom)).toEqual([run.id, edited.id, undefined]);
    expect(await fleet.client.history(run.id)).toEqual(before);
    expect((await fleet.client.get(run.id)).forks).toEqual([edited.id]);

    const refused = (id: string, step: string, input?: JsonObject) =>
      expect(fleet.client.fork(id, step, input ? { input } : {})).rejects;
    await refused(run.id, "s").toMatchObject({ code: "step_not_reached", details: { step: "s" } });
    await refused(run.id, "t").toMatchObject({ code: "unknown_step" });
    await refused(edited.id, "s", { n: 7 }).toMatchObject({
      code: "fork_diverged",
      message: 'With this input, the machine goes another way after "b": it ends.',
    });

    put("forked", sequence.replaceAll("sequence", "forked").replace("event.output.got.ms", '"repaired"'));
    const failed = await runOf("forked", { n: { throws: "input" } });
    expect(failed).toMatchObject({ status: "failed", version: 2 });
    const corrected = await fleet.ended((await fleet.client.retry(failed.id, { input: { n: 8 } })).id);
    expect(corrected).toMatchObject({ status: "succeeded", output: { n: 8, seen: [8, "repaired"] } });
    const newer = await fleet.ended((await fleet.client.fork(run.id, "b", { version: 2 })).id);
    expect(newer).toMatchObject({ version: 2, output: { n: 7, seen: [7, "repaired"] } });
    expect(shape(newer)[0]).toEqual(["a", "succeeded", 0]);
  });

  test("is forked while it goes on, keeping its signals and what its timers still had; a fork whose process dies before its jobs gets them from whoever asks again", async () => {
    put(
      "forked-open",
      `{ id: "o", type: "parallel", context: { by: 0 }, on: { ADD: { actions: assign({ by: ({ context, event }) => context.by + event.by }) } },
        states: {
          one: { initial: "x", states: {
            x: { invoke: ${work("early", "1", `onDone: "y"`)} }, y: { on: { ON: "z" } },
            z: { invoke: ${work("later", "context.by", `onDone: "end"`)} }, end: { type: "final" } } },
          late: { initial: "w", states: { w: { after: { 600000: "end" }, on: { NOW: "end" } }, end: { type: "final" } } },
        }, output: ({ context }) => context }`,
    );
    const worker = await startWorker();
    const id = await submit("forked-open");
    await fleet.client.signal(id, "ADD", { payload: { by: 2 } });
    await eventually(async () => expect(shape(await fleet.client.get(id))[0]?.[1]).toBe("succeeded"));
    await fleet.client.signal(id, "ON", {});
    await eventually(async () => expect(shape(await fleet.client.get(id))[1]?.[1]).toBe("succeeded"));
    await fleet.client.signal(id, "ADD", { payload: { by: 40 } });
    worker.kill("SIGKILL");
    await worker.ended;

    const asked = { idempotencyKey: "fork-of-open" };
    const fork = await fleet.client.fork(id, "later", asked);
    fleet.api.kill("SIGKILL");
    const queue = new Queue("io", { prefix: "{switchyard}", connection: { url: fleet.redis.url } });
    await queue.drain(true);
    await queue.close();
    await fleet.serve();
    await startWorker();
    expect((await fleet.client.fork(id, "later", asked)).id).toBe(fork.id);
    await eventually(async () => expect(shape(await fleet.client.get(fork.id))[1]?.[1]).toBe("succeeded"));
    await fleet.client.signal(fork.id, "NOW", {});
    // What came after the step had begun is not part of the fork.
    expect(await fleet.ended(fork.id)).toMatchObject({ status: "succeeded", output: { by: 2 } });
    await fleet.client.signal(id, "NOW", {});
    expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: { by: 42 } });
    const calls = readFileSync(join(folder, "calls"), "utf8").split("\n");
    expect([calls.filter((one) => one === "early").length, calls.filter((one) => one === "later").length]).toEqual([
      1, 2,
    ]);
  });

  test("is refused with all that cannot be made durable", async () => {
    put(
      "refused",
      `{ id: "r", initial: "a", states: {
        a: { invoke: { src: fromPromise(async () => 1) }, on: { GO: { target: "b", actions: sendParent({ type: "Y" }) } } },
        b: { meta: { step: { retires: 3 } }, invoke: { id: "m", src: "lm" } },
        c: { entry: spawnChild("llm"), invoke: [{ id: "m", src: "map" }, { id: "t", src: "ticks" }] } } }`,
      { parts: "{ actors: { ticks: fromCallback(() => {}) } }" },
    );
    const refused = await fleet.client.submit({ definition: definition("refused"), input: {} }).catch((error) => error);
    expect(refused).toMatchObject({ code: "invalid_definition" });
    expect(refused.problems.map(({ message }: { message: string }) => message)).toEqual([
      expect.stringMatching(/^state a invokes an actor that stands in the machine itself/),
      expect.stringMatching(/^state a sends to a parent/),
      expect.stringMatching(/^state b meta\.step\.retires: unknown key/),
      expect.stringMatching(/^state b invokes "lm".*Did you mean llm\?.*Allowed are the step kinds llm, agent, http/),
      expect.stringMatching(/^state c invokes "m", and so does another state/),
      expect.stringMatching(/^state c invokes "map"/),
      expect.stringMatching(/^state c invokes "ticks", which is a callback/),
      expect.stringMatching(/^state c spawns "llm" without an id/),
    ]);
    const missing = fleet.client.submit({ definition: definition("nowhere"), input: {} });
    await expect(missing).rejects.toMatchObject({ code: "machine_unknown" });
    await expect(fleet.client.submit({ definition: definition("work"), input: {} })).rejects.toThrow(
      "no XState machine",
    );
  });

  test("asks models: the shipped order-triage", async () => {
    const machines = join(root, "workflows/machines");
    const file = readFileSync(join(machines, "order-triage.machine.mjs"), "utf8");
    writeFileSync(join(folder, "order-triage.machine.mjs"), file);
    await startWorker();
    const shipped = parse(readFileSync(join(machines, "order-triage.yaml"), "utf8")) as JsonObject;
    const { id } = await fleet.client.submit({ definition: shipped, input: { text: "Two boxes of tea" } });
    const run = await fleet.ended(id);
    expect(run).toMatchObject({ status: "succeeded" });
    expect(run.steps.find((step) => step.id === "sort")?.calls).toBeGreaterThan(0);
  });
});
