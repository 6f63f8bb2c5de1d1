import { z } from "zod";
import { failureClasses } from "../../core/call.ts";
import { catalogue } from "../../core/catalogue.ts";
import { parseDuration } from "../../core/duration.ts";
import { didYouMean } from "../../core/suggest.ts";

/** A duration text, read as milliseconds; 0 or more. */
const duration = z.string().transform((text, context): number => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: "must be a duration: a number and ms, s, m, h or d, such as 30s." });
  return z.NEVER;
});

/** A code that an error can have. */
const code = z.string().superRefine((text, context) => {
  if (Object.hasOwn(catalogue, text)) return;
  const message = `there is no error code "${text}".${didYouMean(text, Object.keys(catalogue))}`;
  context.addIssue({ code: "custom", message });
});

/** A text stands for an object with that code. */
const coded = (value: unknown): unknown => (typeof value === "string" ? { code: value } : value);

const error = z.preprocess(
  coded,
  z.strictObject({
    code,
    message: z.string().min(1).optional(),
    retryable: z.boolean().optional(),
    class: z.enum(failureClasses).optional(),
  }),
);

/** A text stands for a list with that text. */
const texts = z.preprocess((value) => (typeof value === "string" ? [value] : value), z.array(z.string().min(1)).min(1));

const attempt = { output: z.json().optional(), error: error.optional(), takes: duration.optional() };

/** By number from 0, or by name; null in a list: nothing is said of it. */
const byRun = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())], {
  error: "must be a list, or an object by number.",
});

/** What a step gives: in every attempt the same, or attempt by attempt; inside a block also run by run, each of these read by itself. */
export const resultShape = z.strictObject({
  ...attempt,
  attempts: z.array(z.strictObject(attempt)).min(1).optional(),
  items: byRun.optional(),
  rounds: byRun.optional(),
  in_turn: z.array(z.unknown()).min(1).optional(),
});

/** A signal that a test sends to a machine. */
export const signalShape = z.strictObject({
  name: z.string().min(1),
  payload: z.json().optional(),
  in: z.string().min(1).optional(),
  after: duration.optional(),
});

/** An event that a machine is to emit; a text stands for its type. */
const emittedEvent = z.union([z.string().min(1), z.looseObject({ type: z.string().min(1) })], {
  error: "must be the type of an event, or an event: an object with a type.",
});

/** What a test expects of a step's blocks, without the content of `runs`. */
export const blockShape = z.strictObject({
  count: z.number().int().min(0).optional(),
  output: z.json().optional(),
  runs: byRun.optional(),
});

const environment = z.record(z.string(), z.string());

/** What a test expects of its run. */
export const expectationShape = z.strictObject({
  status: z.enum(["succeeded", "failed", "cancelled", "waiting"]).optional(),
  ran: z.array(z.string()).optional(),
  skipped: z.array(z.string()).optional(),
  failed: z.array(z.string()).optional(),
  compensated: z.array(z.string()).optional(),
  attempts: z.record(z.string(), z.number().int().min(0)).optional(),
  rendered: z.record(z.string(), texts).optional(),
  output: z.json().optional(),
  states: z.array(z.string()).optional(),
  machines: z.record(z.string(), z.array(z.string())).optional(),
  emitted: z.array(emittedEvent).optional(),
  blocks: z.record(z.string(), z.unknown()).optional(),
  error: z
    .preprocess(
      coded,
      z.strictObject({ code: code.optional(), step: z.string().optional(), message: z.string().min(1).optional() }),
    )
    .optional(),
});

/** One test, without the content of its results, its signals and its expectation: each is read by itself, so that no mistake hides another. */
export const testShape = z.strictObject({
  name: z.string().min(1),
  input: z.json().optional(),
  steps: z.record(z.string(), z.unknown()).optional(),
  signals: z.array(z.unknown()).optional(),
  until: duration.optional(),
  env: environment.optional(),
  expect: z.unknown().optional(),
});

/** A test file, without the content of its tests and results. */
export const testFileShape = z.strictObject({
  workflow: z.string().min(1).optional(),
  steps: z.record(z.string(), z.unknown()).optional(),
  env: environment.optional(),
  tests: z.array(z.unknown()).min(1),
});

/** One attempt, as its author wrote it. */
export type WrittenAttempt = Omit<z.infer<typeof resultShape>, "attempts">;
/** What a test expects, as its author wrote it. */
export type WrittenExpectation = z.infer<typeof expectationShape>;
