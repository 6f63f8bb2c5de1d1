import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { AgentSummary, Plan, PlanStatus, PlanSummary, PlanVersion } from "../core/plan.ts";
import { answered } from "../engine/answered.ts";
import type { Engine } from "../engine/engine.ts";
import { approvalSignal } from "../steps/approval.ts";
import { acceptDefinition, named, runInput } from "./accept.ts";
import { agentSummary } from "./agent.ts";
import { chosen } from "./catalogue.ts";
import { claimedPlan } from "./claimed-plan.ts";
import { inMode } from "./mode.ts";
import { changeSummary, planSteps } from "./plan-steps.ts";
import type { PlanContent, PlanStore, StoredPlan, StoredVersion } from "./plan-store.ts";
import { planGoal } from "./planner.ts";
import type { ExecuteRequest, PlanEdit, PlanRequest, Plans, PlanWord } from "./plans.ts";
import type { PlansParts } from "./plans-parts.ts";
import { executed, notWaiting, noVersion } from "./refusals.ts";
import { runMissing, type Standing, standingAlone, standingOf } from "./standing.ts";
import { factsOf } from "./step-facts.ts";

/** Times that a change for whichever version is tried again because another one came before it. */
const rollbackTries = 5;

/** The plans of one tenant. */
export class TenantPlans implements Plans {
  readonly #parts: PlansParts;
  readonly #store: PlanStore;
  readonly #engine: Engine;
  readonly #tenant: string;

  /** @param engine as the tenant sees it */
  constructor(parts: PlansParts, store: PlanStore, engine: Engine, tenant: string) {
    this.#parts = parts;
    this.#store = store;
    this.#engine = engine;
    this.#tenant = tenant;
  }

  async make(request: PlanRequest): Promise<{ readonly plan: Plan; readonly created: boolean }> {
    const { catalogue, planner, checkHints, clock, planId, expireAfterMs } = this.#parts;
    const { goal, domain = null, mode = "auto", hints = {}, by, idempotencyKey } = request;
    const agents = chosen(catalogue, request.agents);
    await checkHints(hints);
    const asked = { goal, domain, mode, agents: request.agents ?? null, hints: hints as JsonObject };
    const key = idempotencyKey === undefined ? undefined : `plan:${this.#tenant}:${idempotencyKey}`;
    const fresh = planId(clock());
    const id = key === undefined ? fresh : await answered(() => claimedPlan(this.#parts, key, fresh, asked));
    if (id !== fresh) {
      const [known] = await answered(() => this.#store.readAll([id]));
      // Whoever claimed the key may have died, or may still be planning: the first plan that is stored counts.
      if (known) return { plan: await this.#shown(known), created: false };
    }
    const name = workflowName(goal, id);
    const { signal = new AbortController().signal } = request;
    const task = { goal, domain, name, agents, hints, tenant: this.#tenant, key: fresh, signal };
    const { definition, agents: who, explanation, calls, costUsd } = await planGoal(planner, task);
    const createdAt = clock();
    const head = { id, name, createdAt, createdBy: by, expiresAt: createdAt + expireAfterMs };
    const content: StoredVersion = {
      ...{ goal, domain, mode, hints, definition, agents: who },
      ...{ changedAt: createdAt, changedBy: by, change: "created", summary: `planned: ${stepCount(definition)}` },
    };
    const created = await answered(() => this.#store.create({ ...head, explanation, calls, costUsd }, content));
    return { plan: await this.get(id), created };
  }

  async get(id: string): Promise<Plan> {
    return this.#shown(await this.#completed(await answered(() => this.#store.read(id))));
  }

  async list(
    options: { readonly limit?: number; readonly before?: string; readonly status?: PlanStatus } = {},
  ): Promise<{ readonly plans: readonly PlanSummary[]; readonly next: string | null }> {
    const limit = Math.min(options.limit ?? 50, 200);
    const plans: PlanSummary[] = [];
    let before = options.before;
    for (;;) {
      const ids = await answered(() => this.#store.ids(before, limit));
      const stored = await answered(() => this.#store.readAll(ids));
      const found = await Promise.all(stored.map((one) => this.#completed(one)));
      const forgotten = ids.filter((id) => !found.some(({ head }) => head.id === id));
      const shown = await Promise.all(found.map(async (one) => this.#summary(one, await this.#briefly(one))));
      for (const plan of shown) {
        if (options.status !== undefined && plan.status !== options.status) continue;
        plans.push(plan);
        if (plans.length === limit) return { plans, next: plan.id };
      }
      before = ids.at(-1);
      await answered(() => this.#store.unlist(forgotten));
      if (ids.length < limit) return { plans, next: null };
    }
  }

  async edit(id: string, edit: PlanEdit): Promise<Plan> {
    const { content, head } = await answered(() => this.#store.read(id));
    const { goal = content.goal, mode = content.mode, hints = content.hints, by, version } = edit;
    const domain = edit.domain === undefined ? content.domain : edit.domain;
    await this.#parts.checkHints(hints);
    const source = edit.definition === undefined ? content.definition : named(edit.definition, head.name);
    const definition = this.#accepted(source, head.name, { goal, domain });
    const agents = Object.fromEntries(Object.entries(content.agents).filter(([step]) => hasStep(definition, step)));
    const next: PlanContent = { goal, domain, mode, hints, definition, agents };
    const summary = changeSummary(comparable(content), comparable(next));
    await this.#change(id, version, { ...next, ...this.#signed(by, "edited", summary) });
    return this.get(id);
  }

  async versions(id: string): Promise<readonly PlanVersion[]> {
    const found = await answered(() => this.#store.versions(id));
    return found.map(({ version, changedAt, changedBy, change, summary }) => {
      return { version, changedAt, changedBy, change, summary };
    });
  }

  async rollback(
    id: string,
    version: number,
    { by, expected }: { readonly by: string; readonly expected?: number },
  ): Promise<Plan> {
    for (let tries = 1; ; tries++) {
      const versions = await answered(() => this.#store.versions(id));
      const wanted = versions.find((one) => one.version === version);
      const newest = versions.at(-1)?.version ?? 0;
      if (!wanted) throw noVersion(id, version, newest);
      const { version: _, ...content } = wanted;
      try {
        const signed = this.#signed(by, "rolled_back", `as version ${version}`);
        await this.#change(id, expected ?? newest, { ...content, ...signed });
        return await this.get(id);
      } catch (error) {
        const isRace = error instanceof AppError && error.code === "plan_conflict" && expected === undefined;
        if (!isRace || tries === rollbackTries) throw error;
      }
    }
  }

  async execute(id: string, request: ExecuteRequest): Promise<Plan> {
    const claim = await answered(() => this.#store.claim(id, request, this.#parts.clock()));
    this.#parts.crash?.("after-claim", id);
    if (claim.type === "claimed" || claim.run === null) await this.#start(id);
    else if (claim.key === null || claim.key !== request.idempotencyKey) throw executed(id, claim.run);
    return this.get(id);
  }

  async cancel(id: string, by: string, reason: string | null): Promise<Plan> {
    if (!(await answered(() => this.#store.cancel(id, by, reason, this.#parts.clock())))) {
      const { run } = await answered(() => this.#store.read(id));
      // Whoever claimed it may have died before there was a run: only a run can be cancelled for good.
      await this.#engine.cancel(run ?? (await this.#start(id)), by, reason);
    }
    return this.get(id);
  }

  async resume(id: string, { approved, step, comment, by, asker }: PlanWord): Promise<Plan> {
    const { run } = await answered(() => this.#store.read(id));
    const waiting = run === null ? [] : standingOf(await this.#engine.get(run)).waiting;
    const [only, ...others] = step === undefined ? waiting : waiting.filter((one) => one === step);
    if (run === null || only === undefined || others.length > 0) throw notWaiting(id, step, waiting);
    const payload = { approved, by, comment: comment ?? null, form: null };
    await this.#engine.signal(run, { name: approvalSignal(only), payload, by, ...(asker ? { asker } : {}) });
    return this.get(id);
  }

  agents(): readonly AgentSummary[] {
    return [...this.#parts.catalogue.values()].map(agentSummary);
  }

  /**
   * Whoever claimed a plan may have died before there was a run: whoever reads it starts that. It is the same run, also where the other one only is not ready yet. What
   * refuses it now leaves the plan as it stands: pending, if it can be corrected.
   */
  async #completed(stored: StoredPlan): Promise<StoredPlan> {
    if (stored.state !== "executing" || stored.run !== null) return stored;
    const { id } = stored.head;
    await this.#start(id).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
    return answered(() => this.#store.read(id));
  }

  /** Submits the run of a claimed plan; whoever does so again gets the same run. @returns the run's id */
  async #start(id: string): Promise<string> {
    const { content, head } = await answered(() => this.#store.read(id));
    const { goal, domain, hints } = content;
    try {
      const definition = this.#inMode(content, head.name);
      const request = { definition, input: runInput(goal, domain), hints, idempotencyKey: id };
      const { run } = await this.#engine.submit(request);
      await answered(() => this.#store.started(id, run.id));
      return run.id;
    } catch (error) {
      // Refused: there is no run, and the plan can be corrected.
      const isRefused = error instanceof AppError && error.status < 500 && error.code !== "idempotency_conflict";
      if (isRefused) await answered(() => this.#store.release(head));
      throw error;
    }
  }

  async #change(id: string, expected: number, content: StoredVersion): Promise<void> {
    await answered(() => this.#store.change(id, expected, content, this.#parts.token()));
  }

  #signed(by: string, change: PlanVersion["change"], summary: string): Omit<PlanVersion, "version"> {
    return { changedAt: this.#parts.clock(), changedBy: by, change, summary };
  }

  #accepted(source: string | JsonObject, name: string, input: Pick<PlanContent, "goal" | "domain">): JsonObject {
    const { kinds, strategies } = this.#parts.planner;
    return acceptDefinition(source, { kinds, strategies, name, ...input }).source;
  }

  #inMode({ definition, mode, goal, domain }: PlanContent, name: string): JsonObject {
    const { kinds } = this.#parts.planner;
    return inMode(definition, factsOf(acceptDefinition(definition, { kinds, name, goal, domain }), kinds), mode);
  }

  async #shown(stored: StoredPlan): Promise<Plan> {
    const { head, content } = stored;
    const standing = await this.#standing(stored);
    const { explanation, calls, costUsd } = head;
    return {
      ...this.#summary(stored, standing.status),
      definition: content.definition,
      steps: this.#steps(content, head.name),
      ...{ explanation, hints: content.hints, calls, costUsd },
      ...{ error: standing.error, waiting: standing.waiting },
    };
  }

  #steps(content: PlanContent, name: string): Plan["steps"] {
    const { kinds } = this.#parts.planner;
    const { goal, domain, agents } = content;
    try {
      const definition = this.#inMode(content, name);
      return planSteps(acceptDefinition(definition, { kinds, name, goal, domain }), agents);
    } catch (error) {
      // Stored by a process that knew other step kinds: it can still be looked at.
      if (error instanceof AppError && error.code === "plan_invalid") return [];
      throw error;
    }
  }

  #summary({ head, content, version, run }: StoredPlan, status: PlanStatus): PlanSummary {
    const { id, createdAt, createdBy, expiresAt } = head;
    const { goal, domain, mode } = content;
    return { id, tenant: this.#tenant, goal, domain, mode, status, version, run, createdAt, createdBy, expiresAt };
  }

  async #briefly(stored: StoredPlan): Promise<PlanStatus> {
    return stored.final === null ? (await this.#standing(stored)).status : (stored.final as PlanStatus);
  }

  async #standing(stored: StoredPlan): Promise<Standing> {
    if (stored.run === null) return standingAlone(stored, this.#parts.clock());
    const standing = await this.#standingOfRun(stored.run, stored.final);
    if (standing.isFinal && stored.final === null)
      await answered(() => this.#store.ended(stored.head.id, standing.status));
    return standing;
  }

  async #standingOfRun(run: string, final: string | null): Promise<Standing> {
    try {
      return standingOf(await this.#engine.get(run));
    } catch (error) {
      if (error instanceof AppError && error.code === "run_not_found") return runMissing(error, final);
      throw error;
    }
  }
}

/** Says what it is for, and belongs to no other plan. */
function workflowName(goal: string, id: string): string {
  const words =
    goal
      .toLowerCase()
      .normalize("NFKD")
      .match(/[a-z0-9]+/g) ?? [];
  const slug = words.slice(0, 6).join("-").slice(0, 60);
  return ["plan", slug, id.slice(-6)].filter((part) => part !== "").join("-");
}

function comparable({ goal, domain, mode, hints, definition }: PlanContent): JsonObject {
  return { goal, domain, mode, hints: hints as JsonObject, definition };
}

function stepCount({ steps }: JsonObject): string {
  const count = Array.isArray(steps) ? steps.length : 0;
  return `${count} step${count === 1 ? "" : "s"}`;
}

function hasStep({ steps }: JsonObject, id: string): boolean {
  return (steps as readonly JsonObject[]).some((step) => step.id === id);
}
