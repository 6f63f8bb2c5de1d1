import { z } from "zod";
import { parseDuration } from "../core/duration.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { RetryPolicy } from "./compiled.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { anyObject } from "./shape.ts";

/** Steps that one workflow may have. */
const maxSteps = 1_000;

const dayMs = 86_400_000;
/** Of what a worker times; a timer of Node's holds no more than 24.8 days. */
const longestStepMs = dayMs;
/** Of what Redis times. */
const longestRunMs = 365 * dayMs;

/** A duration text, read as milliseconds. */
const duration = (longestMs: number) =>
  z.string().transform((text, context): number => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0 && ms <= longestMs) return ms;
    const message =
      ms === undefined
        ? "must be a duration: a number and ms, s, m, h or d, such as 30s."
        : `must be more than 0s and at most ${longestMs / dayMs}d.`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

const stepId = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
  error: "must start with a letter and hold only letters, digits, _ and -, at most 64.",
});

const retry = z.strictObject({
  attempts: z.number().int().min(1).max(100).optional(),
  backoff: duration(longestStepMs).optional(),
  max_backoff: duration(longestStepMs).optional(),
  max_wait: duration(longestRunMs).optional(),
});

const yes: ReadonlySet<string> = new Set(["true", "1", "yes", "on"]);
const no: ReadonlySet<string> = new Set(["false", "0", "no", "off"]);

const claim = z.unknown().transform((value, context): boolean => {
  const word = String(value).toLowerCase();
  if (yes.has(word) || no.has(word)) return yes.has(word);
  context.addIssue({ code: "custom", message: "must be true or false (also yes, no, on, off, 1, 0)." });
  return z.NEVER;
});

const route = z.strictObject({
  provider: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  strict_provider: claim.optional(),
  strategy: z.string().min(1).optional(),
  allow: z.array(z.string().min(1)).min(1).optional(),
  max_calls: z.number().int().min(1).optional(),
  max_usd: z.number().min(0).optional(),
  max_seconds: z.number().gt(0).optional(),
  caller: z.string().min(1).max(200).optional(),
  on_content_filter: z.enum(["stop", "next"]).optional(),
});

/** The definition without the content of its steps and defaults, which have schemas of their own. */
export const definitionShape = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, {
    error: "must start with a small letter or digit and hold only small letters, digits, . _ and -, at most 100.",
  }),
  description: z.string().optional(),
  input: anyObject.optional(),
  defaults: z.unknown().optional(),
  steps: z.array(z.unknown()).min(1).max(maxSteps),
  output: z.json().optional(),
  timeout: duration(longestRunMs).optional(),
});

const stepHead = {
  id: stepId,
  needs: z.array(z.string()).optional(),
  when: z.string().min(1).optional(),
  retry: retry.optional(),
  timeout: duration(longestStepMs).optional(),
  route: route.optional(),
};

const stepHeadShape = z.strictObject(stepHead);

/** A step without the content of its kind key. */
export type StepHead = z.infer<typeof stepHeadShape>;

/** What a step may say; the content of a kind key is checked by its kind. */
export function stepShape(kinds: readonly StepKindSpec[]): z.ZodType<StepHead> {
  const kindKeys = Object.fromEntries(kinds.map((kind) => [kind.name, z.unknown().optional()]));
  return z.strictObject({ ...stepHead, ...kindKeys });
}

const defaultsHeadShape = z.strictObject({
  retry: retry.optional(),
  timeout: duration(longestStepMs).optional(),
  route: route.optional(),
});

/** What holds for every step that does not say otherwise: the three below, and a body for each kind that takes one. */
export type Defaults = z.infer<typeof defaultsHeadShape>;

/** What `defaults` may say. */
export function defaultsShape(kinds: readonly StepKindSpec[]): z.ZodType<Defaults> {
  const bodies = kinds.flatMap((kind) => (kind.defaults ? [[kind.name, kind.defaults.optional()] as const] : []));
  return z.strictObject({ ...defaultsHeadShape.shape, ...Object.fromEntries(bodies) });
}

/** A step's attempts: its own word, else the defaults', else 3 with waits of 1 s doubling up to 60 s. */
export function retryPolicy(own: Defaults["retry"], defaults: Defaults["retry"]): RetryPolicy {
  const { attempts = 3, backoff = 1_000, max_backoff } = { ...defaults, ...own };
  return { attempts, backoffMs: backoff, maxBackoffMs: max_backoff ?? Math.max(60_000, backoff) };
}

/** Time that a step may wait for a provider in all: its own word, else the defaults', else an hour. */
export function maxWaitMs(own: Defaults["retry"], defaults: Defaults["retry"]): number {
  return own?.max_wait ?? defaults?.max_wait ?? 3_600_000;
}

/** Time an attempt may take where nothing says otherwise. */
export const defaultTimeoutMs = 120_000;

/** A kind's body with the defaults laid under it. What is no object is left for the kind's schema to report. */
export function withDefaults(body: unknown, defaults: Json | undefined): unknown {
  return isJsonObject(body) && isJsonObject(defaults) ? ({ ...defaults, ...body } satisfies JsonObject) : body;
}
