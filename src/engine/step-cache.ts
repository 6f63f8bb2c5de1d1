import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { Hints, Served } from "../core/call.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import { defaultTenant } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import type { StepOutcome } from "../steps/handler.ts";
import type { CompiledStep } from "../workflow/compiled.ts";
import type { Begun } from "./beginning.ts";
import type { Execution } from "./run-scripts.ts";
import type { WaitingStore } from "./waiting-store.ts";

/** What decides whether two executions of a step would give the same. */
export interface CacheQuestion {
  /** One tenant's answers are not another one's. */
  readonly tenant: string;
  readonly kind: string;
  /** Rendered. */
  readonly body: Json;
  readonly hints: Hints;
}

/** Outcomes of steps by their content, for as long as each step says. */
export interface StepCache {
  /** Where the outcome of a question is kept. */
  keyOf(question: CacheQuestion): string;
  find(key: string): Promise<StepOutcome | undefined>;
  keep(key: string, outcome: StepOutcome, ttlMs: number): Promise<void>;
}

/** Hints that say what is asked, not how it is paid for. */
const telling = ["provider", "model", "strict_provider", "allow"] as const;

/** @param redis an impatient connection: a cache that does not answer is an empty one */
export function createStepCache(redis: Redis, keys: Keys): StepCache {
  return {
    keyOf({ tenant, kind, body, hints }) {
      const asked = Object.fromEntries(
        telling.flatMap((name) => (hints[name] === undefined ? [] : [[name, hints[name]]])),
      );
      const content = canonicalJson({
        ...(tenant === defaultTenant ? {} : { tenant }),
        kind,
        body,
        hints: asked as Json,
      });
      return keys.cache(createHash("sha256").update(content).digest("base64url"));
    },
    async find(key) {
      const text = await redis.get(key).catch(() => null);
      if (text === null) return undefined;
      const { output, served } = JSON.parse(text) as { readonly output: Json; readonly served: Served | null };
      return { type: "succeeded", output, served, report: { calls: [], cached: true } };
    },
    async keep(key, outcome, ttlMs) {
      if (outcome.type !== "succeeded") return;
      const text = JSON.stringify({ output: outcome.output, served: outcome.served });
      await redis.set(key, text, "PX", ttlMs).catch(() => undefined);
    },
  };
}

/** Where an execution keeps its outcome; undefined: nowhere. Only the first one of a dispatch need have a body: it puts the key aside for those that go on. */
export async function cacheKeyOf(
  { cache, waiting }: { readonly cache: StepCache; readonly waiting: WaitingStore },
  execution: Execution,
  step: CompiledStep,
  begun: Begun,
  question: CacheQuestion,
): Promise<string | undefined> {
  if (step.cacheMs === null) return undefined;
  if (begun.isBare) {
    const [key] = await waiting.stowed(execution, ["cache"]);
    return typeof key === "string" ? key : undefined;
  }
  const key = cache.keyOf(question);
  if (step.resumesBare) await waiting.stow(execution, { cache: key });
  return key;
}
