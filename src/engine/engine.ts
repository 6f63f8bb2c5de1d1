import type { Approval } from "../core/approval.ts";
import type { Asker } from "../core/approvers.ts";
import type { Hints } from "../core/call.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { StoredVersion, WorkflowPage } from "../core/listed-workflow.ts";
import type { LiveEvent } from "../core/live.ts";
import type { Priority } from "../core/priority.ts";
import type { Run, RunEvent, RunSummary } from "../core/run.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Begun, Delivered, OpenSignal, SetTrigger, Trigger, TriggerRequest } from "../core/trigger.ts";
import type { CheckedDefinition } from "../workflow/check.ts";
import type { ListRequest, RunPage } from "./list-runs.ts";
import type { Delivery } from "./trigger-signature.ts";
import type { WorkflowsRequest } from "./workflow-list.ts";

/** A definition as somebody hands it in: YAML or JSON text, or the object that such a text means. */
export type DefinitionSource = string | JsonObject;

/** A workflow in the store. */
export interface StoredWorkflow {
  readonly name: string;
  /** 1, 2, ...: same name and changed content = next version. */
  readonly version: number;
}

/** A stored version with what its author wrote, checked. */
export interface ShownWorkflow extends StoredWorkflow {
  readonly definition: CheckedDefinition;
}

/** What a submission says. Either `workflow` (and perhaps `version`), or `definition`, which is stored first. */
export interface SubmitRequest {
  /** Whose `definition` it is. Default: the default tenant's. */
  readonly tenant?: string;
  readonly workflow?: string;
  /** Default: the newest. */
  readonly version?: number;
  readonly definition?: DefinitionSource;
  readonly input?: unknown;
  readonly hints?: Hints;
  /** Default: the workflow's. */
  readonly priority?: Priority;
  /** The same key gives the same run; with another request it is a conflict. */
  readonly idempotencyKey?: string;
}

/** A schedule as it is asked for; the rest is filled in: the newest version, no input, UTC, overlap allowed. */
export type ScheduleRequest = Pick<Schedule, "id" | "workflow" | "cron" | "by"> &
  Partial<Pick<Schedule, "version" | "input" | "hints" | "timezone" | "overlap">>;

/** A run that is to begin in the middle of another one. */
export interface ForkRequest {
  /** The first step that runs anew. Absent: what failed or was cancelled does. */
  readonly from?: string;
  /** In place of that run's, whole. */
  readonly input?: unknown;
  /** In place of that run's. */
  readonly hints?: Hints;
  /** Default: that run's. */
  readonly priority?: Priority;
  /** Of its workflow. Default: that run's. */
  readonly version?: number;
  /** The same key gives the same run; with another request it is a conflict. */
  readonly idempotencyKey?: string;
}

/** A signal as somebody sends it. */
export interface Signal {
  readonly name: string;
  readonly payload: Json;
  /** The same id is taken once. Absent: each is another one. */
  readonly id?: string;
  readonly by: string;
  /** Who sends it, as far as keys tell; of a word to an approval step. Absent: nobody who could be among those whom it asks. */
  readonly asker?: Asker;
}

/** The step that a run was started by. */
export interface Parent {
  readonly run: string;
  readonly workflow: string;
  readonly version: number;
  readonly actor: string;
  readonly epoch: number;
  /** Of that run; its child runs have it too. Absent: normal. */
  readonly priority?: Priority;
}

/** How runs are made that a step starts. */
export interface ChildrenOf {
  readonly parent: Parent;
  /** Whether the run that starts them is paused: then they start nothing either. */
  readonly paused: boolean;
}

/** How the fleet is doing, as one process sees it. */
export interface EngineHealth {
  /** Round trip to Redis in milliseconds. */
  readonly redisMs: number;
  /** Jobs that wait or run, by queue. */
  readonly queues: Readonly<Record<string, number>>;
  /** Worker processes that are connected, as `host:pid`. Empty too where Redis does not tell its clients' names. */
  readonly workers: readonly string[];
}

/** What looking for missing and left-over jobs came to. */
export interface Reconciled {
  /** Open runs that were looked at. */
  readonly runs: number;
  /** Jobs that were missing, or slept though their steps had been woken. */
  readonly added: number;
  /** Jobs that slept and belonged to no open run. */
  readonly removed: number;
}

/** What the API calls. Holds no run: every change of a run happens in a worker's job. */
export interface Engine {
  /** Checks and stores a definition. @throws AppError invalid_definition with every problem; nothing is stored. */
  store(definition: DefinitionSource): Promise<StoredWorkflow>;
  /** A stored definition. @param version default: the newest. @throws AppError workflow_not_found */
  definition(name: string, version?: number): Promise<ShownWorkflow>;
  /**
   * Accepts a run. When this returns, the run survives any crash.
   * @throws AppError invalid_definition, invalid_input, unknown_provider, workflow_not_found, idempotency_conflict, redis_unavailable (within 2 s)
   */
  submit(request: SubmitRequest): Promise<{ readonly run: RunSummary; readonly created: boolean }>;
  /** @param options outputs: whether each step's output is loaded too; children: whether the runs that its steps have started are named. @throws AppError run_not_found */
  get(runId: string, options?: { readonly outputs?: boolean; readonly children?: boolean }): Promise<Run>;
  /** Newest first; without those that steps have started, unless they are asked for. Default limit 50, max 500. @throws AppError run_not_found, bad_request - `before` is nothing that this has answered */
  list(options?: Partial<ListRequest>): Promise<RunPage>;
  /** The run's events with numbers above `after`, oldest first. @throws AppError run_not_found */
  events(runId: string, after: number, limit?: number): Promise<readonly RunEvent[]>;
  /** Calls `onNews` when the run may have new events (read them with {@link events}), and with what passes while an answer is written. @returns stops it. */
  watch(runId: string, onNews: (live: readonly LiveEvent[]) => void): Promise<() => void>;
  /**
   * Starts a new run from a step of another one, which stays as it is. What came before the step is kept, outputs and decisions, and not executed again; the
   * step, and what comes after it or had not ended, runs with the fork's own input.
   * @throws AppError run_not_found, workflow_not_found, unknown_step, step_not_reached, nothing_to_retry, output_lost, invalid_input, unknown_provider, idempotency_conflict
   */
  fork(runId: string, request: ForkRequest): Promise<{ readonly run: RunSummary; readonly created: boolean }>;
  /** Ends a run. Calls under way are aborted within a second, late results dropped, child runs ended. Asking again changes nothing. @throws AppError run_not_found, run_ended */
  cancel(runId: string, by: string, reason: string | null): Promise<void>;
  /** Lets a run start nothing new. What is under way goes on. @throws AppError run_not_found, run_ended */
  pause(runId: string, by: string): Promise<void>;
  /** @throws AppError run_not_found, run_ended */
  resume(runId: string, by: string): Promise<void>;
  /** Sends a signal: to the step that waits for it, or kept for the one that will. @throws AppError run_not_found, run_ended */
  signal(runId: string, signal: Signal): Promise<void>;
  /** Removes a run that has ended, with what is kept of it and the runs that its steps have started. @throws AppError run_not_found, run_not_removable */
  remove(runId: string): Promise<void>;
  /** Steps that wait for a person's word, over all runs of a tenant, the oldest first. @param options tenant: default the default one; limit: default 100 */
  approvals(options?: { readonly tenant?: string; readonly limit?: number }): Promise<readonly Approval[]>;
  /** The stored workflows, by name. @param options tenant: default the default one; after: a name; limit: default 100 */
  workflows(options?: WorkflowsRequest): Promise<WorkflowPage>;
  /**
   * Takes a workflow's name out of use: it is not listed, and nothing begins runs of it any more. Runs of it that have ended stay. Stored again, it goes on with the next
   * version. @throws AppError workflow_not_found, workflow_in_use
   */
  deleteWorkflow(name: string): Promise<void>;
  /** The versions of a workflow, the newest first. @throws AppError workflow_not_found */
  versions(name: string): Promise<readonly StoredVersion[]>;
  /** What a definition means, without storing it. @throws AppError invalid_definition with every problem */
  check(definition: DefinitionSource): CheckedDefinition;
  /** Runs that begin by the clock. */
  readonly schedules: {
    /** Sets a schedule, in place of one of that id. @throws AppError bad_request, workflow_not_found, invalid_input, unknown_provider */
    set(request: ScheduleRequest): Promise<Schedule>;
    list(): Promise<readonly Schedule[]>;
    /** @throws AppError schedule_not_found */
    show(id: string): Promise<Schedule>;
    /** @throws AppError schedule_not_found */
    remove(id: string): Promise<void>;
  };
  /** Runs and signals that signed requests from outside begin. */
  readonly triggers: {
    /** Sets a trigger, in place of one of that id. @throws AppError bad_request with everything that is wrong, workflow_not_found */
    set(id: string, request: TriggerRequest, by: string): Promise<SetTrigger>;
    list(): Promise<readonly Trigger[]>;
    /** @throws AppError trigger_not_found */
    show(id: string): Promise<Trigger>;
    /** @throws AppError trigger_not_found */
    remove(id: string): Promise<void>;
    /** Takes a delivery, once. @throws AppError trigger_not_found, signature_refused, bad_request, template_failed, and what submitting or signalling throws */
    deliver(id: string, delivery: Delivery): Promise<Delivered>;
    /** Takes a signal for nobody's run, once for each id. @returns what came of it, for each trigger that is set on its name */
    announce(name: string, signal: OpenSignal): Promise<readonly Begun[]>;
  };
  /** Adds the jobs that open runs need and that are missing, and removes those that sleep and that no open run has; a worker of the fleet does so every 15 s. */
  reconcile(): Promise<Reconciled>;
  /** @throws AppError redis_unavailable */
  health(): Promise<EngineHealth>;
  close(): Promise<void>;
}

/** The engine of the whole fleet. Workflows, schedules and triggers go by their full names (core/tenant.ts), runs of all tenants are there. */
export interface FleetEngine extends Engine {
  /** @see Engine.schedules. `list` gives one tenant's, or all. */
  readonly schedules: Omit<Engine["schedules"], "list"> & { list(tenant?: string): Promise<readonly Schedule[]> };
  /** @see Engine.triggers. `list` gives one tenant's, or all; a signal is one tenant's. */
  readonly triggers: Omit<Engine["triggers"], "list"> & {
    list(tenant?: string): Promise<readonly Trigger[]>;
    announce(name: string, signal: OpenSignal, tenant?: string): Promise<readonly Begun[]>;
  };
  /** Checks and stores a definition of a tenant. @throws AppError invalid_definition */
  store(definition: DefinitionSource, tenant?: string): Promise<StoredWorkflow>;
  /** Whose run it is. @throws AppError run_not_found */
  ownerOf(runId: string): Promise<string>;
}
