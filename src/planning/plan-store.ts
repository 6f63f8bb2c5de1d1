import type { Redis } from "ioredis";
import type { CallRecord, Hints } from "../core/call.ts";
import type { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { PlanMode, PlanVersion } from "../core/plan.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import type { ExecuteRequest } from "./plans.ts";
import { cancelled, conflict, executed, expired, notFound } from "./refusals.ts";

const script = (name: string) => loadScript(name, new URL(`./lua/${name}.lua`, import.meta.url));
const scripts = {
  create: script("plan_create"),
  change: script("plan_change"),
  claim: script("plan_claim"),
  release: script("plan_release"),
  cancel: script("plan_cancel"),
};

/** Versions of a plan that are kept. */
const keptVersions = 100;

/** How long a plan that was not executed is remembered after its time. */
const rememberedMs = 30 * 86_400_000;

/** What never changes of a plan. */
export interface PlanHead {
  readonly id: string;
  /** Of its workflow. */
  readonly name: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly explanation: string;
  readonly calls: readonly CallRecord[];
  readonly costUsd: number | null;
}

/** What one version of a plan says. */
export interface PlanContent {
  readonly goal: string;
  readonly domain: string | null;
  readonly mode: PlanMode;
  readonly hints: Hints;
  readonly definition: JsonObject;
  /** Agent by step id. */
  readonly agents: Readonly<Record<string, string>>;
}

/** A version as it is stored. */
export type StoredVersion = PlanContent & Pick<PlanVersion, "changedAt" | "changedBy" | "change" | "summary">;

/**
 * A plan as it is stored. `pending` -> `executing` (claimed; `run` is set once there is one) or `cancelled`. `final`: how its run ended, once somebody has seen
 * that.
 */
export interface StoredPlan {
  readonly head: PlanHead;
  readonly version: number;
  readonly content: StoredVersion;
  readonly state: "pending" | "executing" | "cancelled";
  readonly run: string | null;
  readonly final: string | null;
}

/** What a claim found. */
export type Claim =
  | { readonly type: "claimed" }
  /** It was claimed before: by whom, and whether there is a run. */
  | { readonly type: "again"; readonly key: string | null; readonly run: string | null };

/** The plans of one tenant in Redis. */
export class PlanStore {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #tenant: string;

  /** @param redis an impatient connection */
  constructor(redis: Redis, keys: Keys, tenant: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#tenant = tenant;
  }

  /** Stores a plan. @returns false: it was there before, and stays as it is */
  async create(head: PlanHead, content: StoredVersion): Promise<boolean> {
    const keys = [this.#key(head.id), this.#keys.plans(this.#tenant)];
    const { id, createdAt, expiresAt } = head;
    const args = [id, JSON.stringify(head), JSON.stringify(content), createdAt, expiresAt, expiresAt + rememberedMs];
    return this.#word(await scripts.create.run(this.#redis, keys, args)) === "done";
  }

  /** @throws AppError plan_not_found */
  async read(id: string): Promise<StoredPlan> {
    const [found] = await this.readAll([id]);
    if (!found) throw notFound(id);
    return found;
  }

  /** In the order of the ids; those that are not there are left out. */
  async readAll(ids: readonly string[]): Promise<readonly StoredPlan[]> {
    const batch = this.#redis.pipeline();
    for (const id of ids) batch.hmget(this.#key(id), "head", "current", "version", "state", "run", "final");
    const replies = (await batch.exec()) ?? [];
    return replies.flatMap(([error, reply]) => {
      if (error) throw error;
      const [head, content, version, state, run, final] = reply as (string | null)[];
      if (!head || !content) return [];
      return {
        head: JSON.parse(head) as PlanHead,
        content: JSON.parse(content) as StoredVersion,
        version: Number(version),
        state: state as StoredPlan["state"],
        run: run ?? null,
        final: final ?? null,
      };
    });
  }

  /** Ids, newest first. @param before an id: the list goes on behind it */
  async ids(before: string | undefined, count: number): Promise<readonly string[]> {
    const list = this.#keys.plans(this.#tenant);
    // An id that is not there any more still has its place: ids sort by time, as the list does.
    const rank = before === undefined ? null : await this.#redis.zrevrank(list, before);
    if (before !== undefined && rank === null) return [];
    const from = rank === null ? 0 : rank + 1;
    return this.#redis.zrevrange(list, from, from + count - 1);
  }

  /** Takes forgotten plans out of the list. */
  async unlist(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.zrem(this.#keys.plans(this.#tenant), ...ids);
  }

  /** Oldest first; those that are kept. @throws AppError plan_not_found */
  async versions(id: string): Promise<readonly (StoredVersion & { readonly version: number })[]> {
    const all = await this.#redis.hgetall(this.#key(id));
    if (all.head === undefined) throw notFound(id);
    return Object.entries(all)
      .flatMap(([field, text]) => (/^v\d+$/.test(field) ? [{ ...parsed(text), version: Number(field.slice(1)) }] : []))
      .sort((a, b) => a.version - b.version);
  }

  /**
   * Stores the version after `expected`. @param token names this change, so that one which comes twice counts once
   * @throws AppError plan_not_found, plan_conflict, plan_expired, plan_executed, plan_cancelled
   */
  async change(id: string, expected: number, content: StoredVersion, token: string): Promise<void> {
    const next = expected + 1;
    const args = [expected, next, JSON.stringify(content), token, content.changedAt, next - keptVersions + 1];
    const reply = await scripts.change.run(this.#redis, [this.#key(id)], args);
    if (this.#word(reply) !== "done") throw this.#refusal(id, reply, expected);
  }

  /** Takes the plan for its one execution. @throws AppError plan_not_found, plan_conflict, plan_expired, plan_cancelled */
  async claim(id: string, { by, expected, idempotencyKey }: ExecuteRequest, nowMs: number): Promise<Claim> {
    const args = [expected ?? "", idempotencyKey ?? "", nowMs, by];
    const reply = await scripts.claim.run(this.#redis, [this.#key(id)], args);
    const [word, run, asker] = reply as readonly string[];
    if (word === "done") return { type: "claimed" };
    if (word === "executing") return { type: "again", key: asker || null, run: run || null };
    throw this.#refusal(id, reply, expected);
  }

  /** Gives a claim back whose run was refused. */
  async release({ id, expiresAt }: PlanHead): Promise<void> {
    await scripts.release.run(this.#redis, [this.#key(id)], [expiresAt + rememberedMs]);
  }

  /** Notes the run of a claimed plan. */
  async started(id: string, run: string): Promise<void> {
    await this.#redis.hset(this.#key(id), "state", "executing", "run", run);
  }

  /** Notes how the plan's run ended, which does not change any more. From then on the plan is remembered as long as one that was not executed. */
  async ended(id: string, final: string): Promise<void> {
    await this.#redis.multi().hset(this.#key(id), "final", final).pexpire(this.#key(id), rememberedMs).exec();
  }

  /** Cancels a pending plan. @returns false: it was executed @throws AppError plan_not_found, plan_expired */
  async cancel(id: string, by: string, reason: string | null, nowMs: number): Promise<boolean> {
    const args = [JSON.stringify({ by, reason, at: nowMs }), nowMs];
    const reply = await scripts.cancel.run(this.#redis, [this.#key(id)], args);
    const word = this.#word(reply);
    if (word === "done" || word === "cancelled") return true;
    if (word === "executing") return false;
    throw this.#refusal(id, reply, undefined);
  }

  #key(id: string): string {
    return this.#keys.plan(this.#tenant, id);
  }

  #word(reply: unknown): string {
    return (reply as readonly string[])[0] ?? "";
  }

  #refusal(id: string, reply: unknown, expected: number | undefined): AppError {
    const [word, fact = ""] = reply as readonly string[];
    switch (word) {
      case "stale":
        return conflict(id, Number(fact), expected);
      case "expired":
        return expired(id, Number(fact));
      case "executing":
        return executed(id, fact || null);
      case "cancelled":
        return cancelled(id);
      default:
        return notFound(id);
    }
  }
}

function parsed(text: string): StoredVersion {
  return JSON.parse(text) as StoredVersion;
}
