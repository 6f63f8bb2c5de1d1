import { type Claim, claim, type Health, record } from "../breaker.ts";
import type { Booked, Booking, CallReport, Reserved, Snapshot } from "../fleet.ts";
import { foldLatency } from "../latency.ts";
import { type Ask, fullAt, leaseId, reserve, settle, type Use } from "../limits.ts";
import { createMemory } from "../memory.ts";
import { rules } from "../rules.ts";
import type { Target } from "../target.ts";
import type { Agenda } from "./agenda.ts";
import type { Chance } from "./chance.ts";

/**
 * What a fleet shares, without Redis: the same rules over one memory, at the virtual clock. Every process of the fleet sees the same at once, so one
 * stands for them all.
 */
export interface VirtualFleet {
  /** As it stands now; the next number is drawn if it is asked for. */
  look(count: boolean): Snapshot;
  reserve(booking: Booking): Reserved;
  record(report: CallReport): void;
  claim(target: Target, token: string): Claim;
}

/** Told of every change of a target's health. */
export type OnHealth = (provider: string, before: Health, after: Health) => void;

/** What a virtual fleet needs. */
export interface VirtualFleetOptions {
  readonly agenda: Agenda;
  /** Moves the deadlines of breakers. */
  readonly chance: Chance;
  readonly onHealth: OnHealth;
  /** Whether any key ever has limits of its own. False: what single keys use is not kept, because nobody looks at it. */
  readonly hasKeyLimits: boolean;
}

/** Nothing is known and nothing used at the beginning. */
export function createVirtualFleet({ agenda, chance, onHealth, hasKeyLimits }: VirtualFleetOptions): VirtualFleet {
  const memory = createMemory();
  // A scenario's provider has one model, so its name is the target's.
  const healthOf = ({ provider }: Target) => memory.health(provider);

  const setHealth = (target: Target, after: Health) => {
    const before = healthOf(target);
    memory.setHealth(target.provider, after);
    onHealth(target.provider, before, after);
  };

  // Always as it stands now, so that all requests can look through the same one.
  const live: Snapshot = {
    get now() {
      return agenda.now;
    },
    counter: 0,
    degraded: false,
    routing: memory.routing,
    bound: null,
    health: healthOf,
    keyOutUntil: (field) => memory.keyOutUntil(field),
    use: (name) => memory.use(name),
  };

  return {
    look: (count) => (count ? Object.create(live, { counter: { value: memory.count() } }) : live),
    reserve({ provider, keyField, limits, keyLimits, ask, token }) {
      const full = limits && fullAt(memory.use(provider), limits, ask, agenda.now, rules);
      if (full) return { type: "full", name: provider, full };
      const keyFull = keyLimits && fullAt(memory.use(keyField), keyLimits, ask, agenda.now, rules);
      if (keyFull) return { type: "full", name: keyField, full: keyFull };
      const { use, lease } = reserve(memory.use(provider), ask, token, agenda.now, rules);
      memory.setUse(provider, counted(use, 1));
      if (hasKeyLimits) {
        memory.setUse(keyField, counted(reserve(memory.use(keyField), ask, token, agenda.now, rules).use, 1));
      }
      return { type: "booked", booked: { provider, keyField, lease } };
    },
    record(report) {
      const { target, kind, ms, keyField, latencyMs, settle: use } = report;
      const moved = record(healthOf(target), report, agenda.now, chance(), rules);
      const latency = latencyMs === null ? moved.latency : foldLatency(moved.latency, latencyMs, agenda.now, rules);
      setHealth(target, latency ? { ...moved, latency } : moved);
      if (kind === "auth") memory.setKeyOutUntil(keyField, Math.max(memory.keyOutUntil(keyField), agenda.now + ms));
      if (use) settleBoth(use.booked, use.actual);
    },
    claim(target, token) {
      const claimed = claim(healthOf(target), token, agenda.now, rules);
      setHealth(target, claimed.health);
      return claimed.claim;
    },
  };

  function settleBoth({ provider, keyField, lease }: Booked, actual: Ask): void {
    for (const name of hasKeyLimits ? [provider, keyField] : [provider]) {
      const use = { ...memory.use(name), leases: { [leaseId(lease)]: Number.POSITIVE_INFINITY } };
      memory.setUse(name, counted(settle(use, lease, actual, agenda.now, rules), -1));
    }
  }
}

/** Calls under way as a number alone: no process dies here, so none of their leases ends by itself, and nobody needs to look through them. */
function counted(use: Use, more: number): Use {
  const calls = (use.others?.calls ?? 0) + more;
  return { ...use, leases: {}, others: { calls, until: Number.POSITIVE_INFINITY } };
}
