import { z } from "zod";
import type { Keys } from "../redis/keys.ts";
import { type Health, unknownHealth } from "./breaker.ts";
import type { FleetQuestion, Snapshot } from "./fleet.ts";
import { callsUnderWay, type Use, unused } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { rules } from "./rules.ts";
import { targetId } from "./target.ts";

/** How a question is put to lua/snapshot.lua: what is not asked for has no key. @param version of the routing that the process knows */
export function asked(
  question: FleetQuestion,
  keys: Keys,
  version: number,
): { readonly keys: readonly string[]; readonly args: readonly (string | number)[] } {
  const { targets, count, uses, affinity } = question;
  return {
    keys: [
      keys.router("keys"),
      keys.router("routing"),
      ...(count ? [keys.router("counter")] : []),
      ...(affinity === undefined ? [] : [keys.router(`bound:${affinity}`)]),
      ...targets.map((target) => keys.router(`health:${targetId(target)}`)),
      ...uses.flatMap((name) => useKeys(name, keys)),
    ],
    args: [version, count ? 1 : 0, affinity === undefined ? 0 : 1, targets.length],
  };
}

/** The keys of what is used of a provider or key. */
export function useKeys(name: string, keys: Keys): readonly [use: string, leases: string] {
  return [keys.router(`use:${name}`), keys.router(`leases:${name}`)];
}

const answerShape = z
  .tuple([z.number(), z.number(), z.array(z.string()), z.number(), z.string(), z.string(), z.string(), z.string()])
  .rest(z.string());

/** Takes over what lua/snapshot.lua answered: into the process's memory, and as it was at that moment. */
export function learn(raw: unknown, question: FleetQuestion, memory: Memory): Snapshot {
  const [now, counter, keyring, version, overrides, bound, healths, uses] = answerShape.parse(raw);
  const keysOut = keyringOf(keyring);
  memory.setKeyring(keysOut);
  if (version !== memory.routing.version) memory.setRouting({ version, overrides });
  if (question.affinity !== undefined) memory.setBound(question.affinity, bound === "" ? null : bound);
  const targets = new Map<string, Health>();
  const texts = JSON.parse(healths) as readonly (HealthText | null)[];
  question.targets.forEach((target, i) => {
    const id = targetId(target);
    const health = parseHealth(texts[i] ?? null, memory.health(id));
    targets.set(id, health);
    memory.setHealth(id, health);
  });
  const used = new Map<string, Use>();
  const counts = JSON.parse(uses) as readonly (readonly [UseText | null, number])[];
  question.uses.forEach((name, i) => {
    const [text, calls] = counts[i] ?? [null, 0];
    const use = parseUse(text, calls, memory.use(name), now);
    used.set(name, use);
    memory.setUse(name, use);
  });
  return {
    now,
    counter,
    degraded: false,
    routing: memory.routing,
    bound: bound === "" ? null : bound,
    health: (target) => targets.get(targetId(target)) ?? memory.health(targetId(target)),
    keyOutUntil: (field) => keysOut.get(field) ?? 0,
    use: (name) => used.get(name) ?? memory.use(name),
  };
}

/** Takes over the called target from what lua/record.lua answered, with the fleet's recent calls. */
export function learnCalled(raw: unknown, id: string, memory: Memory): void {
  const [health = "null", calls = "{}"] = answerShape.parse(raw).slice(8) as string[];
  const parsed = parseHealth(JSON.parse(health) as HealthText | null, unknownHealth);
  memory.setHealth(id, { ...parsed, calls: JSON.parse(calls) as Record<string, number> });
}

/** What the process last knew, for as long as Redis is away. */
export function remembered(question: FleetQuestion, now: number, memory: Memory): Snapshot {
  return {
    now,
    counter: question.count ? memory.count() : 0,
    degraded: true,
    routing: memory.routing,
    bound: question.affinity === undefined ? null : memory.bound(question.affinity),
    health: (target) => memory.health(targetId(target)),
    keyOutUntil: (field) => memory.keyOutUntil(field),
    use: (name) => memory.use(name),
  };
}

/** As lua/health.lua keeps it: without what is 0 or empty. */
type HealthText = Partial<Omit<Health, "calls" | "latency">> & {
  readonly latency?: number;
  readonly latencyAt?: number;
};

/** As lua/use.lua keeps it. */
type UseText = Pick<Use, "requests" | "tokens" | "nanoUsd">;

/** @param last what was known before: a read brings no counts of calls, so those of the last record stay while the breaker has not moved */
function parseHealth(text: HealthText | null, last: Health): Health {
  if (!text) return unknownHealth;
  const { latency, latencyAt, ...found } = text;
  const health = { ...unknownHealth, ...found };
  return {
    ...health,
    calls: health.state === "closed" && health.closedAt === last.closedAt ? last.calls : unknownHealth.calls,
    ...(latency === undefined ? {} : { latency: { ms: latency, at: latencyAt ?? 0 } }),
  };
}

/** @param own what was known before: of it, the leases are the process's own */
function parseUse(text: UseText | null, calls: number, own: Use, now: number): Use {
  const { leases } = own;
  const others = calls - callsUnderWay({ ...unused, leases }, now);
  return {
    ...unused,
    ...text,
    leases,
    // Those that still run would have been prolonged by then.
    ...(others > 0 ? { others: { calls: others, until: now + rules.leaseMs } } : {}),
  };
}

function keyringOf(flat: readonly string[]): ReadonlyMap<string, number> {
  const keyring = new Map<string, number>();
  for (let i = 0; i + 1 < flat.length; i += 2) keyring.set(flat[i] ?? "", Number(flat[i + 1]));
  return keyring;
}
