import fc from "fast-check";
import { expect, test } from "vitest";
import { assign, emit, fromPromise, sendParent, sendTo, setup } from "xstate";
import type { Served } from "../../src/core/call.ts";
import type { Json } from "../../src/core/json.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { type JournalEntry, journalLimits, journalName, withEntry } from "../../src/engine/journal.ts";
import { createOwnDriver } from "../../src/engine/own-driver.ts";
import { replayed } from "../../src/engine/replay.ts";
import { decideResume, type ForkPoint, keptOfJournal } from "../../src/engine/resume-machine.ts";
import type { InboxEntry, RunState, Transition } from "../../src/engine/state.ts";
import { defaultKinds } from "../../src/workflow/check.ts";
import { readMachine } from "../../src/workflow/own-machine.ts";

const work = fromPromise(async () => 1);

const child = setup({ actors: { work } }).createMachine({
  id: "child",
  initial: "on",
  context: { hurried: 0 },
  on: { HURRY: { actions: assign({ hurried: ({ context }) => (context.hurried as number) + 1 }) } },
  states: {
    on: {
      invoke: {
        id: "inner",
        src: "work",
        onDone: { target: "off", actions: sendParent({ type: "TOLD" }) },
        onError: "off",
      },
      after: { 700: "off" },
    },
    off: { type: "final" },
  },
  output: ({ context }) => context,
});

/** Goes round and round: two steps side by side, a child machine, timers, failures that are handled. */
const machine = setup({ actors: { work, child } }).createMachine({
  id: "own",
  initial: "first",
  context: ({ input }) => ({ path: (input as { path?: string }).path ?? "main", seen: [] as unknown[] }),
  states: {
    first: {
      invoke: {
        id: "first",
        src: "work",
        input: ({ context }) => ({ seen: context.seen }),
        onDone: [
          { guard: ({ context }) => context.path === "short", target: "last" },
          {
            target: "both",
            actions: assign({ seen: ({ context, event }) => [...context.seen, event.output].slice(-5) }),
          },
        ],
        onError: { target: "both", actions: assign({ seen: ({ context }) => [...context.seen, "failed"].slice(-5) }) },
      },
    },
    both: {
      type: "parallel",
      on: { AGAIN: "first" },
      states: {
        left: {
          initial: "on",
          states: {
            on: { invoke: { id: "left", src: "work", onDone: "off", onError: "off" } },
            off: { type: "final", entry: emit({ type: "left_off" }) },
          },
        },
        right: {
          initial: "on",
          states: {
            on: {
              on: {
                HURRY: { actions: sendTo("kid", { type: "HURRY" }) },
                TOLD: { actions: assign({ seen: ({ context }) => [...context.seen, "told"].slice(-5) }) },
              },
              invoke: { id: "kid", src: "child", onDone: "off" },
              after: { 2000: "off" },
            },
            off: { type: "final" },
          },
        },
      },
      onDone: "last",
    },
    last: { invoke: { id: "last", src: "work", onDone: "first" } },
  },
});
const driver = createOwnDriver(readMachine(machine, defaultKinds).tree);
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** A run in memory: its states after each decision, and the journal that it would have in Redis. */
class Played {
  readonly outputs: Record<string, Json> = {};
  readonly states: RunState[] = [];
  at: number;

  constructor(first: Transition, at: number) {
    this.at = at;
    this.#took(first);
  }

  get state(): RunState {
    return this.states.at(-1) as RunState;
  }

  get journal(): readonly JournalEntry[] {
    const { entries = 0 } = this.state.journal ?? {};
    return Array.from({ length: entries }, (_, index) => this.outputs[journalName(index)] as unknown as JournalEntry);
  }

  take(entries: readonly InboxEntry[], ms: number): void {
    this.at += ms;
    this.#took(decideNext(driver, this.state, entries, this.at));
  }

  #took({ state, outputs }: Transition): void {
    this.states.push(stored(state));
    Object.assign(this.outputs, stored(outputs));
  }
}

interface Move {
  readonly signals: readonly string[];
  readonly ends: readonly { readonly nth: number; readonly fails: boolean }[];
  readonly ms: number;
}

const moves = fc.array(
  fc.record({
    signals: fc.array(fc.constantFrom("AGAIN", "HURRY", "NOBODY"), { maxLength: 2 }),
    ends: fc.array(fc.record({ nth: fc.nat(4), fails: fc.boolean() }), { minLength: 1, maxLength: 2 }),
    ms: fc.nat(900),
  }),
  { minLength: 1, maxLength: 8 },
);

function make(run: Played, moved: readonly Move[]): void {
  for (const { signals, ends, ms } of moved) {
    const active = Object.entries(run.state.active);
    const entries = ends.flatMap(({ nth, fails }): InboxEntry[] => {
      const [actor, one] = active[nth % Math.max(1, active.length)] ?? [];
      if (actor === undefined || !one) return [];
      const head = { actor, epoch: one.epoch };
      if (one.timer) return [{ type: "timer", ...head }];
      if (fails && actor !== "last") return [{ type: "error", ...head, error: { code: "step_failed", message: "no" } }];
      return [{ type: "done", ...head, output: { from: actor, ms } }];
    });
    run.take([...signals.map((type): InboxEntry => ({ type: "event", event: { type, ms } })), ...entries], ms);
  }
}

const started = (input = {}) => new Played(decideStart(driver, input, 1_000), 1_000);

async function forkAt(run: Played, count: number, runId: string, now: number): Promise<Played> {
  const entries = run.journal.slice(0, count);
  const { snapshot, active } = await replayed(driver, {}, entries, "");
  const point: ForkPoint = {
    at: entries.at(-1)?.at ?? 0,
    snapshot,
    active,
    kept: keptOfJournal(runId, entries, active),
    journal: { entries, isFull: false },
    run: runId,
  };
  return new Played(decideResume(point, now), now);
}

test("told again what its journal says, a machine stands where it stood when each of its steps was dispatched", async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (moved) => {
      const run = started();
      make(run, moved);
      const { journal } = run;
      expect(journal).toHaveLength(run.states.length);
      for (const [index, { opened }] of journal.entries()) {
        if (opened.length === 0) continue;
        const { journal: _, ...then } = run.states[index] as RunState;
        const { journal: __, ...again } = stored(await replayed(driver, {}, stored(journal.slice(0, index + 1)), ""));
        expect(again).toEqual(then);
        for (const step of opened) expect(again.active).toHaveProperty([step]);
      }
    }),
    { numRuns: 40 },
  );
});

test("a fork goes on as its run did, its timers wait as long, and it can be forked like a run of its own", async () => {
  const gone = ({ state }: Played, since: number) => ({
    snapshot: state.snapshot,
    active: Object.entries(state.active)
      .map(([actor, { kind, timer, input }]) => [actor, kind, input, timer && Math.max(0, timer.dueAt - since)])
      .sort(),
  });
  await fc.assert(
    fc.asyncProperty(moves, moves, async (before, after) => {
      const run = started();
      make(run, before);
      const left = run.at;
      // Where nothing came that was taken, there is no entry: it is the last one that says when it stood so.
      const fork = await forkAt(run, run.journal.length, "run_a", 50_000);
      const shift = 50_000 - (run.journal.at(-1)?.at ?? 0);
      make(run, after);
      fork.at = left + shift;
      make(fork, after);
      expect(gone(fork, fork.at)).toEqual(gone(run, run.at));
      const second = await forkAt(fork, fork.journal.length, "run_b", 90_000);
      expect(gone(second, 90_000)).toEqual(gone(fork, fork.journal.at(-1)?.at ?? 0));
    }),
    { numRuns: 40 },
  );
});

test("a fork's history says which steps it keeps, also those whose failure the machine has gone on from", async () => {
  const run = started();
  const error = { code: "step_failed", message: "no" };
  const served = { provider: "openai" } as unknown as Served;
  run.take([{ type: "error", actor: "first", epoch: 1, error }], 5);
  const event = { type: "step.succeeded", step: "left", attempt: 1, served, calls: [] } as const;
  run.take([{ type: "done", actor: "left", epoch: run.state.active.left?.epoch ?? 0, output: "L", event }], 5);
  const entries = run.journal;
  const { snapshot, active } = await replayed(driver, {}, entries, "");
  const kept = keptOfJournal("run_a", entries, active);
  const journal = { entries, isFull: false };
  const { events, outputs, opened, state } = decideResume({ at: 0, snapshot, active, kept, journal, run: "run_a" }, 99);
  expect(events).toEqual([
    { type: "step.queued", step: "first" },
    { type: "step.failed", step: "first", attempt: 0, calls: [], error, tolerated: true },
    { type: "step.queued", step: "left" },
    { type: "step.reused", step: "left", run: "run_a", served },
    { type: "step.queued", step: "kid.inner" },
  ]);
  expect(outputs).toMatchObject({ left: "L", "#journal:2": { told: [{ actor: "left", run: "run_a", served }] } });
  expect(opened.map(({ actor }) => actor).sort()).toEqual(Object.keys(state.active).sort());
});

test("with another input a fork is refused where the machine goes another way, and says where", async () => {
  const run = started();
  make(run, [{ signals: [], ends: [{ nth: 0, fails: false }], ms: 5 }]);
  expect(run.journal.map(({ opened }) => opened)).toEqual([["first"], ["left", "kid.inner"]]);
  const again = await replayed(driver, { path: "long" }, run.journal, "this input");
  expect(again.snapshot).toMatchObject({ context: { path: "long" } });
  await expect(replayed(driver, { path: "short" }, run.journal, "this input")).rejects.toMatchObject({
    code: "fork_diverged",
    message:
      'With this input, the machine goes another way after "first": it begins "last" in place of "left", "kid.inner".',
    details: { after: ["first"] },
  });
  await expect(replayed(driver, { path: "short" }, run.journal.slice(0, 1), "this input")).resolves.toBeDefined();
});

test("a journal that is full keeps what it has", () => {
  const entry: JournalEntry = { at: 1, told: [], opened: ["a"] };
  const limits = { ...journalLimits, entries: 1 };
  const first = withEntry({ entries: 0, length: 0 }, entry, limits);
  expect(first).toEqual({
    mark: { entries: 1, length: JSON.stringify(entry).length },
    stored: { "#journal:0": entry },
  });
  const full = withEntry(first.mark, entry, limits);
  expect(full).toEqual({ mark: { ...first.mark, isFull: true }, stored: {} });
  expect(withEntry(full.mark, entry)).toEqual({ mark: full.mark, stored: {} });
});
