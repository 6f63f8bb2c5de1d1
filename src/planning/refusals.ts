import { AppError } from "../core/errors.ts";

/** No plan of the tenant has that id. */
export function notFound(id: string): AppError {
  return new AppError("plan_not_found", { message: `No plan "${id}".`, details: { plan: id } });
}

/** The error of who asks for a second execution, or changes what is executed. */
export function executed(id: string, run: string | null): AppError {
  const as = run === null ? "" : ` as run ${run}`;
  return new AppError("plan_executed", { message: `Plan ${id} was executed${as}.`, details: { plan: id, run } });
}

/** The error of a change for a version that is not the newest. */
export function conflict(id: string, version: number, expected: number | undefined): AppError {
  const message = `Plan ${id} has version ${version} by now; the request is for version ${expected}.`;
  return new AppError("plan_conflict", { message, details: { plan: id, version } });
}

/** The error of who comes too late. @param expiresAt epoch milliseconds */
export function expired(id: string, expiresAt: number): AppError {
  const message = `Plan ${id} could be executed until ${new Date(expiresAt).toISOString()}.`;
  return new AppError("plan_expired", { message, details: { plan: id, expiresAt } });
}

/** The error of who wants to do something with a cancelled plan. */
export function cancelled(id: string): AppError {
  return new AppError("plan_cancelled", { message: `Plan ${id} was cancelled.`, details: { plan: id } });
}

/** The error of who names a version that is not there, or not kept. */
export function noVersion(id: string, version: number, newest: number): AppError {
  const message = `Plan ${id} has no version ${version}; its newest is ${newest}.`;
  return new AppError("plan_version_not_found", { message, details: { plan: id, version: newest } });
}

/** The error of who says a word for which nothing waits, or does not say for which. */
export function notWaiting(id: string, step: string | undefined, waiting: readonly string[]): AppError {
  const which = step === undefined ? "Say which step is meant." : `Step "${step}" does not wait for approval.`;
  const message =
    waiting.length > 0
      ? `${which} Of plan ${id} wait: ${waiting.join(", ")}.`
      : `No step of plan ${id} waits for approval.`;
  return new AppError("approval_not_waiting", { message, details: { plan: id, waiting } });
}
