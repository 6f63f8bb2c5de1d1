import type { Redis } from "ioredis";
import { z } from "zod";
import type { CallRecord } from "../core/call.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import { batchOf } from "./call-batch.ts";
import type { CallReport } from "./fleet.ts";
import { type GatewayContext, gatewayKeyField } from "./gateway.ts";
import { dayOf, keptSeconds, spendKey, spendLines } from "./ledger.ts";
import type { Ask } from "./limits.ts";
import { rules } from "./rules.ts";

/** Contexts of calls under way, and which calls were counted. Rejects while Redis is away. */
export interface GatewayStore {
  /** Keeps a context for the time of its call and a day: a report may be late. */
  save(tenant: string, context: GatewayContext, seconds: number): Promise<void>;
  /** @returns undefined: there is none of that id, or it is too old */
  find(tenant: string, id: string): Promise<GatewayContext | undefined>;
  /** Counts a call, once: health, limits and sums in one step. @returns the id under which it was counted, and the digest of what was counted */
  count(report: CountedReport): Promise<{ readonly id: string; readonly digest: string }>;
}

/** A report, ready to be counted. */
export interface CountedReport {
  /** The same name is counted once, for {@link rememberedSeconds}. */
  readonly once: string;
  readonly id: string;
  /** Of its content: the same name with another one is another call. */
  readonly digest: string;
  readonly call: CallReport;
  /** The context of which one report moves health. Null: this one does in any case, or has nothing that would. */
  readonly healthOnce: string | null;
  /** What it used, where it was not booked. */
  readonly unbooked: Ask | null;
  readonly record: CallRecord;
  readonly tenant: string;
  readonly workflow: string | null;
}

/** How long a report that came twice is recognised: a week. */
export const rememberedSeconds = 7 * 86_400;

const lateSeconds = 86_400;
const script = loadScript("report", new URL("./lua/report.lua", import.meta.url));
const answerShape = z.tuple([z.enum(["counted", "again"]), z.string()]).rest(z.string());

/** What such a store needs. */
export interface GatewayStoreOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: () => number;
  readonly random: () => number;
  /** `clock`: in place of Redis's. For tests. */
  readonly timeSource: "redis" | "clock";
}

/** Opens no connection of its own. */
export function createGatewayStore(options: GatewayStoreOptions): GatewayStore {
  const { redis, keys, clock, random, timeSource } = options;
  const contextKey = (tenant: string, id: string) => keys.router(`gateway:${tenant}:${id}`);
  return {
    async save(tenant, context, seconds) {
      await redis.set(contextKey(tenant, context.id), JSON.stringify(context), "EX", Math.ceil(seconds) + lateSeconds);
    },
    async find(tenant, id) {
      const text = await redis.get(contextKey(tenant, id));
      return text === null ? undefined : (JSON.parse(text) as GatewayContext);
    },
    async count({ once, id, digest, call, healthOnce, unbooked, record, tenant, workflow }) {
      const { target } = call;
      const lines = spendLines(record, workflow, tenant);
      const names = [target.provider, gatewayKeyField(target.provider)];
      const ended = { type: "ended", report: call, draw: random() } as const;
      const batch = batchOf([unbooked ? { ...ended, unbooked: { names, used: unbooked } } : ended], keys);
      const touched = [
        keys.router(`counted:${tenant}:${once}`),
        spendKey(keys, dayOf(clock())),
        keys.router(`counted:${tenant}:health:${healthOnce ?? ""}`),
        ...batch.keys,
      ];
      const time = timeSource === "redis" ? 0 : clock();
      const args = [time, JSON.stringify(rules), batch.text, id, digest, rememberedSeconds, keptSeconds];
      const answer = await script.run(redis, touched, [
        ...args,
        JSON.stringify(lines),
        healthOnce === null ? "" : "once",
      ]);
      const [, counted, of = digest] = answerShape.parse(answer);
      return { id: counted, digest: of };
    },
  };
}
