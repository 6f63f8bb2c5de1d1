import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AnyStateMachine, assign, createMachine, emit, fromPromise, raise, sendTo, setup } from "xstate";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { createDriver } from "../../src/engine/drive.ts";
import type { InboxEntry, RunState } from "../../src/engine/state.ts";
import { defaultKinds } from "../../src/workflow/check.ts";
import { readMachine, withStandIns } from "../../src/workflow/own-machine.ts";

const now = Date.parse("2026-01-01T12:00:00Z");

/** A machine's decisions, as the engine makes them: the state goes through JSON between any two. */
function decisions(machine: AnyStateMachine, input: JsonObject = {}) {
  const { invoked } = readMachine(machine, defaultKinds);
  const driver = createDriver(withStandIns(machine, invoked), new Set(invoked.map(({ id }) => id)));
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

  test("fails where the machine spawns, sends to another actor or keeps what is no JSON; what it emits and its own effects leave no trace", () => {
    let effects = 0;
    const quiet = createMachine({
      entry: [emit({ type: "step.succeeded", step: "forged" }), () => void effects++],
    });
    expect(decisions(quiet).start()).toMatchObject({ events: [], ending: null });
    expect(effects).toBe(0);
    const spawns = setup({ actors: { other: fromPromise(async () => 1) } }).createMachine({
      context: ({ spawn }) => ({ held: spawn("other", { id: "held" }) }),
    });
    const sends = createMachine({ entry: sendTo("nobody", { type: "X" } as never) });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const keeps = createMachine({ context: { circle } });
    const code = "machine_failed";
    for (const machine of [spawns, sends, keeps]) {
      expect(decisions(machine).start().ending).toMatchObject({ status: "failed", error: { code } });
    }
  });
});
