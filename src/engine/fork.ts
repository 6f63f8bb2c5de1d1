import type { AnyStateMachine } from "xstate";
import type { Served } from "../core/call.ts";
import { AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { EventBody, Run, StepRecord } from "../core/run.ts";
import { didYouMean } from "../core/suggest.ts";
import { withSettledConditions } from "../workflow/conditions.ts";
import { type Dag, type DagNode, dagOf } from "../workflow/dag.ts";
import { decideNext, decideStart } from "./decide.ts";
import { createDriver } from "./drive.ts";
import type { Delivery, Dispatch, Transition } from "./state.ts";

/** What a fork keeps of the run that it comes from, by step. A step that is not in it runs anew. */
export type Kept = ReadonlyMap<string, KeptStep>;

/** A step that had ended before the fork. */
export type KeptStep =
  | { readonly status: "skipped" }
  /** Its failure was tolerated; the output is what stood in. */
  | { readonly status: "failed"; readonly output: Json; readonly error: ErrorRecord }
  | {
      readonly status: "succeeded";
      readonly output: Json;
      readonly served: Served | null;
      /** The run in which it was executed. */
      readonly run: string;
    };

/** What a fork is made of. */
export interface ForkPlan {
  readonly kept: Kept;
  /** Where it begins: the step that was named, or that failed; null where no step was the reason of the run's end. */
  readonly from: string | null;
}

/**
 * Which steps a fork keeps: those that had ended and that neither are the first one to run anew nor come after it. Pure.
 * @param run with its outputs @param steps of the version that the fork follows @param from absent: what did not succeed runs anew
 * @throws AppError unknown_step, step_not_reached, nothing_to_retry, output_lost
 */
export function planFork(run: Run, steps: readonly DagNode[], from: string | undefined): ForkPlan {
  if (from === undefined) {
    if (run.status !== "failed" && run.status !== "cancelled") throw nothingToRetry(run);
    // Where the run ended because of failures that it would have tolerated one by one, these are what failed.
    const failed = run.error?.code === "too_many_failures" ? run.steps.filter(({ status }) => status === "failed") : [];
    const kept = keptSteps(run, dagOf(steps), (id) => failed.some((step) => step.id === id));
    return { kept, from: failedStep(run) };
  }
  if (!steps.some(({ id }) => id === from)) throw unknownStep(run, steps, from);
  const dag = dagOf(steps);
  const kept = keptSteps(run, dag, (id) => id === from || dag.runsBefore(from, id));
  const open = dag.order.filter((id) => dag.runsBefore(id, from) && !kept.has(id));
  if (open[0] !== undefined) throw notReached(run, from, open[0]);
  return { kept, from };
}

function keptSteps(run: Run, dag: Dag, isAgain: (step: string) => boolean): Kept {
  const records = new Map(run.steps.map((step) => [step.id, step]));
  const kept = new Map<string, KeptStep>();
  for (const id of dag.order) {
    const record = records.get(id);
    if (!record || isAgain(id) || isUndone(run, id) || !dag.needs(id).every((need) => kept.has(need))) continue;
    if (record.status === "skipped") kept.set(id, { status: "skipped" });
    if (record.status === "succeeded") kept.set(id, succeeded(run, record));
    const { output, error } = record;
    if (record.status === "failed" && output !== undefined) {
      kept.set(id, { status: "failed", output, error: error ?? toErrorRecord(new AppError("step_failed")) });
    }
  }
  return kept;
}

/** Whether what the step did was undone, or is about to be. One that could not be undone counts too: nobody knows what is left of it. */
function isUndone({ compensation }: Run, step: string): boolean {
  return compensation?.steps.includes(step) === true;
}

function succeeded({ id: run }: Run, { id, output, served, reusedFrom }: StepRecord): KeptStep {
  if (output === undefined) {
    const message = `The output of step "${id}" of run ${run} is not there any more.`;
    throw new AppError("output_lost", { message, details: { run, step: id } });
  }
  return { status: "succeeded", output, served, run: reusedFrom ?? run };
}

/**
 * The first transition of a fork: what is kept has happened, with the outputs and decisions that it had, and what comes next is dispatched. Pure.
 * @param input the fork's own: the steps that run anew see it @param now epoch milliseconds, for timers
 */
export function decideFork(machine: AnyStateMachine, input: JsonObject, kept: Kept, now: number): Transition {
  const verdicts = new Map([...kept].map(([id, { status }]) => [id, status !== "skipped"]));
  const driver = createDriver(withSettledConditions(machine, verdicts));
  let last = decideStart(driver, input, now);
  const events: EventBody[] = [...last.events];
  const outputs: Record<string, Json> = {};
  for (let ends = endsOf(last, kept); ends.length > 0; ends = endsOf(last, kept)) {
    last = decideNext(driver, last.state, ends, now);
    events.push(...last.events);
    Object.assign(outputs, last.outputs);
  }
  return {
    state: last.state,
    outputs,
    events: events.filter((event) => !(event.type === "step.queued" && kept.has(event.step))),
    opened: Object.entries(last.state.active).map(
      ([actor, { epoch, kind, timer }]): Dispatch => ({ actor, epoch, kind, dueAt: timer?.dueAt ?? 0 }),
    ),
    closed: [],
    abandoned: [],
    ending: last.ending,
  };
}

/** The ends of those active steps that are kept. */
function endsOf({ state, ending }: Transition, kept: Kept): readonly Delivery[] {
  if (ending) return [];
  return Object.entries(state.active).flatMap(([actor, { epoch }]): Delivery[] => {
    const step = kept.get(actor);
    if (step === undefined || step.status === "skipped") return [];
    return [{ type: "done", actor, epoch, output: step.output, event: endOf(actor, step) }];
  });
}

function endOf(actor: string, step: Exclude<KeptStep, { readonly status: "skipped" }>): EventBody {
  if (step.status === "succeeded") return { type: "step.reused", step: actor, run: step.run, served: step.served };
  return { type: "step.failed", step: actor, attempt: 0, calls: [], error: step.error, tolerated: true };
}

function failedStep({ error }: Run): string | null {
  const step = error?.details?.step;
  return typeof step === "string" ? step : null;
}

function unknownStep({ workflow }: Run, steps: readonly DagNode[], from: string): AppError {
  const known = steps.map(({ id }) => id);
  const message = `Workflow "${workflow}" has no step "${from}".${didYouMean(from, known)} Its steps: ${known.join(", ")}.`;
  return new AppError("unknown_step", { message, details: { step: from, known } });
}

function notReached(run: Run, from: string, open: string): AppError {
  const { id, steps } = run;
  const status = isUndone(run, open) ? "undone" : (steps.find((step) => step.id === open)?.status ?? "not in it");
  const message = `Step "${from}" was not reached in run ${id}: step "${open}" before it is ${status}. Fork from "${open}".`;
  return new AppError("step_not_reached", { message, details: { run: id, step: from, before: open } });
}

function nothingToRetry({ id, status }: Run): AppError {
  const why =
    status === "succeeded" ? "has succeeded. Say from which step to fork it" : `is ${status}: it has not ended`;
  return new AppError("nothing_to_retry", { message: `Run ${id} ${why}.`, details: { run: id, status } });
}
