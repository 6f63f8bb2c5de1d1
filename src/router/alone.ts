import { type Claim, claim, record } from "./breaker.ts";
import { whole } from "./call-batch.ts";
import type { Booked, Booking, CallReport, Reserved } from "./fleet.ts";
import { foldLatency } from "./latency.ts";
import { fullAt, keep, leaseOf, reserve, settle } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { rules } from "./rules.ts";
import { type Target, targetId } from "./target.ts";

/*
 * The rules of the scripts in lua/, on the memory of one process: they decide while Redis is away. What a process does itself is kept here
 * while Redis answers too, so that its own calls under way are known when it goes away.
 */

/** Books a call if it fits into the limits as far as they are known. */
export function reserveAlone(booking: Booking, now: number, memory: Memory): Reserved {
  const { provider, keyField, limits, keyLimits, ask } = booking;
  for (const [name, most] of [
    [provider, limits],
    [keyField, keyLimits],
  ] as const) {
    const full = most && fullAt(memory.use(name), most, ask, now, rules);
    if (full) return { type: "full", name, full };
  }
  return { type: "booked", booked: book(booking, now, memory) };
}

/** Books a call that fits. */
export function book({ provider, keyField, ask, token }: Booking, now: number, memory: Memory): Booked {
  for (const name of [provider, keyField]) {
    memory.setUse(name, reserve(memory.use(name), ask, token, now, rules).use);
  }
  return { provider, keyField, lease: leaseOf(ask, token, now, rules) };
}

/** Whether no limit holds a call back, and its booking only counts it. */
export function isFree({ limits, keyLimits, leaseMs }: Booking): boolean {
  return limits === null && keyLimits === null && leaseMs === undefined;
}

/** Books a call that no limit holds back. What it uses is Redis's to know: where a limit is set later, it is read from there. */
export function bookFree({ provider, keyField, ask, token }: Booking, now: number, memory: Memory): Booked {
  for (const name of [provider, keyField]) memory.addFree(name, 1);
  return { provider, keyField, lease: leaseOf(ask, token, now, rules), isFree: true };
}

/** Takes over what a call that has ended says of its booking and its run: the booking is corrected by what was used. */
export function settleAlone({ settle: settled, bind, target }: CallReport, now: number, memory: Memory): void {
  if (bind !== undefined) memory.setBound(bind, target.provider);
  if (!settled) return;
  const { provider, keyField, lease, isFree } = settled.booked;
  for (const name of [provider, keyField]) {
    if (isFree) memory.addFree(name, -1);
    else memory.setUse(name, settle(memory.use(name), lease, whole(settled.actual), now, rules));
  }
}

/** Prolongs a booking's leases. */
export function keepAlone({ provider, keyField, lease, isFree }: Booked, now: number, memory: Memory): void {
  if (isFree) return;
  for (const name of [provider, keyField]) memory.setUse(name, keep(memory.use(name), lease, now, rules));
}

/** Folds a call's outcome in. @param random 0..1, for the jitter of an opening */
export function recordAlone(report: CallReport, now: number, random: number, memory: Memory): void {
  const { target, kind, ms, keyField, latencyMs } = report;
  const id = targetId(target);
  const last = memory.health(id);
  const folded = record(last, report, now, random, rules);
  const latency = latencyMs === null ? last.latency : foldLatency(last.latency, latencyMs, now, rules);
  memory.setHealth(id, latency ? { ...folded, latency } : folded);
  if (kind === "auth") memory.setKeyOutUntil(keyField, Math.max(memory.keyOutUntil(keyField), now + ms));
}

/** Takes or renews a target's probe. */
export function claimAlone(target: Target, token: string, now: number, memory: Memory): Claim {
  const id = targetId(target);
  const local = claim(memory.health(id), token, now, rules);
  memory.setHealth(id, local.health);
  return local.claim;
}
