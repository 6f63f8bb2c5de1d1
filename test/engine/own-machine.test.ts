import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AnyStateMachine,
  assign,
  cancel,
  createMachine,
  emit,
  forwardTo,
  fromCallback,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
} from "xstate";
import { llm } from "../../src/actors/index.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { createOwnDriver } from "../../src/engine/own-driver.ts";
import type { InboxEntry, RunState } from "../../src/engine/state.ts";
import { defaultKinds } from "../../src/workflow/check.ts";
import { stepAt } from "../../src/workflow/machine-tree.ts";
import { readMachine } from "../../src/workflow/own-machine.ts";

const now = Date.parse("2026-01-01T12:00:00Z");

/** A machine's decisions, as the engine makes them: the state goes through JSON between any two. */
function decisions(machine: AnyStateMachine, input: JsonObject = {}) {
  const { tree, problems } = readMachine(machine, defaultKinds);
  expect(problems).toEqual([]);
  const driver = createOwnDriver(tree);
  const stored = (state: RunState): RunState => JSON.parse(JSON.stringify(state));
  return {
    start: () => decideStart(driver, input, now),
    next: (state: RunState, entries: readonly InboxEntry[]) => decideNext(driver, stored(state), entries, now),
  };
}

const bodies = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
const asStored = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;

describe("deciding for an author's own machine", () => {
  const asks = createMachine({
    context: ({ input }) => ({ body: (input as JsonObject).body, told: null as unknown }),
    initial: "asking",
    states: {
      asking: {
        invoke: {
          id: "ask",
          src: "llm",
          input: ({ context }) => context.body as never,
          onDone: { target: "done", actions: assign({ told: ({ event }) => event.output }) },
        },
      },
      done: { type: "final" },
    },
    output: ({ context }) => context.told,
  });

  test("keeps the input of each invocation as it is, and gives back what the step brought", () => {
    fc.assert(
      fc.property(bodies, fc.jsonValue({ maxDepth: 3 }), (body, output) => {
        const { start, next } = decisions(asks, { body: asStored(body) } as JsonObject);
        const { state, opened } = start();
        expect(opened).toEqual([{ actor: "ask", epoch: 1, kind: "llm", dueAt: 0 }]);
        expect(state.active.ask?.input).toEqual(asStored(body));
        const told = asStored(output);
        const { ending } = next(state, [{ type: "done", actor: "ask", epoch: 1, output: told }]);
        expect(ending).toEqual({ status: "succeeded", output: told });
      }),
    );
  });

  test("fails with the step's own error where nothing handles it", () => {
    const { start, next } = decisions(asks, { body: {} });
    const error = { code: "provider_failed", message: "nobody answered", details: { calls: 2 } };
    const { ending } = next(start().state, [{ type: "error", actor: "ask", epoch: 1, error }]);
    expect(ending).toEqual({ status: "failed", error });
  });

  test("does not take a context's error for the run's: a final state is a success", () => {
    const machine = createMachine({
      context: { error: { step: "x", error: { code: "c", message: "m" } } },
      on: { END: ".end" },
      initial: "open",
      states: { open: {}, end: {} },
      always: { guard: ({ context }) => context.error === null, target: ".end" },
    });
    expect(decisions(machine).start().ending).toBeNull();
    const ends = createMachine({
      context: { error: { code: "c", message: "m" } },
      initial: "end",
      states: { end: { type: "final" } },
    });
    expect(decisions(ends).start().ending).toEqual({ status: "succeeded", output: null });
  });

  test("keeps what a delayed event carries until it is due", () => {
    const machine = createMachine({
      context: { got: 0 },
      entry: raise({ type: "LATE", by: 7 } as never, { delay: 500, id: "late" }),
      on: { LATE: { actions: assign({ got: ({ event }) => (event as unknown as { by: number }).by }) } },
    });
    const { start, next } = decisions(machine);
    const { state, opened } = start();
    expect(opened).toEqual([{ actor: "late", epoch: 1, kind: "timer", dueAt: now + 500 }]);
    const after = next(state, [{ type: "timer", actor: "late", epoch: 1 }]).state;
    expect((after.snapshot as unknown as { context: unknown }).context).toEqual({ got: 7 });
  });

  test("tells what the machine emits, under a type of its own and cut to size; effects of the author's own leave no trace", () => {
    let effects = 0;
    const machine = createMachine({
      entry: [
        emit({ type: "step.succeeded", step: "forged" }),
        emit({ type: "long", text: "x".repeat(40_000) }),
        () => void effects++,
      ],
    });
    expect(decisions(machine).start()).toMatchObject({
      events: [
        { type: "machine.emitted", event: { type: "step.succeeded", step: "forged" } },
        { type: "machine.emitted", event: { type: "long", left_out: 40_025 } },
      ],
      ending: null,
    });
    expect(effects).toBe(0);
  });

  test("fails where the machine spawns what no other process would find, or keeps what is no JSON", () => {
    let started = 0;
    const other = fromPromise(async () => ++started);
    const inline = createMachine({ context: ({ spawn }) => ({ held: spawn(other, { id: "held" }) }) });
    const nameless = setup({ actors: { other } }).createMachine({ context: ({ spawn }) => ({ held: spawn("other") }) });
    const endless = setup({ actors: { ticks: fromCallback(() => void started++) } }).createMachine({
      context: ({ spawn }) => ({ held: spawn("ticks", { id: "held" }) }),
    });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const keeps = createMachine({ context: { circle } });
    const sends = createMachine({ entry: sendTo("nobody", { type: "X" } as never) });
    const rounds = createMachine({ initial: "a", states: { a: { always: "b" }, b: { always: "a" } } });
    const endings = [inline, nameless, endless, keeps, sends, rounds].map(
      (machine) => decisions(machine).start().ending,
    );
    const failed = (message: RegExp) => ({
      status: "failed",
      error: { code: "machine_failed", message: expect.stringMatching(message) },
    });
    expect(endings).toEqual([
      failed(/stands in the machine itself; name it in setup/),
      failed(/spawns "other" without an id; give it one/),
      failed(/ticks.*callback, an observable/),
      failed(/not JSON/),
      failed(/Unable to send event to actor 'nobody'/),
      failed(/Infinite loop/),
    ]);
    expect(started).toBe(0);
  });

  test("keeps several delayed events of one type apart where they have no id, and cancels by id what has one", () => {
    const machine = createMachine({
      context: { got: 0 },
      entry: [
        raise({ type: "TICK" } as never, { delay: 100 }),
        raise({ type: "TICK" } as never, { delay: 200 }),
        raise({ type: "TICK" } as never, { delay: 300, id: "third" }),
      ],
      on: {
        TICK: { actions: assign({ got: ({ context }) => context.got + 1 }) },
        STOP: { actions: cancel("third") },
      },
    });
    const { start, next } = decisions(machine);
    const { state, opened } = start();
    expect(opened.map(({ actor, dueAt }) => [actor, dueAt - now])).toEqual([
      ["TICK", 100],
      ["TICK~2", 200],
      ["third", 300],
    ]);
    const stopped = next(state, [{ type: "event", event: { type: "STOP" } }]).state;
    expect(Object.keys(stopped.active)).toEqual(["TICK", "TICK~2"]);
  });
});

describe("child machines", () => {
  const asker = setup({ actors: { llm } }).createMachine({
    id: "asker",
    context: ({ input }) => ({ about: (input as JsonObject).about as Json }),
    initial: "asking",
    states: {
      asking: {
        meta: { step: { retry: { attempts: 7 } } },
        after: { 1000: "late" },
        on: { HURRY: { actions: sendParent({ type: "HURRIED" }) } },
        invoke: {
          id: "ask",
          src: "llm",
          input: ({ context }) => ({ prompt: String(context.about) }),
          onDone: { target: "told", actions: assign({ about: ({ event }) => event.output }) },
        },
      },
      told: { type: "final" },
      late: { type: "final" },
    },
    output: ({ context }) => ({ told: context.about }),
  });
  const parent = setup({ actors: { asker } }).createMachine({
    context: { got: null as unknown, error: null as unknown, hurried: 0 },
    initial: "open",
    states: {
      open: {
        on: {
          HURRY: { actions: forwardTo("child") },
          HURRIED: { actions: assign({ hurried: ({ context }) => context.hurried + 1 }) },
          LEAVE: "left",
        },
        invoke: {
          id: "child",
          src: "asker",
          input: { about: "tea" },
          onDone: { target: "end", actions: assign({ got: ({ event }) => event.output }) },
          onError: { target: "end", actions: assign({ error: ({ event }) => event.error }) },
        },
      },
      left: {},
      end: { type: "final" },
    },
    output: ({ context }) => context,
  });

  test("have their steps and timers in the run, by path; their output and their errors come back to the parent", () => {
    const { start, next } = decisions(parent);
    const { state, opened } = start();
    expect(opened).toEqual([
      { actor: "child.ask", epoch: 1, kind: "llm", dueAt: 0 },
      { actor: "child.xstate.after.1000.asker.asking", epoch: 2, kind: "timer", dueAt: now + 1000 },
    ]);
    expect(state.active["child.ask"]?.input).toEqual({ prompt: "tea" });
    const done = next(state, [{ type: "done", actor: "child.ask", epoch: 1, output: "leaves" }]);
    expect(done.ending).toEqual({ status: "succeeded", output: { got: { told: "leaves" }, error: null, hurried: 0 } });
    expect(Object.keys(done.state.active)).toEqual([]);
    const error = { code: "provider_failed", message: "nobody" };
    const failed = next(state, [{ type: "error", actor: "child.ask", epoch: 1, error }]);
    expect(failed.ending).toMatchObject({ status: "succeeded", output: { error, got: null } });
    const late = next(state, [{ type: "timer", actor: "child.xstate.after.1000.asker.asking", epoch: 2 }]);
    expect(late).toMatchObject({ ending: { output: { got: { told: "tea" } } }, abandoned: [{ actor: "child.ask" }] });
  });

  test("get messages and send them, and end with the state that invokes them", () => {
    const { start, next } = decisions(parent);
    const send = (type: string): InboxEntry => ({ type: "event", event: { type } });
    const { state } = next(start().state, [send("HURRY"), send("HURRY")]);
    expect(state.snapshot).toMatchObject({ value: "open", context: { hurried: 2 } });
    const left = next(state, [send("LEAVE")]);
    expect(left.state.active).toEqual({});
    expect(left.abandoned).toEqual([{ actor: "child.ask", epoch: 1 }]);
    expect(left.closed).toContain("child.xstate.after.1000.asker.asking");
    const stale = next(left.state, [{ type: "done", actor: "child.ask", epoch: 1, output: "late" }]);
    expect(stale.state.snapshot).toEqual(left.state.snapshot);
  });

  test("may send each other messages for ever, which fails the run and says so", () => {
    const echo = createMachine({ on: { PING: { actions: sendParent({ type: "PONG" }) } } });
    const machine = setup({ actors: { echo } }).createMachine({
      invoke: { id: "echo", src: "echo" },
      entry: sendTo("echo", { type: "PING" }),
      on: { PONG: { actions: sendTo("echo", { type: "PING" }) } },
    });
    const { ending } = decisions(machine).start();
    expect(ending).toMatchObject({ status: "failed", error: { message: expect.stringMatching(/without end/) } });
  });

  test("may be spawned under ids that only the run knows; their steps then bear the actor's name with the id", () => {
    const machine = setup({ actors: { asker, count: fromTransition((sum: number) => sum + 1, 0) } }).createMachine({
      context: { refs: [] as unknown[] },
      entry: spawnChild("count", { id: "count" }),
      on: {
        ADD: {
          actions: assign({
            refs: ({ context, spawn, event }) => [
              ...context.refs,
              spawn("asker", { id: `a-${(event as unknown as { n: number }).n}`, input: { about: "x" } }),
            ],
          }),
        },
        COUNT: { actions: sendTo("count", { type: "X" }) },
        DROP: { actions: ({ context }) => context },
      },
    });
    const { start, next } = decisions(machine);
    const add = (n: number): InboxEntry => ({ type: "event", event: { type: "ADD", n } });
    const one = next(start().state, [add(1)]);
    const two = next(one.state, [add(2), { type: "event", event: { type: "COUNT" } }]);
    expect(two.opened.map(({ actor }) => actor)).toContain("asker[a-2].ask");
    expect(two.state.snapshot).toMatchObject({ children: { count: { snapshot: { context: 1 } } } });
    const step = stepAt(readMachine(machine, defaultKinds).tree, "asker[a-2].ask");
    expect(step).toMatchObject({ actor: { type: "step", kind: "llm" }, policy: { retry: { attempts: 7 } } });
  });

  test("are read with everything that is wrong in them", () => {
    const wrong = createMachine({ invoke: [{ id: "a", src: "lm" }, { src: fromPromise(async () => 1) as never }] });
    const ticks = fromCallback(() => {});
    const machine = setup({ actors: { wrong, ticks, http: fromPromise(async () => 1) } }).createMachine({
      entry: [spawnChild("wrong"), spawnChild("ticks", { id: "t" }), sendParent({ type: "X" })],
      invoke: { id: "h", src: "http" },
    });
    expect(readMachine(machine, defaultKinds).problems).toEqual([
      expect.stringMatching(/^state \(root\) of machine wrong invokes "lm".*Did you mean llm\?/),
      expect.stringMatching(/^state \(root\) of machine wrong invokes an actor that stands in the machine itself/),
      expect.stringMatching(/^state \(root\) invokes "http", which is a step kind's name and an actor of its own/),
      expect.stringMatching(/^state \(root\) spawns "wrong" without an id/),
      expect.stringMatching(/^state \(root\) spawns "ticks", which is a callback/),
      expect.stringMatching(/^state \(root\) sends to a parent/),
    ]);
  });
});
