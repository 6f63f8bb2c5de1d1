import type { ErrorRecord } from "../core/errors.ts";
import type { Compensation } from "../core/run.ts";
import { type CheckedStep, compensationId } from "./checked.ts";
import { type ActionShape, type StateShape, stateIds, type TransitionShape } from "./statechart.ts";

/** What a run remembers of its steps that are to be undone if it does not succeed. */
export interface Saga {
  /** Those steps, in the order in which they ended; where one has not, in that of its start. The last one is undone first. */
  readonly steps: readonly string[];
  /** Who has cancelled the run; null: nobody. */
  readonly cancelled: { readonly by: string; readonly reason: string | null } | null;
  /** Compensations that have failed, by the step that they were to undo. */
  readonly failed: readonly { readonly step: string; readonly error: ErrorRecord }[];
}

/** Before the first step. */
export const noSaga: Saga = { steps: [], cancelled: null, failed: [] };

/** The saga with a step as the newest; one that is in it already moves to the end. */
export function withStep(saga: Saga, step: string): Saga {
  return { ...saga, steps: [...saga.steps.filter((one) => one !== step), step] };
}

/** The saga without a step: it is undone, or its effect belongs to another run. @param error given: its compensation has failed with it */
export function withoutStep(saga: Saga, step: string, error?: ErrorRecord): Saga {
  const failed = error ? [...saga.failed, { step, error }] : saga.failed;
  return { ...saga, steps: saga.steps.filter((one) => one !== step), failed };
}

/** What is about to be undone, as the history tells it. */
export function compensationOf({ steps, cancelled }: Saga): Compensation {
  return { because: cancelled ? "cancelled" : "failed", steps: [...steps].reverse() };
}

/** Whether some step of a workflow is undone. */
export function hasCompensation(steps: readonly CheckedStep[]): boolean {
  return steps.some(({ compensation }) => compensation);
}

/** The actions by which a step joins those that are to be undone. */
export function sagaActions({ id, compensation }: CheckedStep, moment: "start" | "end"): readonly ActionShape[] {
  if (!compensation || (moment === "start" && compensation.from === "success")) return [];
  const type = moment === "start" ? "begun" : compensation.from === "start" ? "ended" : "done";
  return [{ type, params: { step: id } }];
}

/**
 * The states in which a run undoes what it has done, one step after the other:
 *
 *     compensating
 *       begun                tells what will be undone, if anything
 *       next                 the newest step that is not undone; none: the run ends
 *       compensate flight    that compensation's job; whether it succeeds or fails, the next one follows
 */
export function compensatingState(steps: readonly CheckedStep[]): StateShape {
  const undone = steps.filter(({ compensation }) => compensation);
  const keyOf = (step: string) => `compensate ${step}`;
  const ways = undone.map(({ id }): TransitionShape => ({ guard: { type: `newest is ${id}` }, target: keyOf(id) }));
  const next: StateShape = {
    always: [
      ...ways,
      { guard: { type: "was cancelled" }, target: `#${stateIds.cancelled}` },
      { target: `#${stateIds.failed}` },
    ],
  };
  const announced: TransitionShape = {
    guard: { type: "has to undo" },
    target: "next",
    actions: [{ type: "announceCompensation" }],
  };
  const states = undone.flatMap(({ id, compensation }): [string, StateShape][] =>
    compensation ? [[keyOf(id), undoing(id, compensation.step.kind)]] : [],
  );
  return {
    id: stateIds.compensating,
    initial: "begun",
    states: { begun: { always: [announced, { target: "next" }] }, next, ...Object.fromEntries(states) },
  };
}

function undoing(step: string, kind: string): StateShape {
  const params = { step };
  return {
    invoke: {
      id: compensationId(step),
      src: kind,
      input: { step: compensationId(step) },
      onDone: { target: "next", actions: [{ type: "undone", params }] },
      onError: { target: "next", actions: [{ type: "undone", params }] },
    },
  };
}
