import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";

/** What follows when a step has failed for good. */
export type OnError =
  /** The run fails. */
  | { readonly type: "fail" }
  /** The run goes on, as if the step had given this output. `goto`: with that step; what lies between is skipped. */
  | { readonly type: "go_on"; readonly output: Json; readonly goto?: string };

/** How many failed steps a run may have and still succeed. */
export type Tolerance =
  | { readonly type: "none" }
  | { readonly type: "any" }
  | { readonly type: "count"; readonly most: number }
  | { readonly type: "percentage"; readonly most: number }
  | { readonly type: "required"; readonly steps: readonly string[] };

/** What a `soft_failure` text may be. */
export const toleranceForms = "none, any, count:N, percentage:N, required:STEP,STEP";

/** Reads `soft_failure`. @returns undefined: it is none of {@link toleranceForms} */
export function parseTolerance(text: string): Tolerance | undefined {
  if (text === "none" || text === "any") return { type: text };
  const [, form, value = ""] = /^(count|percentage|required):(.+)$/.exec(text.replace(/\s/g, "")) ?? [];
  if (form === "required") return { type: "required", steps: value.split(",") };
  if (!/^\d+(\.\d+)?$/.test(value)) return undefined;
  const most = Number(value);
  if (form === "count" && Number.isInteger(most)) return { type: "count", most };
  return form === "percentage" && most <= 100 ? { type: "percentage", most } : undefined;
}

/** Whether a run may succeed although these steps failed. @param total steps of the workflow @returns the error, where it may not */
export function tolerate(tolerance: Tolerance, failed: readonly string[], total: number): AppError | undefined {
  if (failed.length === 0 || isTolerated(tolerance, failed, total)) return undefined;
  const words =
    failed.length === 1
      ? `Step ${failed[0]} has failed`
      : `${failed.length} of ${total} steps have failed (${failed.join(", ")})`;
  return new AppError("too_many_failures", {
    message: `${words}; soft_failure allows ${toleranceWords(tolerance)}.`,
    details: { failed: [...failed] },
  });
}

function isTolerated(tolerance: Tolerance, failed: readonly string[], total: number): boolean {
  switch (tolerance.type) {
    case "none":
    case "any":
      // With none, only steps whose own `on_error` lets the run go on can be among them.
      return true;
    case "count":
      return failed.length <= tolerance.most;
    case "percentage":
      return (failed.length / total) * 100 <= tolerance.most;
    case "required":
      return !failed.some((step) => tolerance.steps.includes(step));
  }
}

function toleranceWords(tolerance: Tolerance): string {
  switch (tolerance.type) {
    case "count":
      return `${tolerance.most}`;
    case "percentage":
      return `${tolerance.most} %`;
    case "required":
      return `any but ${tolerance.steps.join(", ")}`;
    default:
      return tolerance.type;
  }
}
