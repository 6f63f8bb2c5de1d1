import type { BudgetRequest, BudgetStanding } from "../core/budget.ts";
import type { RoutingChange } from "../core/routing.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import type { Http } from "./http.ts";

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
  set(id: string, budget: BudgetRequest, options: Asker = {}): Promise<RoutingChange> {
    const headers = { ...askerHeaders(options), "content-type": "application/json" };
    return this.#http.json({ method: "PUT", path: pathOf(id), headers, body: JSON.stringify(budget) });
  }

  /** Ends one. @throws AppError budget_not_found */
  remove(id: string, options: Asker = {}): Promise<RoutingChange> {
    return this.#http.json({ method: "DELETE", path: pathOf(id), headers: askerHeaders(options) });
  }
}

function pathOf(id: string): string {
  return `/v1/budgets/${encodeURIComponent(id)}`;
}
