import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  createActor,
  forwardTo,
  fromPromise,
  SimulatedClock,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from "xstate";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { createOwnDriver } from "../../src/engine/own-driver.ts";
import type { InboxEntry, RunState } from "../../src/engine/state.ts";
import { defaultKinds } from "../../src/workflow/check.ts";
import { readMachine } from "../../src/workflow/own-machine.ts";

/** What a promise actor waits for in XState's own run of the machine, by the actor's path. */
const waiting = new Map<
  string,
  { readonly resolve: (value: Json) => void; readonly reject: (error: unknown) => void }
>();

const work = fromPromise<Json, Json>(
  ({ self, signal }) =>
    new Promise((resolve, reject) => {
      const path = pathOf(self);
      waiting.set(path, { resolve, reject });
      signal.addEventListener("abort", () => waiting.delete(path));
    }),
);

function pathOf(self: AnyActorRef): string {
  const parent = self._parent?._parent === undefined ? "" : `${pathOf(self._parent)}.`;
  return `${parent}${self.id}`;
}

const note = (what: string): never =>
  assign({ seen: ({ context }: { context: { seen: string[] } }) => [...context.seen, what] }) as never;
const actorsOf = { work };

/** Works in rounds, tells its parent of each, and gives up when it is bored. */
const child = setup({ types: { context: {} as { seen: string[] } }, actors: actorsOf }).createMachine({
  context: { seen: [] },
  initial: "working",
  on: { PING: { actions: [note("ping"), sendParent({ type: "PONG" })] } },
  states: {
    working: {
      invoke: {
        id: "w",
        src: "work",
        input: null,
        onDone: { target: "resting", actions: [note("worked"), sendParent({ type: "ROUND" })] },
        onError: "broken",
      },
      after: { 300: { target: "resting", actions: note("slow") } },
    },
    resting: { on: { AGAIN: "working", END: "end" }, after: { 500: "end" } },
    broken: {
      entry: assign(() => {
        throw new Error("broken");
      }),
    },
    end: { type: "final" },
  },
  output: ({ context }) => context.seen.length,
});

const parent = setup({ types: { context: {} as { seen: string[] } }, actors: { child, ...actorsOf } }).createMachine({
  context: { seen: [] },
  type: "parallel",
  on: { PONG: { actions: note("pong") }, ROUND: { actions: [note("round"), sendTo("c", { type: "PING" })] } },
  states: {
    one: {
      initial: "on",
      states: {
        on: {
          invoke: {
            id: "c",
            src: "child",
            onDone: { target: "off", actions: note("c done") },
            onError: { target: "off", actions: note("c failed") },
          },
          on: { PING: { actions: forwardTo("c") }, AGAIN: { actions: forwardTo("c") }, LEAVE: "off" },
        },
        off: { on: { ENTER: "on" }, entry: sendTo(({ self }) => self, { type: "LATER" }, { delay: 200, id: "later" }) },
      },
      on: { LATER: { actions: note("later") }, ROUND: { actions: note("round without ping") } },
    },
    two: {
      initial: "alone",
      states: {
        alone: { on: { SPAWN: { target: "both", actions: spawnChild("child", { id: "child" }) } } },
        both: {
          on: {
            DROP: { target: "alone", actions: stopChild("child") },
            TELL: { actions: sendTo("child", { type: "PING" }, { delay: 100 }) },
            "xstate.error.actor.child": { target: "alone", actions: note("child failed") },
            "xstate.done.actor.child": { target: "alone", actions: note("child done") },
          },
        },
      },
    },
  },
});

type Move =
  | { readonly type: "send"; readonly event: string }
  | { readonly type: "end"; readonly pick: number; readonly ok: boolean }
  | { readonly type: "pass"; readonly ms: number };

const moves = fc.array(
  fc.oneof(
    fc
      .constantFrom("PING", "AGAIN", "LEAVE", "ENTER", "SPAWN", "DROP", "TELL")
      .map((event): Move => ({ type: "send", event })),
    fc.record({ type: fc.constant("end" as const), pick: fc.nat(3), ok: fc.boolean() }),
    fc.constantFrom(100, 250, 600).map((ms): Move => ({ type: "pass", ms })),
  ),
  { maxLength: 14 },
);

/** What counts of a machine and of those inside it. */
function told(snapshot: unknown): Json {
  const { status, value, context, output, children } = snapshot as JsonObject;
  const machines = Object.entries((children ?? {}) as JsonObject).filter(
    ([, one]) => ((one as JsonObject).snapshot as JsonObject).value !== undefined,
  );
  const inside = machines.map(([id, one]) => [id, told((one as JsonObject).snapshot)] as const);
  return JSON.parse(JSON.stringify({ status, value, context, output, children: Object.fromEntries(inside) })) as Json;
}

/** The engine's run: every state goes through JSON, as between two workers, and each decision is made twice, as after a crash before its commit. */
class EngineRun {
  readonly #driver = createOwnDriver(readMachine(parent as unknown as AnyStateMachine, defaultKinds).tree);
  state: RunState = decideStart(this.#driver, {}, 0).state;
  now = 0;

  take(entries: readonly InboxEntry[]): void {
    const stored = JSON.stringify(this.state);
    const decided = decideNext(this.#driver, JSON.parse(stored) as RunState, entries, this.now);
    expect(decideNext(this.#driver, JSON.parse(stored) as RunState, entries, this.now)).toEqual(decided);
    this.state = decided.state;
  }

  steps(): readonly string[] {
    return Object.entries(this.state.active).flatMap(([actor, { timer }]) => (timer ? [] : [actor]));
  }

  end(actor: string, ok: boolean): void {
    const { epoch = 0 } = this.state.active[actor] ?? {};
    const error = { code: "function_failed", message: "no" };
    this.take([ok ? { type: "done", actor, epoch, output: 1 } : { type: "error", actor, epoch, error }]);
  }

  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = Object.entries(this.state.active)
        .filter(([, { timer }]) => timer && timer.dueAt <= until)
        .sort(([, a], [, b]) => (a.timer?.dueAt ?? 0) - (b.timer?.dueAt ?? 0) || a.epoch - b.epoch)[0];
      if (!due) break;
      this.now = Math.max(this.now, due[1].timer?.dueAt ?? 0);
      this.take([{ type: "timer", actor: due[0], epoch: due[1].epoch }]);
    }
    this.now = until;
  }
}

test("a machine and its children come to the states of XState's own actors, whatever happens in whichever order", async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (all) => {
      waiting.clear();
      const clock = new SimulatedClock();
      const actor = createActor(parent, { clock });
      actor.subscribe({ error: () => undefined });
      actor.start();
      const run = new EngineRun();
      for (const move of all) {
        if (actor.getSnapshot().status !== "active") break;
        if (move.type === "send") {
          actor.send({ type: move.event } as never);
          run.take([{ type: "event", event: { type: move.event } }]);
        } else if (move.type === "pass") {
          // In small steps: SimulatedClock takes what is due in one step in the order in which it was set.
          for (let ms = 0; ms < move.ms; ms += 50) {
            clock.increment(50);
            run.pass(50);
          }
        } else {
          const open = run.steps();
          expect([...waiting.keys()].sort()).toEqual([...open].sort());
          const step = open[move.pick % Math.max(1, open.length)];
          if (step === undefined) continue;
          const promise = waiting.get(step);
          waiting.delete(step);
          if (move.ok) promise?.resolve(1);
          else promise?.reject(new Error("no"));
          await new Promise((resolve) => setImmediate(resolve));
          run.end(step, move.ok);
        }
        expect(told(run.state.snapshot)).toEqual(told(actor.getPersistedSnapshot()));
      }
      actor.stop();
    }),
    { numRuns: 150 },
  );
});

test("whether deliveries are folded one by one or all at once, the state is the same", () => {
  const events = fc.array(fc.constantFrom("PING", "AGAIN", "LEAVE", "ENTER", "SPAWN", "DROP", "TELL"), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(events, fc.nat(8), (names, cut) => {
      const entries = names.map((type): InboxEntry => ({ type: "event", event: { type } }));
      const [one, parts] = [new EngineRun(), new EngineRun()];
      for (const entry of entries) one.take([entry]);
      parts.take(entries.slice(0, cut));
      parts.take(entries.slice(cut));
      // The journal has an entry for each decision.
      const told = ({ journal: _, ...state }: RunState) => state;
      expect(told(parts.state)).toEqual(told(one.state));
    }),
    { numRuns: 60 },
  );
});
