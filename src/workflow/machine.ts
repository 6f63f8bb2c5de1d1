import { type AnyStateMachine, and, assign, emit, fromPromise, or, type StateValue, setup, stateIn } from "xstate";
import { formatDuration } from "../core/duration.ts";
import { AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Compensation } from "../core/run.ts";
import { blocksOf } from "./blocks.ts";
import type { CheckedDefinition, CheckedStep } from "./checked.ts";
import { type Condition, conditionOf, type KeptValues } from "./condition.ts";
import { dagOf } from "./dag.ts";
import { type Crossing, crossingsOf, isPassedOver } from "./jumps.ts";
import { type Layout, layoutOf, type WaitingStep } from "./layout.ts";
import { templateFailed } from "./rendering.ts";
import { Memory, type RunContext } from "./run-context.ts";
import {
  compensatingState,
  compensationOf,
  hasCompensation,
  noSaga,
  type Saga,
  withoutStep,
  withStep,
} from "./saga.ts";
import { type ActionShape, runEvents, stateIds, type TransitionShape } from "./statechart.ts";

/** What a workflow's machine emits about steps that end without a job's word. */
export type StepNotice =
  | { readonly type: "step.skipped"; readonly step: string }
  | { readonly type: "step.failed"; readonly step: string; readonly error: ErrorRecord }
  | ({
      readonly type: "run.compensating";
      /** Steps that are to be undone only once they have succeeded. */
      readonly onSuccess: readonly string[];
    } & Compensation);

interface StepParams {
  readonly step: string;
}

/** The end of a step. With `output` and `error` it has failed while the run goes on; `reused`: another run has executed it. */
interface StepEnd {
  readonly output?: Json;
  readonly error?: unknown;
  readonly reused?: boolean;
}

interface CancelEvent {
  readonly by: string;
  readonly reason: string | null;
}

/** Stands for every step kind. Never started: the engine makes a job of each invocation. */
const job = fromPromise<Json, { readonly step: string }>(() => new Promise(() => {}));

/** Builds the statechart of a definition; statechart.ts describes its states. */
export function machineOf(definition: CheckedDefinition): AnyStateMachine {
  const { steps, timeoutMs } = definition;
  const conditions = new Map(steps.flatMap(({ id, when }) => (when === undefined ? [] : [[id, conditionOf(when)]])));
  const memory = new Memory(conditions.values());
  const crossings = crossingsOf(steps);
  const undone = steps.filter(({ compensation }) => compensation);
  const layout = layoutOf({
    blocks: blocksOf(dagOf(steps)),
    steps: new Map(steps.map((step) => [step.id, step])),
    around: {
      failed: `#${undone.length > 0 ? stateIds.compensating : stateIds.failed}`,
      isWatched: memory.isWatched,
      isCrossed: (step) => crossings.has(step),
    },
  });
  const made = setup({
    types: {} as { context: RunContext; input: JsonObject; emitted: StepNotice },
    actors: Object.fromEntries(kindsOf(steps).map((kind) => [kind, job])),
    // The event is read by actions of the transition that it takes, never on entry, by a guard, or where a transition has no event: engine/transition-memory.ts rests on that.
    actions: {
      keep: assign(({ context, event }, { step }: StepParams) => {
        const { output = null, error = null } = event as StepEnd;
        return { values: memory.ended(context.values, step, output, error as Json) };
      }),
      keepNull: assign(({ context }, { step }: StepParams) => ({ values: memory.ended(context.values, step, null) })),
      stepFailed: assign(({ event }, { step }: StepParams) => ({
        error: { step, error: errorRecord((event as { readonly error?: unknown }).error) },
      })),
      conditionFailed: assign(({ context }, { step }: StepParams) => ({
        error: { step, error: conditionError(step, conditions.get(step), context.values) },
      })),
      runTimedOut: assign({ error: { step: null, error: timeoutError(timeoutMs ?? 0) } }),
      runCancelled: assign(({ context, event }) => {
        const { by, reason } = event as unknown as CancelEvent;
        return { saga: { ...sagaOf(context), cancelled: { by, reason } } };
      }),
      runRefused: assign(({ event }) => ({ error: { step: null, error: errorRecord((event as StepEnd).error) } })),
      jump: assign(({ context: { jumped = [] }, event }, { step }: StepParams) =>
        (event as StepEnd).error ? { jumped: [...jumped, step] } : {},
      ),
      begun: assign(({ context }, { step }: StepParams) => ({ saga: withStep(sagaOf(context), step) })),
      done: assign(({ context, event }, { step }: StepParams) => {
        const { error, reused } = event as StepEnd;
        return error || reused ? {} : { saga: withStep(sagaOf(context), step) };
      }),
      ended: assign(({ context, event }, { step }: StepParams) => ({
        saga: ((event as StepEnd).reused ? withoutStep : withStep)(sagaOf(context), step),
      })),
      undone: assign(({ context, event }, { step }: StepParams) => {
        const { error } = event as StepEnd;
        return { saga: withoutStep(sagaOf(context), step, error ? errorRecord(error) : undefined) };
      }),
      announceCompensation: emit(({ context }) => ({
        type: "run.compensating" as const,
        ...compensationOf(sagaOf(context)),
        onSuccess: undone.filter(({ compensation }) => compensation?.from === "success").map(({ id }) => id),
      })),
      announceSkip: emit((_, { step }: StepParams) => ({ type: "step.skipped" as const, step })),
      announceFailure: emit(({ context }, { step }: StepParams) => ({
        type: "step.failed" as const,
        step,
        error: errorRecord(context.error?.error),
      })),
    },
    guards: {
      "when true": ({ context }, { step }: StepParams) => verdict(conditions.get(step), context.values) === true,
      "when false": ({ context }, { step }: StepParams) => verdict(conditions.get(step), context.values) === false,
      "was cancelled": ({ context }) => sagaOf(context).cancelled !== null,
      "has to undo": ({ context }) => sagaOf(context).steps.length > 0,
      ...named(layout.waiting, "needs ended of", needsEnded),
      ...named(undone, "newest is", newestIs),
      ...named(steps, "passed over of", ({ id }) => passedOver(crossings.get(id))),
    },
  }).createMachine(configOf(definition, layout, memory) as never);
  return made as unknown as AnyStateMachine;
}

/** Kinds that may be invoked. */
function kindsOf(steps: readonly CheckedStep[]): readonly string[] {
  return steps.flatMap(({ kind, compensation }) => (compensation ? [kind, compensation.step.kind] : [kind]));
}

/** One guard a step. */
function named<T extends { readonly id: string }, G>(steps: readonly T[], name: string, guard: (step: T) => G) {
  return Object.fromEntries(steps.map((step) => [`${name} ${step.id}`, guard(step)]));
}

function configOf(definition: CheckedDefinition, layout: Layout, memory: Memory): object {
  const { name, description, timeoutMs, steps } = definition;
  const undoes = hasCompensation(steps);
  const ended = (type: ActionShape["type"]): TransitionShape => ({
    target: `#${undoes ? stateIds.compensating : stateIds.failed}`,
    actions: [{ type }],
  });
  return {
    id: name,
    ...(description === undefined ? {} : { description }),
    initial: "running",
    context: ({ input }: { input: JsonObject }): RunContext => ({
      values: memory.begin(input),
      error: null,
      ...(undoes ? { saga: noSaga } : {}),
    }),
    // Without it XState would break the whole run over the late error of a step that no longer runs.
    on: { "xstate.error.actor.*": {} },
    states: {
      running: {
        id: stateIds.running,
        initial: layout.initial,
        states: layout.states,
        ...(timeoutMs === undefined ? {} : { after: { [timeoutMs]: ended("runTimedOut") } }),
        ...(undoes ? { on: { [runEvents.cancel]: ended("runCancelled") } } : {}),
      },
      ...(undoes ? { compensating: compensatingState(steps) } : {}),
      succeeded: {
        id: stateIds.succeeded,
        ...(undoes
          ? { on: { [runEvents.refuse]: ended("runRefused"), [runEvents.cancel]: ended("runCancelled") } }
          : { type: "final" }),
      },
      failed: { id: stateIds.failed, type: "final" },
      ...(undoes ? { cancelled: { id: stateIds.cancelled, type: "final" } } : {}),
    },
  };
}

/** Holds once each of them has succeeded or was skipped. */
function needsEnded({ mesh, needs }: WaitingStep) {
  const isAt = (need: string, state: string) => {
    const value = [...mesh, need].reduceRight<StateValue>((inner, key) => ({ [key]: inner }), state);
    return stateIn(value);
  };
  return and(needs.map((need) => or([isAt(need, "succeeded"), isAt(need, "skipped")])));
}

/** Holds while no step that is to be undone has ended after this one. */
function newestIs({ id }: CheckedStep) {
  return ({ context }: { readonly context: RunContext }) => sagaOf(context).steps.at(-1) === id;
}

function passedOver(crossing: Crossing | undefined) {
  return ({ context }: { readonly context: Pick<RunContext, "jumped"> }) =>
    crossing !== undefined && isPassedOver(crossing, context.jumped ?? []);
}

function sagaOf({ saga = noSaga }: RunContext): Saga {
  return saga;
}

/** Undefined: it cannot be evaluated. */
function verdict(condition: Condition | undefined, values: KeptValues): boolean | undefined {
  try {
    return condition?.holds(values);
  } catch {
    return undefined;
  }
}

function conditionError(step: string, condition: Condition | undefined, values: KeptValues): ErrorRecord {
  try {
    condition?.holds(values);
    return errorRecord(undefined);
  } catch (error) {
    return toErrorRecord(templateFailed(`Step "${step}"`, ["when"], error));
  }
}

function timeoutError(timeoutMs: number): ErrorRecord {
  const message = `The run took longer than the workflow's timeout of ${formatDuration(timeoutMs)}.`;
  return toErrorRecord(new AppError("run_timeout", { message }));
}

/** Steps fail with records; a foreign error becomes one. */
function errorRecord(error: unknown): ErrorRecord {
  return isJsonObject(error) && typeof error.code === "string" && typeof error.message === "string"
    ? (error as unknown as ErrorRecord)
    : toErrorRecord(error ?? new AppError("step_failed"));
}
