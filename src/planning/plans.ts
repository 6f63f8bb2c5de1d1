import type { Asker } from "../core/approvers.ts";
import type { Hints } from "../core/call.ts";
import type { AgentSummary, Plan, PlanChange, PlanMode, PlanStatus, PlanSummary, PlanVersion } from "../core/plan.ts";
import type { Engine } from "../engine/engine.ts";

/** A plan as it is asked for. */
export interface PlanRequest {
  /** What is wanted, in words. Data for the planner, never an instruction to it. */
  readonly goal: string;
  readonly domain?: string;
  /** Default auto. */
  readonly mode?: PlanMode;
  /** Only these agents of the catalogue. Default: all. */
  readonly agents?: readonly string[];
  /** Of the planner's calls and of the run. */
  readonly hints?: Hints;
  /** Who asks, for the versions. */
  readonly by: string;
  /** The same key gives the same plan; with another request it is a conflict. */
  readonly idempotencyKey?: string;
  /** Ends the planning: the caller went away. */
  readonly signal?: AbortSignal;
}

/** A change of a plan, and who asks for it. */
export interface PlanEdit extends PlanChange {
  readonly by: string;
}

/** The one execution of a plan, as it is asked for. */
export interface ExecuteRequest {
  readonly by: string;
  /** Refuses it where the plan has another version. */
  readonly expected?: number;
  /** Asked again with the same key, the answer is the same. Default: the second asking is refused. */
  readonly idempotencyKey?: string;
}

/** Somebody's word on the step that waits. */
export interface PlanWord {
  readonly approved: boolean;
  /** Default: the only one that waits. */
  readonly step?: string;
  readonly comment?: string;
  readonly by: string;
  /** Who says it, as far as keys tell. */
  readonly asker?: Asker;
}

/**
 * The plans of one tenant. Every method that names a plan throws plan_not_found (404); those that change one also plan_expired (410), plan_executed (409: it was
 * executed before; `details.run`), plan_cancelled (409), and redis_unavailable (503).
 */
export interface Plans {
  /**
   * Makes a plan of a goal and stores it. Takes as long as the planner's calls do.
   * @throws AppError unknown_agent, unknown_provider, idempotency_conflict; plan_invalid - the planner gave nothing that can be executed; cancelled;
   * what routing a request throws (provider_failed, provider_unavailable, no_provider, ...)
   */
  make(request: PlanRequest): Promise<{ readonly plan: Plan; readonly created: boolean }>;
  get(id: string): Promise<Plan>;
  /** Newest first. @param before a plan's id: the list goes on behind it. Default limit 50, max 200. */
  list(options?: {
    readonly limit?: number;
    readonly before?: string;
    readonly status?: PlanStatus;
  }): Promise<{ readonly plans: readonly PlanSummary[]; readonly next: string | null }>;
  /** Changes a pending plan. @throws AppError plan_conflict (409) - it has another version; plan_invalid (422) with every problem; unknown_provider */
  edit(id: string, edit: PlanEdit): Promise<Plan>;
  /** Oldest first. */
  versions(id: string): Promise<readonly PlanVersion[]>;
  /** Makes a new version that equals an old one. @param expected refuses it where the plan has another version by now. @throws AppError plan_version_not_found (404), plan_conflict */
  rollback(id: string, version: number, change: { readonly by: string; readonly expected?: number }): Promise<Plan>;
  /** Starts the plan's one run. Asked again with the same key, or after a crash in between, it is the same run. @throws AppError plan_conflict, and as submitting a run */
  execute(id: string, request: ExecuteRequest): Promise<Plan>;
  /** Ends a pending plan, or the run of one that is executing. Asking again changes nothing. @throws AppError run_ended */
  cancel(id: string, by: string, reason: string | null): Promise<Plan>;
  /** Says a word to the step that waits for approval. Rejected: the plan is aborted. @throws AppError approval_not_waiting (409) */
  resume(id: string, word: PlanWord): Promise<Plan>;
  /** The catalogue. */
  agents(): readonly AgentSummary[];
}

/** Gives the plans of a tenant, on the engine as that tenant sees it. */
export type PlansOf = (tenant: string, engine: Engine) => Plans;
