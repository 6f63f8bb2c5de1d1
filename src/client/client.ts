import type { Approval } from "../core/approval.ts";
import type { Attempt } from "../core/attempts.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { LiveEvent } from "../core/live.ts";
import { isTerminal, type Run, type RunEvent, type RunSummary, type StepRecord } from "../core/run.ts";
import type { Costs, SpendDimension } from "../core/spend.ts";
import { AccessClient } from "./access-client.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import { BudgetsClient } from "./budgets-client.ts";
import { follow } from "./follow.ts";
import { GatewayClient } from "./gateway-client.ts";
import { type Fetch, Http, queryOf } from "./http.ts";
import { ModelsClient } from "./models-client.ts";
import { PlansClient } from "./plans-client.ts";
import type { ForkOptions, ListOptions, Submission, Submitted } from "./requests.ts";
import { RoutingClient } from "./routing-client.ts";
import { WorkflowsClient } from "./workflows-client.ts";

export { AppError } from "../core/errors.ts";
export type { Asker } from "./asker.ts";
export type {
  CallOptions,
  ChatAnswer,
  ChatMessage,
  ChatPiece,
  ChatRequest,
  ChatToolCall,
  Embedded,
  EmbedRequest,
} from "./chat.ts";
export type { ForkOptions, ListOptions, Submission, Submitted } from "./requests.ts";

/** Switchyard's API as typed calls. Every failure is an AppError with the server's code; `server_unreachable` when nobody answers. */
export class SwitchyardClient extends ModelsClient {
  readonly #http: Http;
  /** The stored workflows. */
  readonly workflows: WorkflowsClient;
  /** The fleet's routing: shown, changed, explained. */
  readonly routing: RoutingClient;
  /** Keys and the audit log. */
  readonly access: AccessClient;
  /** Workflows made of goals. */
  readonly plans: PlansClient;
  /** What may be spent. */
  readonly budgets: BudgetsClient;
  /** For applications that call their providers themselves. */
  readonly gateway: GatewayClient;

  /**
   * @param options url of the server; fetch: default the global one; apiKey: sent with each request; tenant: asked as, by an admin of the default tenant (default: the key's).
   * @throws AppError usage - not an http(s) URL.
   */
  constructor(options: {
    readonly url: string;
    readonly fetch?: Fetch;
    readonly apiKey?: string;
    readonly tenant?: string;
  }) {
    const http = new Http(options.url, options.fetch, options.apiKey, options.tenant);
    super(http);
    this.#http = http;
    this.workflows = new WorkflowsClient(this.#http);
    this.routing = new RoutingClient(this.#http);
    this.access = new AccessClient(this.#http);
    this.plans = new PlansClient(this.#http);
    this.budgets = new BudgetsClient(this.#http);
    this.gateway = new GatewayClient(this.#http);
  }

  /** The server's URL without a slash at its end. */
  get url(): string {
    return this.#http.url;
  }

  /** Starts a run; returns as soon as the run is safely kept. */
  submit(submission: Submission): Promise<RunSummary> {
    const { idempotencyKey, ...body } = submission;
    return this.#start("/v1/runs", idempotencyKey, body);
  }

  /** Starts up to 1000 runs; each is accepted or refused by itself. @returns what became of each, in their order */
  async submitMany(submissions: readonly Submission[], asker: Asker = {}): Promise<readonly Submitted[]> {
    const headers = { "content-type": "application/json", ...askerHeaders(asker) };
    const body = JSON.stringify(submissions);
    const answer: { readonly results: readonly Submitted[] } = await this.#http.json({
      method: "POST",
      path: "/v1/runs/batch",
      headers,
      body,
    });
    return answer.results;
  }

  /** Deletes a run that has ended, with the runs that it has started. @throws AppError run_not_found, run_not_removable */
  async remove(runId: string, asker: Asker = {}): Promise<void> {
    await this.#http.open({ method: "DELETE", path: pathOf(runId), headers: askerHeaders(asker) });
  }

  /** A run's steps, in the definition's order. @param options outputs: with each step's output @throws AppError run_not_found */
  async steps(runId: string, options: { readonly outputs?: boolean } = {}): Promise<readonly StepRecord[]> {
    const path = `${pathOf(runId)}/steps${queryOf(options)}`;
    return (await this.#http.json<{ readonly steps: readonly StepRecord[] }>({ path })).steps;
  }

  /** A step of a run, with its output. @throws AppError run_not_found, step_not_found */
  step(runId: string, step: string): Promise<StepRecord> {
    return this.#http.json({ path: `${pathOf(runId)}/steps/${encodeURIComponent(step)}` });
  }

  /** Each try of a step: its calls, what the router chose and why. @throws AppError run_not_found, step_not_found */
  async attempts(runId: string, step: string): Promise<readonly Attempt[]> {
    const path = `${pathOf(runId)}/steps/${encodeURIComponent(step)}/attempts`;
    return (await this.#http.json<{ readonly attempts: readonly Attempt[] }>({ path })).attempts;
  }

  /** What waits for a person's word over all runs, the oldest first; {@link decide} says one. */
  async approvals(): Promise<readonly Approval[]> {
    type Answer = { readonly approvals: readonly Approval[] };
    return (await this.#http.json<Answer>({ path: "/v1/approvals?limit=500" })).approvals;
  }

  #start(path: string, idempotencyKey: string | undefined, body: object): Promise<RunSummary> {
    return this.#http.json({
      method: "POST",
      path,
      headers: {
        "content-type": "application/json",
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      body: JSON.stringify(body),
    });
  }

  /** Checks and stores a definition: YAML or JSON text, or an object. */
  store(
    definition: string | JsonObject,
    asker: Asker = {},
  ): Promise<{ readonly name: string; readonly version: number }> {
    const text = typeof definition === "string";
    return this.#http.json({
      method: "POST",
      path: "/v1/workflows",
      headers: { "content-type": text ? "application/yaml" : "application/json", ...askerHeaders(asker) },
      body: text ? definition : JSON.stringify(definition),
    });
  }

  /** A run with its steps. @param options outputs: with each step's output too; children: with the runs that they have started. */
  get(
    runId: string,
    options: { readonly outputs?: boolean; readonly children?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<Run> {
    const { outputs, children, signal } = options;
    const query = new URLSearchParams({ ...(outputs && { outputs: "true" }), ...(children && { children: "true" }) });
    return this.#http.json({
      path: `${pathOf(runId)}${query.size > 0 ? `?${query}` : ""}`,
      ...(signal ? { signal } : {}),
    });
  }

  /** Runs, newest first. */
  list(options: ListOptions = {}): Promise<{ readonly runs: readonly RunSummary[]; readonly next: string | null }> {
    return this.#http.json({ path: `/v1/runs${queryOf({ ...options })}` });
  }

  /**
   * A run's events, each once and in order, as they happen; ends after the terminal one. Reconnects by itself.
   * @param options after: only events with higher numbers; signal: ends it with `cancelled`.
   */
  events(
    runId: string,
    options: { readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<RunEvent> {
    return follow({ http: this.#http, runId, ...options, tokens: false });
  }

  /**
   * As {@link events}, and answers as they are written: `step.tokens` with a piece of text, `step.restarted` where what came of a call is no answer and another one
   * begins. These are not kept: who reads late or reconnects misses some, as `at` shows; the run's outputs are whole.
   */
  live(
    runId: string,
    options: { readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<RunEvent | LiveEvent> {
    return follow({ http: this.#http, runId, ...options, tokens: true });
  }

  /** A run's events so far. @param options after: only events with higher numbers. */
  async history(runId: string, options: { readonly after?: number } = {}): Promise<readonly RunEvent[]> {
    const path = `${pathOf(runId)}/events?after=${options.after ?? 0}`;
    return (await this.#http.json<{ readonly events: readonly RunEvent[] }>({ path })).events;
  }

  /** Ends a run. @throws AppError run_not_found, run_ended */
  cancel(runId: string, options: Asker & { readonly reason?: string } = {}): Promise<Run> {
    const { reason } = options;
    return this.#ask(runId, "cancel", options, reason === undefined ? {} : { reason });
  }

  /** Lets a run start nothing new. @throws AppError run_not_found, run_ended */
  pause(runId: string, options: Asker = {}): Promise<Run> {
    return this.#ask(runId, "pause", options);
  }

  /** Lets a paused run go on. @throws AppError run_not_found, run_ended */
  resume(runId: string, options: Asker = {}): Promise<Run> {
    return this.#ask(runId, "resume", options);
  }

  /** Starts a new run where another one failed or was cancelled; what succeeded there is kept. @throws AppError run_not_found, nothing_to_retry */
  retry(runId: string, options: ForkOptions = {}): Promise<RunSummary> {
    const { idempotencyKey, ...body } = options;
    return this.#start(`${pathOf(runId)}/retry`, idempotencyKey, body);
  }

  /** Starts a new run from a step of another one; what came before the step is kept. @throws AppError run_not_found, unknown_step, step_not_reached */
  fork(runId: string, from: string, options: ForkOptions = {}): Promise<RunSummary> {
    const { idempotencyKey, ...body } = options;
    return this.#start(`${pathOf(runId)}/fork`, idempotencyKey, { from, ...body });
  }

  /** Sends a signal; one that no step waits for yet is kept. @param options id: the same one is taken once. @throws AppError run_not_found, run_ended */
  async signal(
    runId: string,
    name: string,
    options: Asker & { readonly payload?: Json; readonly id?: string } = {},
  ): Promise<void> {
    const { payload = null, id } = options;
    await this.#ask(runId, `signals/${encodeURIComponent(name)}`, options, {
      payload,
      ...(id === undefined ? {} : { id }),
    });
  }

  /** Says a person's word to an `approval` step. @throws AppError run_not_found, run_ended, approval_not_waiting */
  async decide(
    runId: string,
    word: "approve" | "reject",
    options: Asker & { readonly step?: string; readonly comment?: string; readonly form?: Json } = {},
  ): Promise<void> {
    const { author: _author, idempotencyKey: _key, ...said } = options;
    await this.#ask(runId, word, options, said);
  }

  #ask<T>(runId: string, what: string, { author, idempotencyKey }: Asker, body?: object): Promise<T> {
    return this.#http.json({
      method: "POST",
      path: `${pathOf(runId)}/${what}`,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...askerHeaders({ author, idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Waits for a run's end. @returns the run as it ended. */
  async wait(runId: string, options: { readonly signal?: AbortSignal } = {}): Promise<Run> {
    const run = await this.get(runId, options);
    if (isTerminal(run.status)) return run;
    for await (const _ of this.events(runId, options)) {
      // Only the end matters.
    }
    return this.get(runId, options);
  }

  /** What all calls have used. @param options days: today (UTC) and those before, default 7; by: what to sum by, default day and provider. */
  costs(options: { readonly days?: number; readonly by?: readonly SpendDimension[] } = {}): Promise<Costs> {
    const { days = 7, by = ["day", "provider"] } = options;
    return this.#http.json({ path: `/v1/costs?days=${days}&by=${by.join(",")}` });
  }

  /** The API as an OpenAPI 3.1 document. */
  openapi(): Promise<JsonObject> {
    return this.#http.json({ path: "/openapi.json" });
  }

  /** The server's own report on itself. @throws AppError as the other calls; also while Redis is away. */
  health(
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly status: string; readonly version: string; readonly redisMs: number }> {
    return this.#http.json({ path: "/health", ...options });
  }
}

function pathOf(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}`;
}
