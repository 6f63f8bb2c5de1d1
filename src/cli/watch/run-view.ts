import type { CallRecord, Decision, FailureClass } from "../../core/call.ts";
import type { ErrorRecord } from "../../core/errors.ts";
import { pendingStep, stepAfter } from "../../core/history.ts";
import type { Run, RunEvent, RunStatus, StepRecord } from "../../core/run.ts";

/** One step as a reader of the history sees it. */
export interface StepRow {
  readonly record: StepRecord;
  /** Every call heard of, once each; while an attempt goes on also those that its report will bring. */
  readonly calls: readonly CallRecord[];
  /** Why it waits or has failed, or why it did not run here, in one sentence. */
  readonly reason: string | null;
}

/** Why a provider did not serve. */
export interface Setback {
  readonly provider: string;
  readonly model: string;
  /** `set_aside`: the router did not even try it. */
  readonly class: FailureClass | "set_aside";
  readonly status: number | null;
  readonly message: string;
}

/** Another provider took over: worth a line of its own. */
export interface Failover {
  readonly seq: number;
  readonly at: number;
  readonly step: string;
  /** Each that did not serve, once; the server too, where it failed before. */
  readonly setbacks: readonly Setback[];
  readonly servedBy: string;
}

/** A run as its history tells it, up to one event. */
export interface RunView {
  readonly runId: string;
  readonly workflow: string;
  readonly version: number;
  readonly status: RunStatus;
  /** Number of the last event that is in it. */
  readonly seq: number;
  readonly createdAt: number | null;
  readonly finishedAt: number | null;
  readonly steps: readonly StepRow[];
  readonly failovers: readonly Failover[];
  readonly error: ErrorRecord | null;
}

/** A view before the first event. @param run its id, and its steps in the order in which they are shown; more may join. */
export function runView(
  run: Pick<Run, "id" | "workflow" | "version"> & { readonly steps: readonly StepName[] },
): RunView {
  return {
    runId: run.id,
    workflow: run.workflow,
    version: run.version,
    status: "queued",
    seq: 0,
    createdAt: null,
    finishedAt: null,
    steps: run.steps.map(({ id, kind }) => emptyRow(id, kind)),
    failovers: [],
    error: null,
  };
}

/** A step's name and kind: enough to show that it is to come. */
export type StepName = Pick<StepRecord, "id" | "kind">;

/** The view after one more event. An event that the view already has changes nothing. */
export function applyEvent(view: RunView, event: RunEvent): RunView {
  if (event.seq <= view.seq) return view;
  const next = { ...view, seq: event.seq };
  switch (event.type) {
    case "run.created":
      return { ...next, workflow: event.workflow, version: event.version, createdAt: event.at };
    case "run.started":
      return { ...next, status: "running" };
    case "run.succeeded":
      return { ...next, status: "succeeded", finishedAt: event.at };
    case "run.failed":
      return { ...next, status: "failed", finishedAt: event.at, error: event.error };
    case "run.cancelled":
      return { ...next, status: "cancelled", finishedAt: event.at, error: event.error ?? null };
    default:
      // Every other event is a step's. One that this program does not know yet changes nothing but the number.
      return "step" in event
        ? withStep(event.type === "step.succeeded" ? withFailover(next, event) : next, event)
        : next;
  }
}

type StepEvent = Extract<RunEvent, { step: string }>;

function emptyRow(id: string, kind: string): StepRow {
  return { record: pendingStep(id, kind), calls: [], reason: null };
}

function withStep(view: RunView, event: StepEvent): RunView {
  const known = view.steps.some(({ record }) => record.id === event.step);
  const steps = known ? view.steps : [...view.steps, emptyRow(event.step, "")];
  return { ...view, steps: steps.map((row) => (row.record.id === event.step ? rowAfter(row, event) : row)) };
}

function rowAfter(row: StepRow, event: StepEvent): StepRow {
  return {
    // A type that a newer server sends leaves the record as it was.
    record: stepAfter(row.record, event) ?? row.record,
    calls: joined(row.calls, callsOf(event)),
    reason: reasonOf(event),
  };
}

function callsOf(event: StepEvent): readonly CallRecord[] {
  if (event.type === "call.failed") return [event.call];
  return "calls" in event ? event.calls : [];
}

function reasonOf(event: StepEvent): string | null {
  if (event.type === "step.reused") return `kept from ${event.run}`;
  if (event.type === "step.waiting") return event.reason;
  return event.type === "step.retrying" || event.type === "step.failed" ? event.error.message : null;
}

/** A failed call comes as news first and in its attempt's report again. */
function joined(known: readonly CallRecord[], more: readonly CallRecord[]): readonly CallRecord[] {
  const nameOf = (call: CallRecord) => `${call.provider} ${call.model} ${call.key ?? ""} ${call.startedAt} ${call.ok}`;
  const names = new Set(known.map(nameOf));
  return [...known, ...more.filter((call) => !names.has(nameOf(call)))];
}

function withFailover(view: RunView, event: Extract<RunEvent, { type: "step.succeeded" }>): RunView {
  const servedBy = event.served?.provider;
  if (servedBy === undefined) return view;
  const earlier = view.steps.find(({ record }) => record.id === event.step)?.calls ?? [];
  const setbacks = new Map<string, Setback>();
  for (const setback of [...setAside(event.decision), ...failures(joined(earlier, event.calls))]) {
    setbacks.set(setback.provider, setback);
  }
  // One that failed first and served after all is no failover, unless others failed in between.
  if ([...setbacks.keys()].every((provider) => provider === servedBy)) return view;
  const failover = { seq: event.seq, at: event.at, step: event.step, setbacks: [...setbacks.values()], servedBy };
  return { ...view, failovers: [...view.failovers, failover] };
}

function setAside(decision: Decision | undefined): Setback[] {
  return (decision?.candidates ?? [])
    .filter(
      (candidate) => candidate.excluded !== undefined && (candidate.state === "open" || candidate.state === "out"),
    )
    .map(({ provider, model, excluded = "" }) => ({
      provider,
      model,
      class: "set_aside",
      status: null,
      message: excluded,
    }));
}

function failures(calls: readonly CallRecord[]): Setback[] {
  return calls.flatMap(({ provider, model, failure }) => (failure ? [{ provider, model, ...failure }] : []));
}
