import type { BudgetAction, BudgetPeriod, BudgetStanding } from "../core/budget.ts";
import type { RoutingChange } from "../core/routing.ts";
import type { Http } from "./http.ts";

/** A budget as it is set. At most one of `tenant`, `workflow`, `provider`; `*`: each has one of its own; none: the whole fleet's. */
export interface BudgetRequest {
  readonly tenant?: string;
  readonly workflow?: string;
  readonly provider?: string;
  readonly usd: number;
  /** Default `month`, by UTC. */
  readonly period?: BudgetPeriod;
  /** Default `refuse`. */
  readonly action?: BudgetAction;
  /** Share of it from which on it is told. Default 0.8. */
  readonly warn_at?: number;
  /** `downgrade`: the model or alias that is asked for then. */
  readonly model?: string;
}

/** What may be spent. Failures as those of the client. */
export class BudgetsClient {
  readonly #http: Http;

  /** @param http of the server */
  constructor(http: Http) {
    this.#http = http;
  }

  /** How each stands. */
  async list(): Promise<readonly BudgetStanding[]> {
    return (await this.#http.json<{ readonly budgets: readonly BudgetStanding[] }>({ path: "/v1/budgets" })).budgets;
  }

  /** Sets one, in place of one of that id. @throws AppError bad_request, invalid_settings */
  set(id: string, budget: BudgetRequest, options: { readonly author?: string } = {}): Promise<RoutingChange> {
    const headers = { ...authorOf(options), "content-type": "application/json" };
    return this.#http.json({ method: "PUT", path: pathOf(id), headers, body: JSON.stringify(budget) });
  }

  /** Ends one. @throws AppError budget_not_found */
  remove(id: string, options: { readonly author?: string } = {}): Promise<RoutingChange> {
    return this.#http.json({ method: "DELETE", path: pathOf(id), headers: authorOf(options) });
  }
}

function pathOf(id: string): string {
  return `/v1/budgets/${encodeURIComponent(id)}`;
}

/** A header holds no other characters. */
function authorOf({ author }: { readonly author?: string }): Record<string, string> {
  return author === undefined ? {} : { "x-switchyard-author": encodeURIComponent(author) };
}
