import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pendingStep, stepAfter } from "../../src/core/history.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { EventBody, Run, StepStatus } from "../../src/core/run.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { createDriver } from "../../src/engine/drive.ts";
import { decideFork, planFork } from "../../src/engine/fork.ts";
import type { Delivery, RunState, Transition } from "../../src/engine/state.ts";
import type { CompiledWorkflow } from "../../src/workflow/compiled.ts";
import { dagOf } from "../../src/workflow/dag.ts";
import { define, failureOf } from "../workflow/support/define.ts";

interface RandomStep {
  readonly id: string;
  readonly needs: readonly string[];
  /** `input`: it runs where the input says so. `step`: it runs where the step before it has run. */
  readonly when: "input" | "step" | null;
}

interface Random {
  readonly steps: readonly RandomStep[];
  /** What the input says of each step. */
  readonly said: readonly boolean[];
  readonly otherwise: readonly boolean[];
  readonly cut: string;
  readonly failing: ReadonlySet<string>;
  readonly order: readonly number[];
}

const now = Date.parse("2026-01-01T12:00:00Z");

const random: fc.Arbitrary<Random> = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc
    .record({
      drawn: fc.array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), when: fc.nat(5) }), {
        minLength: count,
        maxLength: count,
      }),
      said: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      otherwise: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      cut: fc.nat(count - 1),
      failing: fc.array(fc.nat(count - 1), { minLength: 1, maxLength: 3 }),
      order: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
    })
    .map(({ drawn, cut, failing, ...rest }) => ({
      ...rest,
      steps: drawn.map(({ needs, when }, index) => ({
        id: `s${index}`,
        needs: [...new Set(index === 0 ? [] : needs.map((need) => `s${need % index}`))],
        when: when === 0 ? "input" : when === 1 && needs.length > 0 && index > 0 ? "step" : null,
      })),
      cut: `s${cut}`,
      failing: new Set(failing.map((index) => `s${index}`)),
    })),
);

function workflowOf(steps: readonly RandomStep[]): CompiledWorkflow {
  const condition = ({ id, needs, when }: RandomStep) =>
    when === "input" ? `input.${id}` : `steps.${needs[0]}.output.of == '${needs[0]}'`;
  return define({
    name: "w",
    timeout: "1h",
    steps: steps.map((step) => ({
      id: step.id,
      needs: [...step.needs],
      noop: {},
      ...(step.when ? { when: condition(step) } : {}),
    })),
  });
}

const inputOf = (said: readonly boolean[]): JsonObject => Object.fromEntries(said.map((is, i) => [`s${i}`, is]));

function ended(step: string, epoch: number, fails: boolean): Delivery {
  const tried = { step, attempt: 1, calls: [] } as const;
  if (fails) {
    const error = { code: "step_failed", message: `${step} broke` };
    return { actor: step, epoch, type: "error", error, event: { type: "step.failed", ...tried, error } };
  }
  const event = { type: "step.succeeded", ...tried, served: null } as const;
  return { actor: step, epoch, type: "done", output: { of: step }, event };
}

/** What became of a run. */
interface Played {
  readonly events: readonly EventBody[];
  readonly outputs: JsonObject;
  readonly status: "succeeded" | "failed";
  /** Steps that were executed, in no order. */
  readonly executed: readonly string[];
}

/** Plays a run on from its first transition to its end, one step after the other. */
function play(
  workflow: CompiledWorkflow,
  first: Transition,
  failing: ReadonlySet<string>,
  order: readonly number[],
): Played {
  const driver = createDriver(workflow.machine);
  const events: EventBody[] = [...first.events];
  const outputs: Record<string, JsonObject[string]> = { ...first.outputs };
  const executed: string[] = [];
  let last = first;
  for (let turn = 0; !last.ending; turn++) {
    // As it is stored.
    const state = JSON.parse(JSON.stringify(last.state)) as RunState;
    const running = Object.entries(state.active).filter(([, { kind }]) => kind !== "timer");
    const [step, { epoch }] = running[(order[turn % order.length] ?? 0) % running.length] ?? ["", { epoch: 0 }];
    executed.push(step);
    last = decideNext(driver, state, [ended(step, epoch, failing.has(step))], now);
    events.push(...last.events);
    Object.assign(outputs, last.outputs);
  }
  return { events, outputs, status: last.ending.status === "succeeded" ? "succeeded" : "failed", executed };
}

function playAll({ steps, said, order }: Random, failing: ReadonlySet<string> = new Set()): Played {
  const workflow = workflowOf(steps);
  return play(workflow, decideStart(createDriver(workflow.machine), inputOf(said), now), failing, order);
}

function runOf({ steps, said }: Random, { events, outputs, status }: Played): Run {
  const records = steps.map(({ id }) => {
    const record = events.reduce(
      (before, event, seq) => stepAfter(before, { seq, at: now, ...event }),
      pendingStep(id, "noop"),
    );
    return id in outputs ? { ...record, output: outputs[id] ?? null } : record;
  });
  const summary = { id: "run_a", workflow: "w", version: 1, status, createdAt: 0, startedAt: 0, finishedAt: 0 };
  return { ...summary, costUsd: null, input: inputOf(said), hints: {}, output: null, error: null, steps: records };
}

function statusesOf(steps: readonly RandomStep[], events: readonly EventBody[]): Readonly<Record<string, StepStatus>> {
  return Object.fromEntries(
    steps.map(({ id }) => [
      id,
      events.reduce((before, event, seq) => stepAfter(before, { seq, at: now, ...event }), pendingStep(id, "noop"))
        .status,
    ]),
  );
}

/** Forks and plays the fork to its end. */
function forked(r: Random, original: Played, from: string | undefined, said: readonly boolean[]): Played {
  const workflow = workflowOf(r.steps);
  const { kept } = planFork(runOf(r, original), r.steps, from);
  return play(workflow, decideFork(workflow.machine, inputOf(said), kept, now), new Set(), [...r.order].reverse());
}

describe("a fork of any run that has succeeded", () => {
  test("executes exactly the steps from the cut on, and ends as the run did", () => {
    fc.assert(
      fc.property(random, (r) => {
        const original = playAll(r);
        const fork = forked(r, original, r.cut, r.said);
        const dag = dagOf(r.steps);
        const again = original.executed.filter((id) => id === r.cut || dag.runsBefore(r.cut, id));
        expect([...fork.executed].sort()).toEqual([...again].sort());
        expect([fork.status, fork.outputs]).toEqual([original.status, original.outputs]);
        expect(statusesOf(r.steps, fork.events)).toEqual(statusesOf(r.steps, original.events));
        const reused = fork.events.flatMap((event) => (event.type === "step.reused" ? [event.step] : []));
        expect([...reused, ...fork.executed].sort()).toEqual([...original.executed].sort());
        const queued = fork.events.flatMap((event) => (event.type === "step.queued" ? [event.step] : []));
        expect(queued.sort()).toEqual([...fork.executed].sort());
      }),
      { numRuns: 200 },
    );
  });

  test("leaves what came before the cut as it was, whatever its own input says", () => {
    fc.assert(
      fc.property(random, (r) => {
        const original = playAll(r);
        const fork = forked(r, original, r.cut, r.otherwise);
        const dag = dagOf(r.steps);
        const before = r.steps.filter(({ id }) => id !== r.cut && !dag.runsBefore(r.cut, id));
        expect(fork.executed.filter((id) => before.some((step) => step.id === id))).toEqual([]);
        expect(statusesOf(before, fork.events)).toEqual(statusesOf(before, original.events));
        for (const { id } of before) expect(fork.outputs[id]).toEqual(original.outputs[id]);
        // And what comes after it sees the new input.
        const [cut] = r.steps.filter(({ id }) => id === r.cut);
        if (cut?.when === "input") {
          const says = r.otherwise[r.steps.indexOf(cut)];
          expect(statusesOf([cut], fork.events)[r.cut]).toBe(says ? "succeeded" : "skipped");
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("a retry of any run that has failed", () => {
  test("executes exactly what had not succeeded, and ends as if nothing had failed", () => {
    fc.assert(
      fc.property(random, (r) => {
        const broken = playAll(r, r.failing);
        fc.pre(broken.status === "failed");
        const whole = playAll(r);
        const retry = forked(r, broken, undefined, r.said);
        const done = statusesOf(r.steps, broken.events);
        expect([...retry.executed].sort()).toEqual(whole.executed.filter((id) => done[id] !== "succeeded").sort());
        expect([retry.status, retry.outputs]).toEqual(["succeeded", whole.outputs]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a fork is refused", () => {
  const steps: readonly RandomStep[] = [
    { id: "first", needs: [], when: null },
    { id: "second", needs: ["first"], when: null },
    { id: "third", needs: ["second"], when: null },
  ];
  const r = { steps, said: [], otherwise: [], cut: "", failing: new Set(["second"]), order: [0] };
  const [whole, broken] = [runOf(r, playAll(r)), runOf(r, playAll(r, r.failing))];

  test("from a step that is not there, with the one that was meant", () => {
    const error = failureOf(() => planFork(whole, steps, "secnd"));
    expect(error).toMatchObject({ code: "unknown_step", message: expect.stringContaining("Did you mean second?") });
  });

  test("from a step that was not reached, with the one before it", () => {
    const error = failureOf(() => planFork(broken, steps, "third"));
    expect(error).toMatchObject({ code: "step_not_reached", details: { before: "second" } });
    expect(planFork(broken, steps, "second").from).toBe("second");
  });

  test("where a version has put a new step before it", () => {
    const next = [
      { id: "new", needs: ["first"] },
      { id: "first", needs: [] },
      { id: "second", needs: ["new"] },
    ];
    expect(failureOf(() => planFork(whole, next, "second"))).toMatchObject({ details: { before: "new" } });
  });

  test("as a retry of a run that has succeeded, or goes on", () => {
    expect(failureOf(() => planFork(whole, steps, undefined))).toMatchObject({ code: "nothing_to_retry" });
    const running = { ...broken, status: "running" } as const;
    expect(failureOf(() => planFork(running, steps, undefined))).toMatchObject({ code: "nothing_to_retry" });
    expect([...planFork(running, steps, "second").kept.keys()]).toEqual(["first"]);
  });

  test("when what a step brought is not there any more", () => {
    const lost = { ...whole, steps: whole.steps.map(({ output: _, ...step }) => step) };
    expect(failureOf(() => planFork(lost, steps, "third"))).toMatchObject({ code: "output_lost" });
    expect(planFork(lost, steps, "first").kept.size).toBe(0);
  });
});
