import { approvalMark, askerOf, mayDecide } from "../core/approvers.ts";
import { AppError, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { StepHandler, StepOutcome } from "./handler.ts";
import { durationMs, takeFitting } from "./wait.ts";

/** The body of an `approval` step with its templates rendered. */
interface ApprovalBody {
  readonly message: string;
  readonly who?: readonly string[];
  readonly form?: JsonObject;
  readonly timeout?: string;
  readonly on_timeout?: "fail" | "reject" | "approve";
  readonly on_reject?: "fail" | "continue";
}

const report = { calls: [] };

/** Name of the signal that brings a person's word. */
export function approvalSignal(step: string): string {
  return `${approvalMark}${step}`;
}

/** Executes `approval` steps: a person's word comes as a signal. @param clock epoch milliseconds */
export function approvalHandler(clock: () => number): StepHandler {
  return {
    kind: "approval",
    async execute(work) {
      const body = work.body as unknown as ApprovalBody;
      try {
        const { timeout, on_timeout: onTimeout = "fail" } = body;
        const known = isJsonObject(work.memo) ? work.memo.due : undefined;
        const due =
          known === undefined
            ? timeout === undefined
              ? null
              : clock() + durationMs(timeout, "timeout")
            : Number(known) || null;
        const word = await takeFitting(approvalSignal(work.stepId), wordSchema(body.form), work, (said) =>
          objection(said, body.who ?? []),
        );
        if (word !== undefined) return concluded(word as unknown as Word, body);
        if (due === null || clock() < due) return parked(body, due, work.stepId);
        if (onTimeout === "fail") {
          return failure("approval_timeout", `Nobody has approved or rejected it in ${timeout}.`);
        }
        return concluded(
          { approved: onTimeout === "approve", by: null, comment: `nobody answered in ${timeout}` },
          body,
        );
      } catch (error) {
        if (error instanceof AppError) return { type: "failed", error: toErrorRecord(error), retryable: false, report };
        throw error;
      }
    },
  };
}

/** What is wrong with who said a word; undefined: nothing. Whoever sent it before the step waited was not looked at. */
function objection(word: Json, who: readonly string[]): string | undefined {
  const asker = askerOf(isJsonObject(word) ? word : {});
  return mayDecide(who, asker) ? undefined : `${asker.name} is not among those who are asked: ${who.join(", ")}.`;
}

interface Word {
  readonly approved: boolean;
  readonly by: string | null;
  readonly comment?: string | null;
  readonly form?: Json;
}

function concluded(
  { approved, by, comment = null, form = null }: Word,
  { on_reject: onReject = "fail" }: ApprovalBody,
): StepOutcome {
  if (!approved && onReject === "fail") {
    return failure("approval_rejected", `${by ?? "The deadline"} rejected it${comment ? `: ${comment}` : "."}`);
  }
  return { type: "succeeded", output: { approved, by, comment, form }, served: null, report };
}

function parked({ message, who = [], form }: ApprovalBody, due: number | null, step: string): StepOutcome {
  return {
    type: "parked",
    until: due,
    memo: { due, approval: { message, who: [...who], form: form ?? null } },
    signal: approvalSignal(step),
    reason: `for approval${who.length > 0 ? ` by ${who.join(", ")}` : ""}: ${message}`,
    report,
  };
}

function wordSchema(form: JsonObject | undefined): JsonObject {
  return {
    type: "object",
    required: ["approved", ...(form ? ["form"] : [])],
    properties: {
      approved: { type: "boolean" },
      by: { type: ["string", "null"] },
      comment: { type: ["string", "null"] },
      // A rejection needs no form.
      form: form ? { anyOf: [form, { type: "null" }] } : {},
    },
  };
}

function failure(code: "approval_timeout" | "approval_rejected", message: string): StepOutcome {
  return { type: "failed", error: toErrorRecord(new AppError(code, { message })), retryable: false, report };
}
