import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Asked } from "./asked.ts";
import type { SimulatedName } from "./vendors/vendor.ts";

/** One call that reached a simulated provider. Listing models and unknown paths are not hits. */
export interface Hit {
  /** 1, 2, ... in the order of arrival, over all providers. */
  readonly id: number;
  readonly provider: SimulatedName;
  readonly model: string;
  /** Epoch milliseconds of its arrival. */
  readonly at: number;
  readonly path: string;
  /** Header `Idempotency-Key`, or null. */
  readonly idempotencyKey: string | null;
  /** First 300 characters of the last message. */
  readonly prompt: string;
  /** SHA-256 of all that was asked, 16 hex digits: equal requests have equal digests. */
  readonly digest: string;
  /** `open` until it is settled. `aborted`: the caller went away first. */
  readonly outcome: "open" | "answered" | "aborted" | `fault:${string}`;
}

/** Hits that are kept; older ones are dropped, the totals stay right. */
const kept = 20_000;

/** Everything that was asked of the simulated providers, newest last. */
export class HitLog {
  readonly #hits = new Map<number, Hit>();
  readonly #totals = new Map<SimulatedName, number>();
  readonly #events = new EventEmitter();
  #next = 1;

  /** Notes a call at its arrival and tells the listeners. @returns what settles it; only the first settling counts. */
  arrive(
    call: Pick<Hit, "provider" | "at" | "path" | "idempotencyKey">,
    asked: Asked,
  ): (outcome: Hit["outcome"]) => void {
    const id = this.#next++;
    const text = asked.text;
    const hit: Hit = {
      id,
      ...call,
      model: asked.model,
      prompt: beginning(asked.prompt),
      digest: createHash("sha256").update(`${asked.model}\n${text}`).digest("hex").slice(0, 16),
      outcome: "open",
    };
    this.#hits.set(id, hit);
    this.#totals.set(call.provider, (this.#totals.get(call.provider) ?? 0) + 1);
    if (this.#hits.size > kept) this.#hits.delete(this.#hits.keys().next().value ?? id);
    this.#events.emit("hit", hit);
    return (outcome) => {
      const open = this.#hits.get(id);
      if (open?.outcome !== "open") return;
      this.#hits.set(id, { ...open, outcome });
    };
  }

  /** The kept hits of one provider, or of all. */
  list(provider?: string): readonly Hit[] {
    const all = [...this.#hits.values()];
    return provider === undefined ? all : all.filter((hit) => hit.provider === provider);
  }

  /** How many calls ever reached one provider (since the last {@link clear}). */
  total(provider: SimulatedName): number {
    return this.#totals.get(provider) ?? 0;
  }

  /** Forgets all hits and totals; the numbering goes on. */
  clear(): void {
    this.#hits.clear();
    this.#totals.clear();
  }

  /** Hears of each hit at its arrival. @returns stops listening. */
  on(event: "hit", listener: (hit: Hit) => void): () => void {
    this.#events.on(event, listener);
    return () => this.#events.off(event, listener);
  }
}

/** The first 300 characters as a text of their own: a mere slice would keep the whole request in memory. */
function beginning(text: string): string {
  return Buffer.from(text.slice(0, 300)).toString();
}
