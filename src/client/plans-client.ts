import type { Hints } from "../core/call.ts";
import type { AgentSummary, Plan, PlanChange, PlanMode, PlanStatus, PlanSummary, PlanVersion } from "../core/plan.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import type { Http } from "./http.ts";

/** A plan as it is asked for. */
export interface PlanAsked {
  /** What is wanted, in words. */
  readonly goal: string;
  readonly domain?: string;
  /** Default auto. */
  readonly mode?: PlanMode;
  /** Only these agents of the catalogue. Default: all. */
  readonly agents?: readonly string[];
  /** Of the planner's calls and of the run. */
  readonly hints?: Hints;
  /** Start its run at once. */
  readonly execute?: boolean;
}

/** Who asks, and what ends the asking. */
export interface PlanAsker extends Asker {
  readonly signal?: AbortSignal;
}

/** Plans: workflows made of goals. Failures as those of the client; those of a plan that is not there: plan_not_found. */
export class PlansClient {
  readonly #http: Http;

  /** @param http of the server */
  constructor(http: Http) {
    this.#http = http;
  }

  /** Makes a plan; takes as long as the planner does. @throws AppError plan_invalid, unknown_agent, unknown_provider, provider_failed, ... */
  make(asked: PlanAsked, asker: PlanAsker = {}): Promise<Plan> {
    return this.#send("POST", "", asker, asked);
  }

  get(id: string): Promise<Plan> {
    return this.#http.json({ path: pathOf(id) });
  }

  /** Newest first. @param options limit: default 50, max 200; before: `next` of the page before. */
  list(
    options: { readonly limit?: number; readonly before?: string; readonly status?: PlanStatus } = {},
  ): Promise<{ readonly plans: readonly PlanSummary[]; readonly next: string | null }> {
    const given = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, `${value}`]]));
    const query = new URLSearchParams(given as [string, string][]).toString();
    return this.#http.json({ path: `/v1/plans${query === "" ? "" : `?${query}`}` });
  }

  /** Changes a pending plan. @throws AppError plan_conflict, plan_invalid, plan_executed, plan_expired, plan_cancelled */
  edit(id: string, change: PlanChange, asker: PlanAsker = {}): Promise<Plan> {
    return this.#send("PUT", tail(id), asker, change);
  }

  /** Oldest first. */
  async versions(id: string): Promise<readonly PlanVersion[]> {
    const path = `${pathOf(id)}/versions`;
    return (await this.#http.json<{ readonly versions: readonly PlanVersion[] }>({ path })).versions;
  }

  /** Makes a new version that equals an old one. @throws AppError plan_version_not_found, and as {@link edit} */
  rollback(id: string, to: number, asker: PlanAsker = {}): Promise<Plan> {
    return this.#send("POST", `${tail(id)}/rollback`, asker, { to });
  }

  /** Starts the plan's one run. @throws AppError plan_executed, plan_expired, plan_cancelled, plan_conflict */
  execute(id: string, options: PlanAsker & { readonly version?: number } = {}): Promise<Plan> {
    const { version, ...asker } = options;
    return this.#send("POST", `${tail(id)}/execute`, asker, version === undefined ? {} : { version });
  }

  /** Cancels a plan, or the run that executes it. @throws AppError plan_expired, run_ended */
  cancel(id: string, options: PlanAsker & { readonly reason?: string } = {}): Promise<Plan> {
    const { reason, ...asker } = options;
    return this.#send("POST", `${tail(id)}/cancel`, asker, reason === undefined ? {} : { reason });
  }

  /** Says the word that a plan waits for. @throws AppError approval_not_waiting */
  resume(
    id: string,
    word: { readonly approved: boolean; readonly step?: string; readonly comment?: string },
    asker: PlanAsker = {},
  ): Promise<Plan> {
    return this.#send("POST", `${tail(id)}/resume`, asker, word);
  }

  /** The catalogue of agents. */
  async agents(): Promise<readonly AgentSummary[]> {
    return (await this.#http.json<{ readonly agents: readonly AgentSummary[] }>({ path: "/v1/agents" })).agents;
  }

  #send(method: "POST" | "PUT", path: string, asker: PlanAsker, body: object): Promise<Plan> {
    const { signal } = asker;
    return this.#http.json({
      method,
      path: `/v1/plans${path}`,
      headers: {
        "content-type": "application/json",
        ...askerHeaders(asker),
      },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  }
}

function tail(id: string): string {
  return `/${encodeURIComponent(id)}`;
}

function pathOf(id: string): string {
  return `/v1/plans${tail(id)}`;
}
