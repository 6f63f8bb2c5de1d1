import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { Hints, Served } from "../core/call.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import type { Keys } from "../redis/keys.ts";
import type { StepOutcome } from "../steps/handler.ts";

/** What decides whether two executions of a step would give the same. */
export interface CacheQuestion {
  readonly kind: string;
  /** Rendered. */
  readonly body: Json;
  readonly hints: Hints;
}

/** Outcomes of steps by their content, for as long as each step says. */
export interface StepCache {
  find(question: CacheQuestion): Promise<StepOutcome | undefined>;
  keep(question: CacheQuestion, outcome: StepOutcome, ttlMs: number): Promise<void>;
}

/** Hints that say what is asked, not how it is paid for. */
const telling = ["provider", "model", "strict_provider", "allow"] as const;

/** @param redis an impatient connection: a cache that does not answer is an empty one */
export function createStepCache(redis: Redis, keys: Keys): StepCache {
  const keyOf = ({ kind, body, hints }: CacheQuestion) => {
    const asked = Object.fromEntries(
      telling.flatMap((name) => (hints[name] === undefined ? [] : [[name, hints[name]]])),
    );
    const content = canonicalJson({ kind, body, hints: asked as Json });
    return keys.cache(createHash("sha256").update(content).digest("base64url"));
  };
  return {
    async find(question) {
      const text = await redis.get(keyOf(question)).catch(() => null);
      if (text === null) return undefined;
      const { output, served } = JSON.parse(text) as { readonly output: Json; readonly served: Served | null };
      return { type: "succeeded", output, served, report: { calls: [], cached: true } };
    },
    async keep(question, outcome, ttlMs) {
      if (outcome.type !== "succeeded") return;
      const text = JSON.stringify({ output: outcome.output, served: outcome.served });
      await redis.set(keyOf(question), text, "PX", ttlMs).catch(() => undefined);
    },
  };
}
