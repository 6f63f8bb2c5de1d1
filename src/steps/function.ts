import { AppError, type AppErrorOptions, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { createMask, type Mask } from "../core/mask.ts";
import { maskedJson } from "../core/masked-json.ts";
import { type StepVariables, variableValues } from "../workflow/env.ts";
import type { FunctionBody } from "../workflow/kinds/function.ts";
import type { OwnCode } from "../workflow/machine-tree.ts";
import { type FoundFunction, type FunctionModules, findFunction } from "./function-modules.ts";
import type { StepHandler, StepOutcome, StepWork } from "./handler.ts";
import { mismatches } from "./validator.ts";

/** What a function is given besides its input. */
export interface FunctionContext {
  readonly runId: string;
  readonly stepId: string;
  /** 1-based. */
  readonly attempt: number;
  /** Fires at the step's timeout, and when the worker must stop. */
  readonly signal: AbortSignal;
  /** The same where an attempt is repeated because its worker died. */
  readonly idempotencyKey: string;
  /** Environment variables that steps may read and that are set, by name. */
  readonly env: Readonly<Record<string, string>>;
}

/** What executing `function` steps needs. */
export interface FunctionParts {
  readonly modules: FunctionModules;
  /** Environment variables that steps may read. */
  readonly env: StepVariables;
}

/** First wait of a step whose function this worker does not know; it then waits as long as it has waited already, up to the longest. */
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/**
 * Executes `function` steps. What the function throws is the attempt's failure, final where it says `retryable: false`. A worker that does
 * not know the function gives the job back for others: each time after a longer wait, until the step's `max_wait` is over.
 */
export function functionHandler({ modules, env }: FunctionParts): StepHandler {
  const mask = createMask(variableValues(env));
  const set = Object.freeze(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== null)));
  const given = set as FunctionContext["env"];
  return {
    kind: "function",
    env,
    async execute(work) {
      const { module, export: name = "default", input = null, output } = work.body as FunctionBody;
      const found = work.code ? asFunction(work.code) : await findFunction(modules, module, name);
      if (work.signal.aborted) return failed(new AppError("cancelled"), true, mask);
      if (found.type === "unknown") return leftToOthers(found.reason, work, mask);
      if (found.type === "broken")
        return failed(new AppError("function_failed", { message: `${found.reason}.` }), true, mask);
      try {
        const { runId, stepId, attempt, signal, idempotencyKey } = work;
        const context: FunctionContext = { runId, stepId, attempt, signal, idempotencyKey, env: given };
        const returned = await untilStopped(() => found.run(input, context), signal);
        return finished(returned, { module, name, output, mask });
      } catch (error) {
        if (work.signal.aborted) return failed(new AppError("cancelled"), true, mask);
        return threw(error, mask);
      }
    },
  };
}

/** A promise actor of an XState machine takes one object, which here also holds what functions get as their context. */
function asFunction(code: OwnCode): Extract<FoundFunction, { type: "function" }> {
  return { type: "function", run: (input, context) => code({ ...(context as object), input, emit: () => undefined }) };
}

/** A function that does not listen to its signal is left alone; what it still does counts for nothing. */
async function untilStopped(run: () => unknown, signal: AbortSignal): Promise<unknown> {
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([(async () => run())(), stopped]);
  } finally {
    if (stop) signal.removeEventListener("abort", stop);
  }
}

interface Finish {
  readonly module: string;
  readonly name: string;
  readonly output: FunctionBody["output"];
  readonly mask: Mask;
}

function finished(returned: unknown, { module, name, output, mask }: Finish): StepOutcome {
  const value = asJson(returned);
  if (value === undefined) {
    const message = `${module} (${name}) returned something that is not JSON: ${typeof returned}.`;
    return failed(new AppError("function_failed", { message }), false, mask);
  }
  const problems = output === undefined ? [] : mismatches(value, output, "What it returned");
  if (problems.length === 0)
    return { type: "succeeded", output: maskedJson(value, mask), served: null, report: { calls: [] } };
  const message = `${module} (${name}) returned what does not match the step's output schema: ${problems.join(" ")}`;
  return failed(new AppError("output_invalid", { message, details: { problems } }), false, mask);
}

/** A value as it is stored: nothing is null. Undefined: it is no JSON. */
function asJson(value: unknown): Json | undefined {
  if (value === undefined) return null;
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : (JSON.parse(text) as Json);
  } catch {
    // It goes in a circle, or holds a BigInt.
    return undefined;
  }
}

function threw(error: unknown, mask: Mask): StepOutcome {
  const thrown = (typeof error === "object" && error !== null ? error : {}) as Readonly<Record<string, unknown>>;
  const name = typeof thrown.name === "string" && thrown.name !== "Error" ? `${thrown.name}: ` : "";
  const text = typeof thrown.message === "string" ? thrown.message : String(error);
  const details: AppErrorOptions["details"] = typeof thrown.code === "string" ? { cause: thrown.code } : {};
  const failure = new AppError("function_failed", { message: `${name}${text}` || "The function failed.", details });
  return failed(failure, thrown.retryable !== false, mask);
}

function leftToOthers(reason: string, { waitedMs }: StepWork, mask: Mask): StepOutcome {
  const message = `This worker does not know the step's function: ${reason}. It is left to other workers.`;
  const error = recordOf(new AppError("function_unknown", { message }), mask);
  const delayMs = Math.min(Math.max(waitedMs, firstWaitMs), longestWaitMs);
  return { type: "deferred", error, delayMs, reason: error.message, report: { calls: [] } };
}

function failed(error: AppError, retryable: boolean, mask: Mask): StepOutcome {
  return { type: "failed", error: recordOf(error, mask), retryable, report: { calls: [] } };
}

function recordOf(error: AppError, mask: Mask): ErrorRecord {
  return maskedJson(toErrorRecord(error) as unknown as Json, mask) as unknown as ErrorRecord;
}
