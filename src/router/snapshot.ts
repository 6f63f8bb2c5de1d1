import { z } from "zod";
import type { Keys } from "../redis/keys.ts";
import { type Health, unknownHealth } from "./breaker.ts";
import type { FleetQuestion, Snapshot } from "./fleet.ts";
import { callsUnderWay, type Use, unused } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { rules } from "./rules.ts";
import { type Target, targetId } from "./target.ts";

/** A question as it is put to lua/snapshot.lua. */
export interface Asked {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** Puts questions to lua/snapshot.lua: what is not asked for has no key. @returns takes the version of the routing that the process knows */
export function asking(keys: Keys): (question: FleetQuestion, version: number) => Asked {
  // Most questions are about the same targets.
  const ofTargets = new WeakMap<readonly Target[], readonly string[]>();
  const healthKeys = (targets: readonly Target[]) => {
    const found = ofTargets.get(targets) ?? targets.map((target) => keys.router(`health:${targetId(target)}`));
    ofTargets.set(targets, found);
    return found;
  };
  return ({ targets, count, uses, affinity }, version) => ({
    keys: [
      keys.router("keys"),
      keys.router("routing"),
      ...(count ? [keys.router("counter")] : []),
      ...(affinity === undefined ? [] : [keys.router(`bound:${affinity}`)]),
      ...healthKeys(targets),
      ...uses.flatMap((name) => useKeys(name, keys)),
    ],
    args: [version, count ? 1 : 0, affinity === undefined ? 0 : 1, targets.length, uses.length],
  });
}

/** The keys of what is used of a provider or key. */
export function useKeys(name: string, keys: Keys): readonly [use: string, leases: string] {
  return [keys.router(`use:${name}`), keys.router(`leases:${name}`)];
}

const answerShape = z.string();

/** Takes over what lua/snapshot.lua answered: into the process's memory, and as it was at that moment. */
export function learn(raw: unknown, question: FleetQuestion, memory: Memory): Snapshot {
  const lines = answerShape.parse(raw).split("\n");
  let read = 5;
  const take = (count: number) => {
    read += count;
    return lines.slice(read - count, read);
  };
  const [nowText, counter, versionText, overrides = "", boundText = ""] = lines;
  const now = Number(nowText);
  const version = Number(versionText);
  const bound = boundText === "" ? null : boundText;
  if (version !== memory.routing.version) memory.setRouting({ version, overrides });
  if (question.affinity !== undefined) memory.setBound(question.affinity, bound);
  const healths = take(question.targets.length);
  const uses = take(question.uses.length);
  const underWay = take(question.uses.length);
  const keysOut = keyringOf(lines.slice(read));
  memory.setKeyring(keysOut);
  const targets = learnHealths(healths, question, memory);
  const used = learnUses(uses, underWay, question, now, memory);
  return {
    now,
    counter: Number(counter),
    degraded: false,
    routing: memory.routing,
    bound,
    health: (target) => {
      const id = targetId(target);
      return targets.get(id) ?? memory.health(id);
    },
    keyOutUntil: (field) => (keysOut.size === 0 ? 0 : (keysOut.get(field) ?? 0)),
    use: (name) => used.get(name) ?? memory.use(name),
  };
}

/** Takes over what lua/record.lua answered of the targets that were called, their counts of calls too. @returns the answers to the questions */
export function learnCalled(texts: readonly string[], called: readonly string[], memory: Memory): readonly string[] {
  called.forEach((id, i) => {
    const [health = "", calls = "{}"] = texts.slice(2 * i, 2 * i + 2);
    const counted = { ...parseHealth(health, unknownHealth), calls: JSON.parse(calls) as Record<string, number> };
    memory.setHealth(id, counted, health);
  });
  return texts.slice(2 * called.length);
}

function learnHealths(
  texts: readonly string[],
  { targets }: FleetQuestion,
  memory: Memory,
): ReadonlyMap<string, Health> {
  const learned = new Map<string, Health>();
  targets.forEach((target, i) => {
    const id = targetId(target);
    const text = texts[i] ?? "";
    let health = memory.healthAsWritten(id, text);
    if (!health) {
      health = parseHealth(text, memory.health(id));
      memory.setHealth(id, health, text);
    }
    learned.set(id, health);
  });
  return learned;
}

function learnUses(
  texts: readonly string[],
  underWay: readonly string[],
  { uses }: FleetQuestion,
  now: number,
  memory: Memory,
): ReadonlyMap<string, Use> {
  const learned = new Map<string, Use>();
  uses.forEach((name, i) => {
    const text = texts[i] ?? "";
    const last = memory.use(name);
    const used = memory.isAsWritten(name, text) ? last : parseUse(text);
    const use = withOthers(used, last, Number(underWay[i]), now);
    memory.setUse(name, use, text);
    learned.set(name, use);
  });
  return learned;
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

/** @param last what was known before: a read brings no counts of calls, so those of the last record stay while the breaker has not moved */
function parseHealth(text: string, last: Health): Health {
  if (text === "") return unknownHealth;
  const found = JSON.parse(text) as HealthText;
  const { state = "closed", closedAt = 0, latency, latencyAt = 0 } = found;
  const health: Health = {
    state,
    until: found.until ?? 0,
    openMs: found.openMs ?? 0,
    closedAt,
    probe: found.probe ?? "",
    probeUntil: found.probeUntil ?? 0,
    limitedUntil: found.limitedUntil ?? 0,
    goneUntil: found.goneUntil ?? 0,
    calls: state === "closed" && closedAt === last.closedAt ? last.calls : unknownHealth.calls,
  };
  return latency === undefined ? health : { ...health, latency: { ms: latency, at: latencyAt } };
}

function parseUse(text: string): Pick<Use, "requests" | "tokens" | "nanoUsd"> {
  return text === "" ? unused : (JSON.parse(text) as Pick<Use, "requests" | "tokens" | "nanoUsd">);
}

/** Adds the calls under way: the process's own by their leases, the others' by their number. */
function withOthers(used: Pick<Use, "requests" | "tokens" | "nanoUsd">, own: Use, calls: number, now: number): Use {
  const { requests, tokens, nanoUsd } = used;
  const { leases, free } = own;
  const use: Use = { requests, tokens, nanoUsd, leases, ...(free ? { free } : {}) };
  const others = calls - callsUnderWay(use, now);
  // Those that still run would have been prolonged by then.
  return others > 0 ? { ...use, others: { calls: others, until: now + rules.leaseMs } } : use;
}

function keyringOf(flat: readonly string[]): ReadonlyMap<string, number> {
  const keyring = new Map<string, number>();
  for (let i = 0; i + 1 < flat.length; i += 2) keyring.set(flat[i] ?? "", Number(flat[i + 1]));
  return keyring;
}
