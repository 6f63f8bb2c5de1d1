import { createHash } from "node:crypto";
import { AppError, assertNever, toErrorRecord } from "../core/errors.ts";
import { positionAt } from "../workflow/jsonata.ts";
import type { TransformWork } from "../workflow/kinds/transform.ts";
import type { Evaluated, Evaluator } from "./evaluator.ts";
import type { StepHandler, StepOutcome, StepWork } from "./handler.ts";

/** What executing `transform` steps needs. */
export interface TransformParts {
  readonly evaluator: Evaluator;
  /** Bytes of JSON that an output may have; the evaluator's limit. */
  readonly maxOutputBytes: number;
  readonly clock: () => number;
}

/**
 * Executes `transform` steps. `$now()` and `$millis()` are the time at which the attempt begins, the same in all expressions of the step;
 * `$random()` and `$shuffle()` follow from run and step, so that another attempt makes the same of the same data.
 */
export function transformHandler({ evaluator, maxOutputBytes, clock }: TransformParts): StepHandler {
  return {
    kind: "transform",
    async execute(work) {
      const { expressions, data } = work.body as unknown as TransformWork;
      const evaluated = await evaluator.evaluate(
        { expressions, data, nowMs: clock(), seed: seedOf(work) },
        work.signal,
      );
      if (evaluated.type === "value")
        return { type: "succeeded", output: evaluated.value, served: null, report: { calls: [] } };
      const { error, retryable } = failureOf(evaluated, expressions, maxOutputBytes);
      return { type: "failed", error: toErrorRecord(error), retryable, report: { calls: [] } } satisfies StepOutcome;
    },
  };
}

function seedOf({ runId, stepId }: StepWork): number {
  return createHash("sha256").update(`${runId}/${stepId}`).digest().readInt32BE();
}

interface Failure {
  readonly error: AppError;
  readonly retryable: boolean;
}

function failureOf(
  evaluated: Exclude<Evaluated, { type: "value" }>,
  expressions: TransformWork["expressions"],
  maxBytes: number,
): Failure {
  switch (evaluated.type) {
    case "failed":
      return { error: expressionFailed(evaluated, expressions), retryable: false };
    case "too_long": {
      const message = `transform: was stopped after ${evaluated.limitMs / 1_000} s, the longest that an expression may take. Look for a function that calls itself without end.`;
      return { error: new AppError("expression_failed", { message }), retryable: true };
    }
    case "too_much": {
      const message = `transform: needs more than ${evaluated.limitMb} MB of memory, the most that an expression may use.`;
      return { error: new AppError("expression_failed", { message }), retryable: false };
    }
    case "too_large": {
      const message = `The step's output has more than ${maxBytes} bytes of JSON; at most that many are allowed (SWITCHYARD_OUTPUT_LIMIT).`;
      return { error: new AppError("payload_too_large", { message }), retryable: false };
    }
    case "broken":
      return {
        error: new AppError("internal", { message: `The expression's thread broke: ${evaluated.message}` }),
        retryable: true,
      };
    case "stopped":
      return { error: new AppError("cancelled"), retryable: true };
    default:
      return assertNever(evaluated);
  }
}

/** `transform.total, line 2, column 8: The left side of the "+" operator must evaluate to a number` */
function expressionFailed(
  { message, position, member }: Extract<Evaluated, { type: "failed" }>,
  expressions: TransformWork["expressions"],
): AppError {
  const text = typeof expressions === "string" ? expressions : (expressions[member ?? ""] ?? "");
  const at = position === undefined ? undefined : positionAt(text, position - 1);
  const place = at ? `, line ${at.line}, column ${at.column}` : "";
  const name = member === undefined ? "transform" : `transform.${member}`;
  const details = { ...(member === undefined ? {} : { member }), ...at };
  return new AppError("expression_failed", { message: `${name}${place}: ${message.replace(/\.$/, "")}.`, details });
}
