import { z } from "zod";
import type { Health } from "./breaker.ts";

const flat = z.array(z.string());
const answer = z.tuple([z.number(), z.number(), flat], flat);

/** What lua/snapshot.lua returns, as data. Health comes in the order of the targets asked for. */
export function parseSnapshot(raw: unknown): {
  readonly now: number;
  readonly counter: number;
  readonly keysOut: ReadonlyMap<string, number>;
  readonly health: readonly Health[];
} {
  const [now, counter, keyring, ...targets] = answer.parse(raw);
  const keysOut = new Map([...pairs(keyring)].map(([field, until]) => [field, Number(until)]));
  return { now, counter, keysOut, health: targets.map(parseHealth) };
}

function parseHealth(hash: readonly string[]): Health {
  const fields = pairs(hash);
  const number = (name: string) => Number(fields.get(name) ?? 0);
  const state = fields.get("state");
  const calls: Record<string, number> = {};
  for (const [name, value] of fields) if (/^[of]:/.test(name)) calls[name] = Number(value);
  return {
    state: state === "open" || state === "half_open" ? state : "closed",
    until: number("until"),
    openMs: number("openMs"),
    closedAt: number("closedAt"),
    probe: fields.get("probe") ?? "",
    probeUntil: number("probeUntil"),
    limitedUntil: number("limitedUntil"),
    goneUntil: number("goneUntil"),
    calls,
  };
}

function pairs(hash: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < hash.length; i += 2) fields.set(hash[i] ?? "", hash[i + 1] ?? "");
  return fields;
}
