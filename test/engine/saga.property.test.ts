import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { EventBody } from "../../src/core/run.ts";
import { decideNext, decideRefusal, decideStart } from "../../src/engine/decide.ts";
import { createDriver } from "../../src/engine/drive.ts";
import type { Delivery, InboxEntry, RunState, Transition } from "../../src/engine/state.ts";
import { define } from "../workflow/support/define.ts";

type Stop = "fails" | "is cancelled" | "times out" | "is refused";

interface RandomStep {
  readonly id: string;
  readonly needs: readonly string[];
  readonly undone: "no" | "success" | "start";
  readonly tolerated: boolean;
}

interface RandomRun {
  readonly steps: readonly RandomStep[];
  readonly picks: readonly number[];
  readonly stop: Stop;
  /** Steps that have ended before it stops. */
  readonly after: number;
  /** Which compensations fail. */
  readonly broken: readonly boolean[];
  /** Whether somebody cancels the run while it undoes. */
  readonly again: boolean;
}

const now = Date.parse("2026-01-01T12:00:00Z");

const randomRun: fc.Arbitrary<RandomRun> = fc
  .record({
    drawn: fc.array(
      fc.record({
        needs: fc.array(fc.nat(), { maxLength: 3 }),
        undone: fc.constantFrom("no" as const, "success" as const, "success" as const, "start" as const),
        tolerated: fc.integer({ min: 0, max: 5 }).map((drawn) => drawn === 0),
      }),
      { minLength: 1, maxLength: 9 },
    ),
    picks: fc.array(fc.nat(), { minLength: 9, maxLength: 9 }),
    stop: fc.constantFrom<Stop>("fails", "is cancelled", "times out", "is refused"),
    after: fc.nat(9),
    broken: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
    again: fc.boolean(),
  })
  .map(({ drawn, ...rest }) => ({
    ...rest,
    steps: drawn.map(({ needs, ...step }, index): RandomStep => {
      const own = index === 0 ? [] : needs.map((need) => `s${need % index}`);
      return { ...step, id: `s${index}`, needs: [...new Set(own)] };
    }),
  }));

function driverOf(steps: readonly RandomStep[]) {
  const written = steps.map(
    ({ id, needs, undone, tolerated }): JsonObject => ({
      id,
      needs: [...needs],
      noop: {},
      ...(tolerated ? { on_error: "continue" } : {}),
      ...(undone === "no" ? {} : { compensate: { from: undone, noop: {} } }),
    }),
  );
  return createDriver(define({ name: "w", steps: written, timeout: "1h" }).machine);
}

const broke = { code: "provider_failed", message: "It broke." };

function ended(actor: string, epoch: number, how: "succeeds" | "fails" | "fails, tolerated"): Delivery {
  const tried = { step: actor, attempt: 1, calls: [] } as const;
  if (how === "succeeds") {
    return { actor, epoch, type: "done", output: 1, event: { type: "step.succeeded", ...tried, served: null } };
  }
  const event = { type: "step.failed", ...tried, error: broke } as const;
  if (how === "fails") return { actor, epoch, type: "error", error: broke, event };
  return { actor, epoch, type: "done", output: null, event: { ...event, tolerated: true } };
}

/** A run that is stored after each transition. */
class Run {
  readonly events: EventBody[] = [];
  last: Transition;
  readonly #driver: ReturnType<typeof driverOf>;

  constructor(steps: readonly RandomStep[]) {
    this.#driver = driverOf(steps);
    this.last = decideStart(this.#driver, {}, now);
    this.events.push(...this.last.events);
  }

  get state(): RunState {
    return JSON.parse(JSON.stringify(this.last.state)) as RunState;
  }

  active(kind: "timer" | "step"): readonly (readonly [actor: string, epoch: number])[] {
    const all = Object.entries(this.state.active).filter(
      ([, active]) => (active.kind === "timer") === (kind === "timer"),
    );
    return all.map(([actor, { epoch }]) => [actor, epoch] as const);
  }

  fold(entry: InboxEntry): void {
    this.last = decideNext(this.#driver, this.state, [entry], now);
    this.events.push(...this.last.events);
  }

  refuse(): void {
    this.last = decideRefusal(this.#driver, { ...this.last, state: this.state, events: [] }, broke, now);
    this.events.push(...this.last.events);
  }

  told<T extends EventBody["type"]>(type: T): readonly Extract<EventBody, { type: T }>[] {
    return this.events.filter((event): event is Extract<EventBody, { type: T }> => event.type === type);
  }
}

const cancel: InboxEntry = { type: "cancel", by: "ada", reason: null };

/** Runs until it is stopped. @returns steps in the order in which they ended, and those under way; undefined: it ended before */
function stopped(run: Run, { steps, picks, stop, after }: RandomRun) {
  const ends: { readonly id: string; readonly ok: boolean }[] = [];
  const byId = new Map(steps.map((step) => [step.id, step]));
  for (;;) {
    const running = run.active("step");
    const isLast = running.length === 0;
    if (isLast && stop !== "is refused") return undefined;
    if (isLast || (ends.length >= after && stop !== "is refused")) break;
    const [actor, epoch] = running[(picks[ends.length] ?? 0) % running.length] ?? ["", 0];
    const ok = !byId.get(actor)?.tolerated;
    run.fold(ended(actor, epoch, ok ? "succeeds" : "fails, tolerated"));
    ends.push({ id: actor, ok });
  }
  const running = run.active("step");
  const [failing, epoch] = running[(picks.at(-1) ?? 0) % Math.max(1, running.length)] ?? ["", 0];
  if (stop === "fails") run.fold(ended(failing, epoch, "fails"));
  if (stop === "is cancelled") run.fold(cancel);
  if (stop === "times out") {
    const [timer, at] = run.active("timer")[0] ?? ["", 0];
    run.fold({ actor: timer, epoch: at, type: "timer" });
  }
  if (stop === "is refused") run.refuse();
  return { ends, underWay: running.map(([id]) => id), failing: stop === "fails" ? failing : undefined };
}

describe("a run that does not succeed", () => {
  test("undoes exactly what its steps have done, the last first, one after the other, each once, whatever stops it and whichever of these fail", () => {
    fc.assert(
      fc.property(randomRun, (random) => {
        const run = new Run(random.steps);
        const how = stopped(run, random);
        fc.pre(how !== undefined);
        const { ends, underWay, failing } = how ?? { ends: [], underWay: [] };
        const undone = (id: string) => random.steps.find((step) => step.id === id)?.undone;
        const known = ends
          .filter(({ id, ok }) => (ok ? undone(id) !== "no" : undone(id) === "start"))
          .map(({ id }) => id);
        const unknown = underWay.filter((id) => undone(id) === "start");
        const queuedBefore = run.told("step.queued").filter(({ step }) => !step.includes(".")).length;

        const order: string[] = [];
        const failed: string[] = [];
        for (let turn = 0; !run.last.ending; turn++) {
          const active = run.active("step");
          expect(active.length).toBe(1);
          const [actor, epoch] = active[0] ?? ["", 0];
          order.push(actor.replace(".compensate", ""));
          if (random.again) run.fold(cancel);
          if (random.broken[turn]) failed.push(actor.replace(".compensate", ""));
          run.fold(ended(actor, epoch, random.broken[turn] ? "fails" : "succeeds"));
        }

        expect([...order].sort()).toEqual([...known, ...unknown].sort());
        expect(order.filter((id) => known.includes(id))).toEqual([...known].reverse());
        // What is under way may rest on what has ended, never the other way round.
        for (const { id, needs } of random.steps) {
          const later = order.slice(order.indexOf(id) + 1);
          if (order.includes(id))
            expect(later).toEqual(expect.arrayContaining(needs.filter((need) => order.includes(need))));
        }
        expect(
          run.told("run.compensating").map(({ because, steps, unsure = [] }) => [because, steps, [...unsure].sort()]),
        ).toEqual(
          order.length === 0
            ? []
            : [
                [
                  random.stop === "is cancelled" ? "cancelled" : "failed",
                  order,
                  underWay.filter((id) => undone(id) === "success" && id !== failing).sort(),
                ],
              ],
        );
        // Nothing but compensations begins any more.
        expect(run.told("step.queued").filter(({ step }) => !step.includes(".")).length).toBe(queuedBefore);
        const { ending } = run.last;
        expect(ending?.status).toBe(random.stop === "is cancelled" ? "cancelled" : "failed");
        const error = ending && "error" in ending ? ending.error : undefined;
        const told = (error?.details?.not_undone ?? []) as readonly JsonObject[];
        expect(told.map(({ step }) => step)).toEqual(failed);
        if (failing) expect(error).toMatchObject({ code: "provider_failed", details: { step: failing } });
        if (random.stop === "times out") expect(error?.code).toBe("run_timeout");
        expect(run.state.active).toEqual({});
      }),
      { numRuns: 200 },
    );
  });

  test("that succeeds undoes nothing", () => {
    fc.assert(
      fc.property(randomRun, (random) => {
        const run = new Run(random.steps);
        stopped(run, { ...random, stop: "fails", after: Number.POSITIVE_INFINITY });
        expect(run.last.ending).toEqual({ status: "succeeded" });
        expect(run.told("run.compensating")).toEqual([]);
        expect(Object.keys(run.last.outputs).some((id) => id.includes(".compensate"))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});
