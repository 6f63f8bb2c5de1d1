import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventBody } from "../../src/core/run.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { createDriver } from "../../src/engine/drive.ts";
import type { Delivery, RunState, Transition } from "../../src/engine/state.ts";
import { define } from "../workflow/support/define.ts";

interface RandomStep {
  readonly id: string;
  readonly needs: readonly string[];
  readonly skipped: boolean;
  readonly fails: boolean;
}

interface RandomRun {
  readonly steps: readonly RandomStep[];
  /** Which actors end next, and how many of them are folded together; over and over. */
  readonly picks: readonly { readonly first: number; readonly size: number }[];
}

const now = Date.parse("2026-01-01T12:00:00Z");
const picks = fc.array(fc.record({ first: fc.nat(), size: fc.integer({ min: 1, max: 6 }) }), {
  minLength: 12,
  maxLength: 12,
});

/** Steps that may need any of those before them. @param failing how many of ten fail */
function randomRun(failing: number): fc.Arbitrary<RandomRun> {
  const step = fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), skipped: fc.nat(9), fails: fc.nat(9) });
  return fc.record({ drawn: fc.array(step, { minLength: 1, maxLength: 12 }), picks }).map(({ drawn, picks }) => ({
    steps: drawn.map(({ needs, skipped, fails }, index) => ({
      id: `s${index}`,
      needs: [...new Set(index === 0 ? [] : needs.map((need) => `s${need % index}`))],
      skipped: skipped === 0,
      fails: fails < failing,
    })),
    picks,
  }));
}

function driverOf(steps: readonly RandomStep[]) {
  const written = steps.map(({ id, needs, skipped }) => ({
    id,
    needs,
    noop: {},
    ...(skipped ? { when: "false" } : {}),
  }));
  return createDriver(define({ name: "w", steps: written, timeout: "1h" }).machine);
}

function ended(step: string, epoch: number, fails: boolean): Delivery {
  const head = { actor: step, epoch };
  const tried = { step, attempt: 1, calls: [] } as const;
  if (!fails) {
    const event = { type: "step.succeeded", ...tried, served: null } as const;
    return { ...head, type: "done", output: { of: step }, event };
  }
  const error = { code: "provider_failed", message: `${step} broke` };
  return { ...head, type: "error", error, event: { type: "step.failed", ...tried, error } };
}

/** A run from its start to its end. */
class Run {
  readonly batches: (readonly Delivery[])[] = [];
  readonly events: EventBody[] = [];
  readonly outputs: Record<string, unknown> = {};
  readonly epochs: number[] = [];
  readonly #driver: ReturnType<typeof driverOf>;
  #last: Transition;

  constructor(steps: readonly RandomStep[]) {
    this.#driver = driverOf(steps);
    this.#last = decideStart(this.#driver, {}, now);
    this.#keep();
  }

  get ending() {
    return this.#last.ending;
  }

  /** As it is stored. */
  get state(): RunState {
    return JSON.parse(JSON.stringify(this.#last.state)) as RunState;
  }

  get running(): readonly (readonly [step: string, epoch: number])[] {
    return Object.entries(this.state.active).flatMap(([id, { kind, epoch }]) =>
      kind === "timer" ? [] : [[id, epoch] as const],
    );
  }

  fold(deliveries: readonly Delivery[]): void {
    this.batches.push(deliveries);
    this.#last = decideNext(this.#driver, this.state, deliveries, now);
    this.#keep();
  }

  #keep(): void {
    this.events.push(...this.#last.events);
    Object.assign(this.outputs, this.#last.outputs);
    this.epochs.push(...this.#last.opened.map(({ epoch }) => epoch));
  }
}

/** Ends running steps in batches until the run has ended. */
function drive({ steps, picks }: RandomRun): Run {
  const run = new Run(steps);
  const failing = new Set(steps.filter(({ fails }) => fails).map(({ id }) => id));
  for (let turn = 0; !run.ending; turn++) {
    const { first, size } = picks[turn % picks.length] ?? { first: 0, size: 1 };
    const { running } = run;
    const from = first % running.length;
    const batch = [...running.slice(from), ...running.slice(0, from)].slice(0, size);
    run.fold(batch.map(([id, epoch]) => ended(id, epoch, failing.has(id))));
  }
  return run;
}

const terminal = ["step.succeeded", "step.failed", "step.skipped", "step.cancelled"];

/** Events by which a step ends, by step. */
function endsOf(events: readonly EventBody[]): Readonly<Record<string, readonly string[]>> {
  const ends: Record<string, string[]> = {};
  for (const event of events) {
    if ("step" in event && terminal.includes(event.type)) ends[event.step] = [...(ends[event.step] ?? []), event.type];
  }
  return ends;
}

describe("the decisions of any workflow", () => {
  test("come to the same whether outcomes are folded together or one by one", () => {
    fc.assert(
      fc.property(randomRun(1), (random) => {
        const together = drive(random);
        const oneByOne = new Run(random.steps);
        for (const delivery of together.batches.flat()) if (!oneByOne.ending) oneByOne.fold([delivery]);
        // Which jobs an ended run leaves depends on which steps were dispatched by a commit of their own.
        expect({ ...oneByOne.state, left: null }).toEqual({ ...together.state, left: null });
        expect(oneByOne.outputs).toEqual(together.outputs);
        expect(oneByOne.ending).toEqual(together.ending);
        expect(endsOf(oneByOne.events)).toEqual(endsOf(together.events));
      }),
      { numRuns: 150 },
    );
  });

  test("come to the same outputs in whatever order the steps end", () => {
    fc.assert(
      fc.property(randomRun(0), picks, (random, others) => {
        const [one, other] = [drive(random), drive({ ...random, picks: others })];
        expect([one.ending, other.ending]).toEqual([{ status: "succeeded" }, { status: "succeeded" }]);
        expect(other.outputs).toEqual(one.outputs);
        const expected = random.steps.filter(({ skipped }) => !skipped).map(({ id }) => id);
        expect(Object.keys(one.outputs).sort()).toEqual(expected.sort());
      }),
      { numRuns: 100 },
    );
  });

  test("give each step that was dispatched or skipped exactly one end, and each dispatch an epoch of its own", () => {
    fc.assert(
      fc.property(randomRun(2), (random) => {
        const run = drive(random);
        const ends = endsOf(run.events);
        expect(Object.values(ends).every((found) => found.length === 1)).toBe(true);
        const queued = run.events.flatMap((event) => (event.type === "step.queued" ? [event.step] : []));
        const skipped = run.events.flatMap((event) => (event.type === "step.skipped" ? [event.step] : []));
        expect(Object.keys(ends).sort()).toEqual([...queued, ...skipped].sort());
        expect(new Set(run.epochs).size).toBe(run.epochs.length);
        expect(run.epochs).toEqual([...run.epochs].sort((a, b) => a - b));
        expect(run.state.active).toEqual({});
      }),
      { numRuns: 150 },
    );
  });

  test("say the same when they are asked twice", () => {
    fc.assert(
      fc.property(randomRun(1), (random) => {
        expect(JSON.stringify(drive(random))).toBe(JSON.stringify(drive(random)));
        const [one, other] = [drive(random), drive(random)];
        expect([other.state, other.events]).toEqual([one.state, one.events]);
      }),
      { numRuns: 50 },
    );
  });
});
