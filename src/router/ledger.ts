import type { Redis } from "ioredis";
import type { CallRecord } from "../core/call.ts";
import type { Spend, SpendUse } from "../core/spend.ts";
import { defaultTenant, ownName } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import { createTally, type Tally } from "./tally.ts";

/** What every call of the fleet has used, by day. Runs hold the truth of their own calls; this is the sum over all, also over direct requests and mirrored ones. */
export interface Ledger {
  /** Books a call. Returns at once; while Redis is away the sums wait in this process. @param workflow null: a direct request @param tenant who pays; default: the default tenant */
  add(call: CallRecord, workflow: string | null, tenant?: string): void;
  /** @param from first day @param to last day, both as `2026-11-22` by UTC */
  read(from: string, to: string): Promise<readonly Spend[]>;
  /** Writes what is left, if Redis answers. */
  close(): Promise<void>;
}

const nano = 1e9;
/** Days are kept for 400 days. */
export const keptSeconds = 400 * 86_400;
const dayMs = 86_400_000;

/** What a day's hash holds for each combination; the field is the JSON of [provider, model, key, workflow, name], or, where it is not the default tenant's, of [..., workflow, tenant, name]. */
const names = ["calls", "failed", "in", "out", "cached", "reasoning", "nano", "priced", "unpriced"] as const;
type Sums = Partial<Record<(typeof names)[number], number>>;

/** @param redis an impatient connection @param clock epoch milliseconds @param tally takes what is added */
export function createLedger(
  redis: Redis,
  keys: Keys,
  clock: () => number,
  tally: Tally = createTally(redis, keys),
): Ledger {
  const keyOf = (day: string) => spendKey(keys, day);
  return {
    add(call, workflow, tenant) {
      const hash = { key: keyOf(dayOf(clock())), keptSeconds };
      for (const [field, more] of spendLines(call, workflow, tenant)) tally.note(hash, field, more);
    },
    async read(from, to) {
      const days: string[] = [];
      for (let at = Date.parse(from); at <= Date.parse(to); at += dayMs) days.push(dayOf(at));
      const hashes = await Promise.all(days.map((day) => redis.hgetall(keyOf(day))));
      return days.flatMap((day, i) => rowsOf(day, hashes[i] ?? {}));
    },
    close: () => tally.close(),
  };
}

/** The hash of a day's sums. @param day `2026-11-22` by UTC */
export function spendKey(keys: Keys, day: string): string {
  return keys.router(`spend:${day}`);
}

/** What one call adds to the sums of its day: fields of the day's hash, and how much more. @param workflow its own or full name; null: a direct request */
export function spendLines(
  call: CallRecord,
  workflow: string | null,
  tenant: string = defaultTenant,
): readonly (readonly [field: string, more: number])[] {
  const sums = sumsOf(call);
  const fields = fieldsOf(call, workflow, tenant);
  const lines: [string, number][] = [];
  for (const name of names) {
    const more = sums[name] ?? 0;
    if (more !== 0) lines.push([fields[name], more]);
  }
  return lines;
}

type Fields = Readonly<Record<(typeof names)[number], string>>;

/** Most calls have the same fields as those before them. */
const knownFields = new Map<string, Fields>();
const mostFields = 1_000;

function fieldsOf({ provider, model, key }: CallRecord, workflow: string | null, tenant: string): Fields {
  const owner = tenant === defaultTenant ? [] : [tenant];
  const head = JSON.stringify([provider, model, key ?? "", workflow === null ? null : ownName(workflow), ...owner]);
  const known = knownFields.get(head);
  if (known) return known;
  const fields = Object.fromEntries(names.map((name) => [name, `${head.slice(0, -1)},"${name}"]`])) as Fields;
  if (knownFields.size >= mostFields) knownFields.clear();
  knownFields.set(head, fields);
  return fields;
}

function sumsOf({ ok, usage, costUsd }: CallRecord): Sums {
  return {
    calls: 1,
    failed: ok ? 0 : 1,
    in: usage?.inputTokens ?? 0,
    out: usage?.outputTokens ?? 0,
    cached: usage?.cachedInputTokens ?? 0,
    reasoning: usage?.reasoningTokens ?? 0,
    nano: Math.round((costUsd ?? 0) * nano),
    priced: costUsd === null ? 0 : 1,
    unpriced: ok && costUsd === null ? 1 : 0,
  };
}

type Head = [provider: string, model: string, key: string, workflow: string | null, tenant?: string];

function rowsOf(day: string, hash: Readonly<Record<string, string>>): readonly Spend[] {
  const sums = new Map<string, Sums>();
  for (const [field, count] of Object.entries(hash)) {
    const parts = JSON.parse(field) as string[];
    const name = parts.pop() ?? "";
    const head = JSON.stringify(parts);
    sums.set(head, { ...sums.get(head), [name]: Number(count) });
  }
  return [...sums].map(([head, sum]) => {
    const [provider, model, key, workflow, tenant = defaultTenant] = JSON.parse(head) as Head;
    return { day, provider, model, key, workflow, tenant, use: useOf(sum) };
  });
}

function useOf(sums: Sums): SpendUse {
  const { calls = 0, failed = 0, in: inputTokens = 0, out: outputTokens = 0, priced = 0, unpriced = 0 } = sums;
  const { cached: cachedInputTokens = 0, reasoning: reasoningTokens = 0, nano: nanoUsd = 0 } = sums;
  const costUsd = priced > 0 ? nanoUsd / nano : null;
  return { calls, failed, inputTokens, outputTokens, cachedInputTokens, reasoningTokens, costUsd, unpriced };
}

let lastDay = { number: Number.NaN, text: "" };

/** The day of a moment, by UTC. @param at epoch milliseconds */
export function dayOf(at: number): string {
  const number = Math.floor(at / dayMs);
  if (number !== lastDay.number) lastDay = { number, text: new Date(at).toISOString().slice(0, 10) };
  return lastDay.text;
}
