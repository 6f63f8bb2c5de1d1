import { isUnreachable } from "../redis/connection.ts";

/** How long what was looked up stands. */
export interface RememberedOptions {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** A value is looked up again after this time. */
  readonly freshMs: number;
  /** While Redis does not answer, one that is no older than this stands in. */
  readonly staleMs: number;
  /** Values kept; beyond that all are forgotten. Default 10000. */
  readonly most?: number;
  /** Shared by all that read the same Redis, so that its absence is waited for once. Default: one of its own. */
  readonly outage?: Outage;
}

/** Whether Redis is thought to be away: from a look that got no answer to the next that does. */
export interface Outage {
  isOn: boolean;
}

interface Entry<T> {
  readonly value: T;
  readonly at: number;
}

/** Values of Redis that a process need not read at each request. What is not there (undefined) is not remembered. */
export class Remembered<T> {
  readonly #options: RememberedOptions;
  readonly #outage: Outage;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #asked = new Map<string, Promise<T | undefined>>();
  /** Counts what was forgotten: an answer that was asked for before is not remembered. */
  #epoch = 0;

  constructor(options: RememberedOptions) {
    this.#options = options;
    this.#outage = options.outage ?? { isOn: false };
  }

  /** The value of a name; asked for once, however many want it. @throws what `look` throws, where nothing can stand in */
  async get(name: string, look: () => Promise<T | undefined>): Promise<T | undefined> {
    const { clock, freshMs, staleMs } = this.#options;
    const entry = this.#entries.get(name);
    if (entry && clock() - entry.at < freshMs) return entry.value;
    const mayStandIn = entry !== undefined && clock() - entry.at < staleMs;
    const looking = this.#look(name, look);
    if (mayStandIn && this.#outage.isOn) {
      // Nobody waits for it: the next one to ask has what it finds.
      looking.catch(() => undefined);
      return entry.value;
    }
    try {
      return await looking;
    } catch (error) {
      if (mayStandIn && isUnreachable(error)) return entry.value;
      throw error;
    }
  }

  /** Everything is looked up again; while Redis is away what was known still stands in. */
  outdate(): void {
    this.#epoch += 1;
    // Who says so has heard of Redis.
    this.#outage.isOn = false;
    this.#asked.clear();
    const { clock, freshMs } = this.#options;
    for (const [name, { value, at }] of this.#entries)
      this.#entries.set(name, { value, at: Math.min(at, clock() - freshMs) });
  }

  #look(name: string, look: () => Promise<T | undefined>): Promise<T | undefined> {
    const asked = this.#asked.get(name);
    if (asked) return asked;
    const epoch = this.#epoch;
    const looking = look()
      .then(
        (value) => {
          this.#outage.isOn = false;
          if (epoch === this.#epoch) this.#keep(name, value);
          return value;
        },
        (error: unknown) => {
          if (epoch === this.#epoch) this.#outage.isOn = isUnreachable(error);
          throw error;
        },
      )
      .finally(() => {
        if (this.#asked.get(name) === looking) this.#asked.delete(name);
      });
    this.#asked.set(name, looking);
    return looking;
  }

  #keep(name: string, value: T | undefined): void {
    if (this.#entries.size >= (this.#options.most ?? 10_000)) this.#entries.clear();
    if (value === undefined) this.#entries.delete(name);
    else this.#entries.set(name, { value, at: this.#options.clock() });
  }
}
