import type { Redis } from "ioredis";
import type { Approval } from "../core/approval.ts";
import { type Asker, approvalMark, mayDecide } from "../core/approvers.ts";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { ownName, tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";

/** What the inbox stands on. */
export interface ApprovalsParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: () => number;
}

/** Entries that are looked at together. */
const atOnce = 100;

/** An entry stands before its step is parked; one that is older than this and has no parked step is dropped. */
const beingParkedMs = 60_000;

/**
 * What waits for a person's word, over all runs. The list in Redis may have entries too many, for it is written before a step is parked and nobody takes an entry
 * off when the step goes on; never one too few. What counts is the run: each entry is compared with it when it is read, and dropped if it is over.
 */
export class Approvals {
  readonly #parts: ApprovalsParts;

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  /** Lists a step that is about to be parked, if it waits for a person's word. @param signal the one that will wake it */
  async expect(workflow: string, run: string, actor: string, signal: string | null): Promise<void> {
    if (!signal?.startsWith(approvalMark)) return;
    const { redis, keys, clock } = this.#parts;
    await redis.zadd(keys.approvals(tenantOf(workflow)), "NX", clock(), `${run}|${actor}`);
  }

  /** What waits, the oldest first. @param limit at most this many */
  async list(tenant: string, limit: number): Promise<readonly Approval[]> {
    const { redis, keys } = this.#parts;
    const found: Approval[] = [];
    let start = 0;
    while (found.length < limit) {
      const reply = await redis.zrange(keys.approvals(tenant), String(start), String(start + atOnce - 1), "WITHSCORES");
      const entries = pairs(reply);
      const looked = await Promise.all(entries.map(([entry, at]) => this.#look(tenant, entry, at)));
      const dropped = looked.filter((one) => one === "dropped").length;
      found.push(...looked.filter((one) => typeof one === "object"));
      if (entries.length < atOnce) break;
      start += entries.length - dropped;
    }
    return found.slice(0, limit);
  }

  /** Refuses a word to a step that waits for somebody else's. One that comes before it waits is looked at when it is taken. @throws AppError not_an_approver */
  async refuseOthers(
    run: string,
    { name, by, asker }: { readonly name: string; readonly by: string; readonly asker?: Asker },
  ): Promise<void> {
    if (!name.startsWith(approvalMark)) return;
    const step = name.slice(approvalMark.length);
    const { redis, keys } = this.#parts;
    const who = askedBy(await redis.hget(keys.run(run).memos, step))?.who ?? [];
    if (mayDecide(who, asker ?? { name: by, scopes: [], keyId: "none" })) return;
    throw new AppError("not_an_approver", {
      message: `Step "${step}" asks ${who.join(", ")}; this word comes from "${asker?.name ?? by}".`,
      details: { run, step, who: [...who] },
    });
  }

  async #look(tenant: string, entry: string, since: number): Promise<Approval | "passed" | "dropped"> {
    const { redis, keys, clock } = this.#parts;
    const bar = entry.indexOf("|");
    const [run, actor] = [entry.slice(0, bar), entry.slice(bar + 1)];
    const ofRun = keys.run(run);
    const [[workflow, version, finishedAt], signal, memo] = await Promise.all([
      redis.hmget(ofRun.run, "workflow", "version", "finishedAt"),
      redis.hget(ofRun.waits, actor),
      redis.hget(ofRun.memos, actor),
    ]);
    const asked = askedBy(memo);
    if (!workflow || finishedAt || !signal?.startsWith(approvalMark) || !asked) {
      if (clock() - since < beingParkedMs) return "passed";
      await redis.zrem(keys.approvals(tenant), entry);
      return "dropped";
    }
    // The word has come; the step is about to go on.
    if (await redis.hexists(ofRun.signals, signal)) return "passed";
    const step = signal.slice(approvalMark.length);
    return { run, step, workflow: ownName(workflow), version: Number(version), ...asked, since };
  }
}

/** What an `approval` step has kept for the execution that goes on. */
function askedBy(memo: string | null): Pick<Approval, "message" | "who" | "form" | "until"> | undefined {
  const kept: Json = memo ? (JSON.parse(memo) as Json) : null;
  if (!isJsonObject(kept) || !isJsonObject(kept.approval)) return undefined;
  const { message, who, form } = kept.approval;
  return {
    message: String(message),
    who: Array.isArray(who) ? who.map(String) : [],
    form: isJsonObject(form) ? form : null,
    until: typeof kept.due === "number" ? kept.due : null,
  };
}

function pairs(reply: readonly string[]): readonly (readonly [string, number])[] {
  return Array.from({ length: reply.length / 2 }, (_, i) => [reply[2 * i] ?? "", Number(reply[2 * i + 1])] as const);
}
