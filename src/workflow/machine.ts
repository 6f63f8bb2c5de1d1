import { type AnyStateMachine, and, assign, emit, fromPromise, or, type StateValue, setup, stateIn } from "xstate";
import { formatDuration } from "../core/duration.ts";
import { AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { blocksOf } from "./blocks.ts";
import type { CheckedDefinition } from "./checked.ts";
import { type Condition, conditionOf, type KeptValues } from "./condition.ts";
import { dagOf } from "./dag.ts";
import { type Layout, layoutOf, type WaitingStep } from "./layout.ts";
import { templateFailed } from "./rendering.ts";
import { Memory, type RunContext } from "./run-context.ts";
import { stateIds } from "./statechart.ts";

/** What a workflow's machine emits about steps that end without a job's word. */
export type StepNotice =
  | { readonly type: "step.skipped"; readonly step: string }
  | { readonly type: "step.failed"; readonly step: string; readonly error: ErrorRecord };

interface StepParams {
  readonly step: string;
}

/** Stands for every step kind. Never started: the engine makes a job of each invocation. */
const job = fromPromise<Json, { readonly step: string }>(() => new Promise(() => {}));

/** Builds the statechart of a definition; statechart.ts describes its states. */
export function machineOf(definition: CheckedDefinition): AnyStateMachine {
  const { steps, timeoutMs } = definition;
  const conditions = new Map(steps.flatMap(({ id, when }) => (when === undefined ? [] : [[id, conditionOf(when)]])));
  const memory = new Memory(conditions.values());
  const layout = layoutOf({
    blocks: blocksOf(dagOf(steps)),
    steps: new Map(steps.map((step) => [step.id, step])),
    isWatched: memory.isWatched,
  });
  const made = setup({
    types: {} as { context: RunContext; input: JsonObject; emitted: StepNotice },
    actors: Object.fromEntries(steps.map(({ kind }) => [kind, job])),
    actions: {
      keep: assign(({ context, event }, { step }: StepParams) => ({
        values: memory.ended(context.values, step, (event as { readonly output?: Json }).output ?? null),
      })),
      keepNull: assign(({ context }, { step }: StepParams) => ({ values: memory.ended(context.values, step, null) })),
      stepFailed: assign(({ event }, { step }: StepParams) => ({
        error: { step, error: errorRecord((event as { readonly error?: unknown }).error) },
      })),
      conditionFailed: assign(({ context }, { step }: StepParams) => ({
        error: { step, error: conditionError(step, conditions.get(step), context.values) },
      })),
      runTimedOut: assign({ error: { step: null, error: timeoutError(timeoutMs ?? 0) } }),
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
      ...Object.fromEntries(layout.waiting.map((step) => [`needs ended of ${step.id}`, needsEnded(step)])),
    },
  }).createMachine(configOf(definition, layout, memory) as never);
  return made as unknown as AnyStateMachine;
}

function configOf({ name, description, timeoutMs }: CheckedDefinition, layout: Layout, memory: Memory): object {
  const timeout = { target: `#${stateIds.failed}`, actions: [{ type: "runTimedOut" }] };
  return {
    id: name,
    ...(description === undefined ? {} : { description }),
    initial: "running",
    context: ({ input }: { input: JsonObject }): RunContext => ({ values: memory.begin(input), error: null }),
    // Without it XState would break the whole run over the late error of a step that no longer runs.
    on: { "xstate.error.actor.*": {} },
    states: {
      running: {
        id: stateIds.running,
        initial: layout.initial,
        states: layout.states,
        ...(timeoutMs === undefined ? {} : { after: { [timeoutMs]: timeout } }),
      },
      succeeded: { id: stateIds.succeeded, type: "final" },
      failed: { id: stateIds.failed, type: "final" },
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
