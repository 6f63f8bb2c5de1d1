import type { CallRecord, Decision, Hints, Served } from "./call.ts";
import type { ErrorRecord } from "./errors.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Priority } from "./priority.ts";

/** Where a run stands. Stored: renaming one is a breaking change. `waiting` is reserved: nothing sets it yet. */
export type RunStatus = "queued" | "running" | "waiting" | "paused" | "succeeded" | "failed" | "cancelled";

/** Where a step stands. Stored: renaming one is a breaking change. */
export type StepStatus =
  | "pending"
  | "queued"
  | "running"
  | "waiting"
  | "succeeded"
  | "failed"
  | "skipped"
  | "cancelled";

/** The statuses that a run does not leave. */
const terminalRunStatuses: ReadonlySet<RunStatus> = new Set(["succeeded", "failed", "cancelled"]);

/** Whether a run has ended. */
export function isTerminal(status: RunStatus): boolean {
  return terminalRunStatuses.has(status);
}

/** Where a fork comes from. */
export interface ForkOf {
  readonly run: string;
  /** The first step that runs anew; null: what had not succeeded, and no step was the reason. */
  readonly step: string | null;
}

/** A run without its steps, as lists show it. Times are epoch milliseconds. */
export interface RunSummary {
  readonly id: string;
  /** Whose it is. Absent: the default tenant's. */
  readonly tenant?: string;
  readonly workflow: string;
  readonly version: number;
  readonly status: RunStatus;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Sum over all calls; null while nothing with a known price was called. */
  readonly costUsd: number | null;
  /** Run whose step started this one. */
  readonly parent?: string;
  /** The run that this one was forked from, or is a retry of. */
  readonly forkOf?: ForkOf;
}

/** A run with everything that is known of it. */
export interface Run extends RunSummary {
  readonly input: JsonObject;
  readonly hints: Hints;
  /** Absent: normal. */
  readonly priority?: Priority;
  /** Present while it is queued because as many runs of its workflow are under way as may be: how many wait before it. */
  readonly waitsBehind?: number;
  readonly output: Json | null;
  readonly error: ErrorRecord | null;
  /** In the definition's order; behind them the compensations that have begun. */
  readonly steps: readonly StepRecord[];
  /** Runs that were forked from this one, or are retries of it; oldest first. Absent: none. */
  readonly forks?: readonly string[];
  /** Present where it was asked for: the runs that its steps have started, by step. */
  readonly children?: readonly StartedRuns[];
  /** Present once the run undoes what it has done. */
  readonly compensation?: Compensation;
}

/** That a run is not to succeed, and what is undone therefore. */
export interface Compensation {
  readonly because: "failed" | "cancelled";
  /** Steps whose compensations run, one after the other, in this order. */
  readonly steps: readonly string[];
  /** Steps with a compensation that were under way and were ended: nobody knows whether they have acted. Absent: none. */
  readonly unsure?: readonly string[];
}

/** The runs that one step has started, in brief. */
export interface StartedRuns {
  readonly step: string;
  readonly total: number;
  /** Those that have not ended. */
  readonly open: number;
  /** Ids of at most ten of them, those that have not ended first. */
  readonly runs: readonly string[];
}

/** One step of a run. */
export interface StepRecord {
  readonly id: string;
  readonly kind: string;
  readonly status: StepStatus;
  /** Attempts begun, 0 before the first. */
  readonly attempts: number;
  /** Calls made over all attempts. */
  readonly calls: number;
  /** Calls that failed over all attempts. */
  readonly failedCalls: number;
  readonly served: Served | null;
  /** Sum over all calls of all attempts. */
  readonly costUsd: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** While waiting: epoch milliseconds of the next try. */
  readonly waitingUntil: number | null;
  readonly error: ErrorRecord | null;
  /** Run in which it was executed, where this one is a fork and keeps what it brought. */
  readonly reusedFrom?: string;
  /** Present where it was asked for and the step has one. */
  readonly output?: Json;
  /** Of a compensation: the step that it undoes. Its own id is then that step's with `.compensate`. */
  readonly compensates?: string;
}

/** What every event has: its number in the run (1, 2, 3, ... without a gap) and its time. */
export interface EventHead {
  readonly seq: number;
  /** Epoch milliseconds, by Redis's clock. */
  readonly at: number;
}

/** What one attempt of a step brings besides its outcome. */
export interface AttemptReport {
  readonly calls: readonly CallRecord[];
  readonly decision?: Decision;
  /** True: nothing was done; the output is that of an earlier execution with the same content. */
  readonly cached?: boolean;
}

/** Which tool call of an agent an event tells of. */
export interface ToolCallHead {
  readonly step: string;
  readonly attempt: number;
  /** The answer of the model that asked for it, 1-based. */
  readonly turn: number;
  /** Its place among the calls of that answer, 1-based. */
  readonly call: number;
  readonly tool: string;
}

/** One line of a run's history, without its head. Exactly one of `run.succeeded`, `run.failed` and `run.cancelled` ends it. */
export type EventBody =
  | { readonly type: "run.created"; readonly workflow: string; readonly version: number; readonly forkOf?: ForkOf }
  | { readonly type: "run.started" }
  | { readonly type: "step.queued"; readonly step: string }
  | { readonly type: "step.started"; readonly step: string; readonly attempt: number; readonly worker: string }
  | { readonly type: "call.failed"; readonly step: string; readonly attempt: number; readonly call: CallRecord }
  | ({
      readonly type: "step.retrying";
      readonly step: string;
      readonly attempt: number;
      readonly error: ErrorRecord;
      readonly delayMs: number;
    } & AttemptReport)
  | ({
      readonly type: "step.waiting";
      readonly step: string;
      readonly attempt: number;
      /** Epoch milliseconds of the next try; null: not before somebody wakes it. */
      readonly until: number | null;
      readonly reason: string;
    } & AttemptReport)
  | ({
      readonly type: "step.succeeded";
      readonly step: string;
      readonly attempt: number;
      readonly served: Served | null;
    } & AttemptReport)
  | ({
      readonly type: "step.failed";
      readonly step: string;
      readonly attempt: number;
      readonly error: ErrorRecord;
      /** True: the run goes on all the same. */
      readonly tolerated?: boolean;
    } & AttemptReport)
  | { readonly type: "step.skipped"; readonly step: string }
  | {
      /** A fork keeps what the step brought in the run that executed it. */
      readonly type: "step.reused";
      readonly step: string;
      readonly run: string;
      readonly served: Served | null;
    }
  | { readonly type: "step.cancelled"; readonly step: string }
  /** An event that an author's own machine, or a child machine of it, has emitted. */
  | {
      readonly type: "machine.emitted";
      readonly event: { readonly type: string; readonly [key: string]: Json };
      /** The child machine's name in the run. Absent: the run's machine. */
      readonly actor?: string;
    }
  | { readonly type: "run.succeeded" }
  | { readonly type: "run.failed"; readonly error: ErrorRecord }
  | {
      readonly type: "signal.refused";
      readonly step: string;
      readonly name: string;
      readonly problems: readonly string[];
    }
  | ({ readonly type: "tool.called" } & ToolCallHead)
  | ({
      readonly type: "tool.answered";
      readonly ok: boolean;
      readonly durationMs: number;
      /** The beginning of what went wrong; set where it is not ok. */
      readonly problem?: string;
    } & ToolCallHead)
  | { readonly type: "run.paused"; readonly by: string }
  | { readonly type: "run.resumed"; readonly by: string }
  | { readonly type: "signal.received"; readonly name: string; readonly by: string }
  /** The run is not to succeed: compensations run from here on. */
  | ({ readonly type: "run.compensating" } & Compensation)
  | {
      readonly type: "run.cancelled";
      readonly by: string;
      readonly reason: string | null;
      /** Present where compensations have failed. */
      readonly error?: ErrorRecord;
    };

/** One line of a run's history. */
export type RunEvent = EventHead & EventBody;

/** Whether an event is the last of its run. */
export function isTerminalEvent(event: EventBody): boolean {
  return event.type === "run.succeeded" || event.type === "run.failed" || event.type === "run.cancelled";
}
