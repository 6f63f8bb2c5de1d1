import type { Keys } from "../redis/keys.ts";
import type { Booked, CallReport } from "./fleet.ts";
import { type Ask, leaseId, nano } from "./limits.ts";
import { useKeys } from "./snapshot.ts";
import { targetId } from "./target.ts";

/** A call that begins or ends, for lua/outcome.lua. */
export type CallEntry =
  /** No limit holds it back: it is only counted. */
  | { readonly type: "begun"; readonly booked: Booked }
  | {
      readonly type: "ended";
      readonly report: CallReport;
      /** 0..1 */
      readonly draw: number;
      /** Of a call that nobody booked: it counts at the moment of its report. */
      readonly unbooked?: { readonly names: readonly string[]; readonly used: Ask };
    };

/** Calls as lua/outcome.lua takes them. */
export interface CallBatch {
  readonly keys: readonly string[];
  /** JSON. */
  readonly text: string;
  /** Ids of the targets whose calls have ended. */
  readonly called: readonly string[];
}

/** Puts calls together for one script: what many of them touch is read and written once. */
export function batchOf(entries: readonly CallEntry[], keys: Keys): CallBatch {
  const targets = new Map<string, number>();
  const names = new Map<string, number>();
  const bindings: string[] = [];
  const batch: { booked: object[]; ended: object[]; bound: string[] } = { booked: [], ended: [], bound: [] };
  const numbersOf = (ofCall: readonly string[]) => ofCall.map((name) => numberOf(name, names));
  for (const entry of entries) {
    if (entry.type === "begun") {
      const { booked } = entry;
      batch.booked.push({ names: numbersOf(namesOf(booked)), ...leaseText(booked) });
      continue;
    }
    const { report, draw } = entry;
    const { target, bind } = report;
    const settle = settleText(entry);
    batch.ended.push({
      ...outcomeText(report, draw),
      target: numberOf(targetId(target), targets),
      ...(settle ? { settle: { ...settle.text, names: numbersOf(settle.names) } } : {}),
    });
    if (bind === undefined) continue;
    bindings.push(keys.router(`bound:${bind}`));
    batch.bound.push(target.provider);
  }
  const called = [...targets.keys()];
  return {
    called,
    text: JSON.stringify({ ...batch, targets: called, names: names.size }),
    keys: [
      keys.router("targets"),
      keys.router("keys"),
      ...called.flatMap((id) => [keys.router(`health:${id}`), keys.router(`calls:${id}`)]),
      ...[...names.keys()].flatMap((name) => useKeys(name, keys)),
      ...bindings,
    ],
  };
}

/** From 1, as Lua counts. */
function numberOf(name: string, numbers: Map<string, number>): number {
  const number = numbers.get(name) ?? numbers.size + 1;
  numbers.set(name, number);
  return number;
}

function namesOf({ provider, keyField }: Booked): readonly string[] {
  return [provider, keyField];
}

/** What is undefined is left out. */
function outcomeText({ kind, ms, token, durationMs, latencyMs, keyField }: CallReport, random: number): object {
  return { kind, ms: Math.ceil(ms), token, durationMs, random, keyField, latencyMs: latencyMs ?? undefined };
}

function settleText({
  report: { settle },
  unbooked,
}: Extract<CallEntry, { type: "ended" }>): { readonly names: readonly string[]; readonly text: object } | undefined {
  if (settle) {
    return { names: namesOf(settle.booked), text: { ...leaseText(settle.booked), ...usedText(settle.actual) } };
  }
  if (!unbooked) return undefined;
  const nobodys = { id: "", tokens: 0, nanoUsd: 0, requests: 1 };
  return { names: unbooked.names, text: { ...nobodys, ...usedText(unbooked.used) } };
}

function leaseText({ lease }: Booked): object {
  const { bucket, day, tokens, usd } = lease;
  return { id: leaseId(lease), bucket, day, tokens, nanoUsd: nano(usd) };
}

function usedText(used: Ask): object {
  const { tokens, usd } = whole(used);
  return { actualTokens: tokens, actualNanoUsd: nano(usd) };
}

/** Tokens are counted whole in Redis. */
export function whole({ tokens, usd }: Ask): Ask {
  return { tokens: Math.max(0, Math.ceil(tokens)), usd };
}
