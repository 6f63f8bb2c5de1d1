import type { Health } from "./breaker.ts";
import { unknownHealth } from "./breaker.ts";

/** What a process last knew: decides while Redis is away, overwritten by every answer of Redis. */
export interface Memory {
  health(target: string): Health;
  setHealth(target: string, health: Health): void;
  /** Epoch milliseconds until which a key is out; 0: it may be used. */
  keyOutUntil(field: string): number;
  setKeyOutUntil(field: string, until: number): void;
  /** Takes the keyring as Redis has it. */
  setKeyring(keyring: ReadonlyMap<string, number>): void;
  /** The process's own round-robin number. */
  count(): number;
}

/** An empty memory. */
export function createMemory(): Memory {
  const targets = new Map<string, Health>();
  let keyring = new Map<string, number>();
  let counter = 0;
  return {
    health: (target) => targets.get(target) ?? unknownHealth,
    setHealth: (target, health) => targets.set(target, health),
    keyOutUntil: (field) => keyring.get(field) ?? 0,
    setKeyOutUntil: (field, until) => keyring.set(field, until),
    setKeyring(found) {
      keyring = new Map(found);
    },
    count: () => ++counter,
  };
}
