import type { Redis } from "ioredis";
import type { LiveEvent } from "../core/live.ts";
import type { Keys } from "../redis/keys.ts";

/** Told that the run may have new events, and what passes while an answer is written. */
export type OnNews = (live: readonly LiveEvent[]) => void;

/** Announcements of new events, by run. One subscription a run and process, however many watch it. */
export class Feed {
  readonly #subscriber: Redis;
  readonly #keys: Keys;
  readonly #watchers = new Map<string, Set<OnNews>>();

  constructor(subscriber: Redis, keys: Keys) {
    this.#subscriber = subscriber;
    this.#keys = keys;
    subscriber.on("message", (channel: string, message: string) => {
      const live = message.startsWith("[") ? (JSON.parse(message) as readonly LiveEvent[]) : [];
      for (const tell of this.#watchers.get(channel) ?? []) tell(live);
    });
  }

  /** Calls `onNews` whenever the run may have new events. Announcements can be lost while Redis is away: readers also look by themselves. @returns stops it. */
  async watch(runId: string, onNews: OnNews): Promise<() => void> {
    const channel = this.#keys.channel(runId);
    const watchers = this.#watchers.get(channel) ?? new Set();
    watchers.add(onNews);
    this.#watchers.set(channel, watchers);
    if (watchers.size === 1) this.#subscriber.subscribe(channel).catch(() => undefined);
    return () => {
      watchers.delete(onNews);
      if (watchers.size > 0) return;
      this.#watchers.delete(channel);
      this.#subscriber.unsubscribe(channel).catch(() => undefined);
    };
  }
}
