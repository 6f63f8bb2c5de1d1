import { z } from "zod";
import { failureClasses } from "../core/call.ts";
import { durationPattern, parseDuration } from "../core/duration.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { priorities } from "../core/priority.ts";
import type { RetryPolicy } from "./compiled.ts";
import { concurrencyShape } from "./concurrency.ts";
import { type OnError, parseTolerance, type Tolerance, toleranceForms } from "./failure-policy.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { authorSchema, stepCompensation } from "./shape.ts";

/** Steps that one workflow may have. */
const maxSteps = 1_000;

const dayMs = 86_400_000;
/** Of what a worker times; a timer of Node's holds no more than 24.8 days. */
const longestStepMs = dayMs;
/** Of what Redis times. */
const longestRunMs = 365 * dayMs;

/** A duration text, read as milliseconds. */
const duration = (longestMs: number) =>
  z
    .string()
    .transform((text, context): number => {
      const ms = parseDuration(text);
      if (ms !== undefined && ms > 0 && ms <= longestMs) return ms;
      const message =
        ms === undefined
          ? "must be a duration: a number and ms, s, m, h or d, such as 30s."
          : `must be more than 0s and at most ${longestMs / dayMs}d.`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    })
    .meta({ pattern: durationPattern.source });

const stepId = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
  error: "must start with a letter and hold only letters, digits, _ and -, at most 64.",
});

const retry = z.strictObject({
  attempts: z.number().int().min(1).max(100).optional().describe("Attempts in all, the first included. Default: 3."),
  backoff: duration(longestStepMs)
    .optional()
    .describe("Wait before the second attempt; doubles with each further one. Default: 1s."),
  max_backoff: duration(longestStepMs).optional().describe("The doubling ends here. Default: 60s."),
  on: z
    .array(z.enum(failureClasses))
    .min(1)
    .optional()
    .describe("Only failures of these classes are tried again. Default: all that another attempt may help."),
  max_wait: duration(longestRunMs)
    .optional()
    .describe("Time in all that the step may wait for a provider to become available. Default: 1h."),
});

const yes: ReadonlySet<string> = new Set(["true", "1", "yes", "on"]);
const no: ReadonlySet<string> = new Set(["false", "0", "no", "off"]);

const claim = z
  .unknown()
  .transform((value, context): boolean => {
    const word = String(value).toLowerCase();
    if (yes.has(word) || no.has(word)) return yes.has(word);
    context.addIssue({ code: "custom", message: "must be true or false (also yes, no, on, off, 1, 0)." });
    return z.NEVER;
  })
  .meta({ enum: [true, false, 1, 0, ...yes, ...no] });

const route = z.strictObject({
  provider: z.string().min(1).optional().describe("Preferred provider, by its name in the settings."),
  model: z.string().min(1).optional().describe("A model's name, or an alias of the settings."),
  strict_provider: claim.optional().describe("With provider: that one or an error."),
  strategy: z
    .string()
    .min(1)
    .optional()
    .describe("In place of the configured one: weighted, round_robin, failover, ..."),
  allow: z.array(z.string().min(1)).min(1).optional().describe("Only these providers may serve."),
  max_calls: z.number().int().min(1).optional().describe("Calls of one attempt, failed ones included. Default: 6."),
  max_usd: z.number().min(0).optional().describe("USD of one attempt, checked before each further call."),
  max_seconds: z.number().gt(0).optional().describe("Seconds that one attempt's calls may take together."),
  caller: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("On whose behalf the request is made; keeps its providers together."),
  on_content_filter: z
    .enum(["stop", "next"])
    .optional()
    .describe("What follows where a provider's filter refuses: stop, or ask the next provider."),
});

/** The definition without the content of its steps and defaults, which have schemas of their own. */
export const definitionShape = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, {
      error: "must start with a small letter or digit and hold only small letters, digits, . _ and -, at most 100.",
    })
    .describe("Name under which it is stored. Same name and changed content is the next version."),
  description: z.string().optional().describe("For people."),
  input: authorSchema
    .optional()
    .describe("JSON Schema of the run's input. Checked before anything runs; its defaults are filled in."),
  defaults: z.unknown().optional().describe("Holds for every step that does not say otherwise."),
  steps: z
    .array(z.unknown())
    .min(1)
    .max(maxSteps)
    .describe("The work. A step follows the one above it unless it says needs."),
  output: z
    .json()
    .optional()
    .describe("The run's output, with templates in its strings. Default: what the last steps give."),
  output_schema: authorSchema
    .optional()
    .describe(
      "JSON Schema of the run's output. A run whose output does not match it fails; its defaults are filled in.",
    ),
  timeout: duration(longestRunMs).optional().describe("Time of the whole run, from its submission. Default: none."),
  concurrency: concurrencyShape.optional(),
  priority: z
    .enum(priorities)
    .optional()
    .describe(
      "Of its runs, where their submission says nothing: jobs of a higher one are taken first. Default: normal.",
    ),
  soft_failure: z
    .string()
    .transform((text, context): Tolerance => {
      const tolerance = parseTolerance(text);
      if (tolerance) return tolerance;
      context.addIssue({ code: "custom", message: `must be one of ${toleranceForms}.` });
      return z.NEVER;
    })
    .optional()
    .describe(`Steps that may fail while the run goes on and succeeds: ${toleranceForms}. Default: none.`),
});

const onError = z.union(
  [z.enum(["fail", "continue"]), z.strictObject({ default: z.json().describe("The step's output where it fails.") })],
  {
    error: "must be fail, continue, or { default: VALUE }.",
  },
);

const onErrorOfStep = z.union(
  [
    z.enum(["fail", "continue"]),
    z.strictObject({ default: z.json().describe("The step's output where it fails.") }),
    z.strictObject({ goto: z.string().min(1).describe("The step with which the run goes on.") }),
  ],
  {
    error: "must be fail, continue, { default: VALUE }, or { goto: STEP }.",
  },
);

const everyStep = {
  on_error: onError
    .optional()
    .describe(
      "What follows when the step has failed for good: fail the run, continue with null, or with a default output.",
    ),
  cache: duration(longestRunMs)
    .optional()
    .describe("For how long an equal step, in any run, gives the same output without being executed. Default: never."),
  retry: retry.optional().describe("Attempts, and the waits between them."),
  timeout: duration(longestStepMs).optional().describe("Time of one attempt, from its start by a worker. Default: 2m."),
  route: route.optional().describe("Hints for the router; they win over the run's."),
};

const stepHead = {
  id: stepId.describe("Names the step in references, events and commands."),
  needs: z
    .array(z.string())
    .optional()
    .describe("Steps that must have ended before this one starts; []: none. Default: the step above."),
  when: z.string().min(1).optional().describe("Liquid expression without braces. The step is skipped unless it holds."),
  ...everyStep,
  on_error: onErrorOfStep
    .optional()
    .describe(
      "What follows when the step has failed for good: fail the run, continue with null, or with a default output, or go to another step.",
    ),
  compensate: stepCompensation
    .optional()
    .describe("A step that undoes this one if the run fails or is cancelled after it."),
};

const stepHeadShape = z.strictObject(stepHead);

/** A step without the content of its kind key. */
export type StepHead = z.infer<typeof stepHeadShape>;

/** What a step may say; the content of a kind key is checked by its kind. */
export function stepShape(kinds: readonly StepKindSpec[]): z.ZodType<StepHead> {
  const kindKeys = Object.fromEntries(kinds.map((kind) => [kind.name, z.unknown().optional()]));
  return z.strictObject({ ...stepHead, ...kindKeys });
}

const compensationHead = z.strictObject({
  from: z
    .enum(["success", "start"])
    .optional()
    .describe(
      "From when on the step is to be undone: once it has succeeded, or as soon as it starts, whatever becomes of it. Default: success.",
    ),
  retry: everyStep.retry,
  timeout: everyStep.timeout,
  route: everyStep.route,
});

/** A compensation without the content of its kind key. */
export type CompensationHead = z.infer<typeof compensationHead>;

/** What a step's `compensate` may say; the content of a kind key is checked by its kind. */
export function compensationShape(kinds: readonly StepKindSpec[]): z.ZodType<CompensationHead> {
  const kindKeys = Object.fromEntries(kinds.map((kind) => [kind.name, z.unknown().optional()]));
  return z.strictObject({ ...compensationHead.shape, ...kindKeys });
}

const defaultsHeadShape = z.strictObject(everyStep);

/** What holds for every step that does not say otherwise: the three below, and a body for each kind that takes one. */
export type Defaults = z.infer<typeof defaultsHeadShape>;

/** What `defaults` may say. */
export function defaultsShape(kinds: readonly StepKindSpec[]): z.ZodType<Defaults> {
  const bodies = kinds.flatMap((kind) => (kind.defaults ? [[kind.name, kind.defaults.optional()] as const] : []));
  return z.strictObject({ ...defaultsHeadShape.shape, ...Object.fromEntries(bodies) });
}

/** A step's attempts: its own word, else the defaults', else 3 with waits of 1 s doubling up to 60 s. */
export function retryPolicy(own: Defaults["retry"], defaults: Defaults["retry"]): RetryPolicy {
  const { attempts = 3, backoff = 1_000, max_backoff, on = null } = { ...defaults, ...own };
  return { attempts, backoffMs: backoff, maxBackoffMs: max_backoff ?? Math.max(60_000, backoff), on };
}

/** What follows when a step has failed for good: its own word, else the defaults'; else the run goes on if it tolerates failures at all. */
export function onErrorOf(own: StepHead["on_error"], defaults: Defaults["on_error"], tolerance: Tolerance): OnError {
  const said = own ?? defaults ?? (tolerance.type === "none" ? "fail" : "continue");
  if (said === "fail") return { type: "fail" };
  if (typeof said === "object" && "goto" in said) return { type: "go_on", output: null, goto: said.goto };
  return { type: "go_on", output: said === "continue" ? null : said.default };
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
