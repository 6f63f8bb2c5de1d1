import { type Health, unknownHealth } from "./breaker.ts";
import type { RoutingText } from "./fleet.ts";
import { type Use, unused } from "./limits.ts";

/** What a process last knew: decides while Redis is away, overwritten by every answer of Redis. */
export interface Memory {
  health(target: string): Health;
  /** @param text as Redis has it, if that is where it comes from */
  setHealth(target: string, health: Health, text?: string): void;
  /** A target's health if it is what Redis had in these words: then they need not be read again. */
  healthAsWritten(target: string, text: string): Health | undefined;
  /** Epoch milliseconds until which a key is out; 0: it may be used. */
  keyOutUntil(field: string): number;
  setKeyOutUntil(field: string, until: number): void;
  /** Takes the keyring as Redis has it. */
  setKeyring(keyring: ReadonlyMap<string, number>): void;
  /** The process's own round-robin number. */
  count(): number;
  /** Of a provider, or of a key by its field; the leases in it are the process's own. */
  use(name: string): Use;
  /** @param text as Redis has it, if that is where it comes from */
  setUse(name: string, use: Use, text?: string): void;
  /** Counts calls of the process that begin or end and that no limit holds back. */
  addFree(name: string, more: 1 | -1): void;
  /** Whether what is known of a name's use is what Redis had in these words. */
  isAsWritten(name: string, text: string): boolean;
  /** Routing that was set at run time. */
  readonly routing: RoutingText;
  setRouting(routing: RoutingText): void;
  /** Provider that a run is bound to. */
  bound(run: string): string | null;
  setBound(run: string, provider: string | null): void;
}

/** Targets, names and runs of each kind that are remembered; those that were longest not heard of are forgotten first. */
const mostKept = 10_000;

/** An empty memory. */
export function createMemory(): Memory {
  const targets = new Map<string, { readonly health: Health; readonly text: string | undefined }>();
  const uses = new Map<string, { readonly use: Use; readonly text: string | undefined }>();
  const free = new Map<string, number>();
  const bindings = new Map<string, string | null>();
  let keyring = new Map<string, number>();
  let routing: RoutingText = { version: 0, overrides: "" };
  let counter = 0;
  return {
    health: (target) => targets.get(target)?.health ?? unknownHealth,
    setHealth: (target, health, text) => keep(targets, target, { health, text }),
    healthAsWritten(target, text) {
      const found = targets.get(target);
      return found?.text === text ? found.health : undefined;
    },
    keyOutUntil: (field) => keyring.get(field) ?? 0,
    setKeyOutUntil: (field, until) => keyring.set(field, until),
    setKeyring(found) {
      keyring = new Map(found);
    },
    count: () => ++counter,
    use(name) {
      const use = uses.get(name)?.use ?? unused;
      const calls = free.get(name) ?? 0;
      return calls === (use.free ?? 0) ? use : { ...use, free: calls };
    },
    setUse: (name, use, text) => keep(uses, name, { use, text }),
    addFree(name, more) {
      const calls = (free.get(name) ?? 0) + more;
      if (calls > 0) free.set(name, calls);
      else free.delete(name);
    },
    isAsWritten: (name, text) => uses.get(name)?.text === text,
    get routing() {
      return routing;
    },
    setRouting(found) {
      routing = found;
    },
    bound: (run) => bindings.get(run) ?? null,
    setBound: (run, provider) => keep(bindings, run, provider),
  };
}

function keep<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.size > mostKept ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}
