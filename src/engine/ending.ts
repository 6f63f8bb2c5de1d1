import { AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { RunContext, RunError } from "../workflow/run-context.ts";
import type { Saga } from "../workflow/saga.ts";
import { asJson, type Driver } from "./drive.ts";
import type { MachineStep } from "./machine-step.ts";
import type { Ending } from "./state.ts";

/** Whether nothing more happens to a machine: it is final, or has come to the success that only its output can still refuse. */
export function isOver({ status, value }: MachineStep["snapshot"], { compensates }: Driver): boolean {
  return status !== "active" || (compensates && value === "succeeded");
}

/** How a machine has ended; null: it has not. @throws AppError machine_failed - the output of an author's machine is no JSON */
export function endingOf(snapshot: MachineStep["snapshot"], driver: Driver): Ending | null {
  if (!isOver(snapshot, driver)) return null;
  if (driver.own) return ownEnding(snapshot);
  if (snapshot.status === "error") return { status: "failed", error: toErrorRecord(snapshot.error) };
  const { error, saga } = snapshot.context as RunContext;
  if (saga?.cancelled) {
    const undone = notUndone(saga);
    return { status: "cancelled", ...saga.cancelled, ...(undone ? { error: undone } : {}) };
  }
  return error ? { status: "failed", error: runError(error, saga) } : { status: "succeeded" };
}

function ownEnding({ status, error, output }: MachineStep["snapshot"]): Ending {
  if (status === "error") return { status: "failed", error: ownError(error) };
  return { status: "succeeded", output: asJson(output, "its output") };
}

/** A step's error as it is; what the machine's own functions threw, in words. */
export function ownError(error: unknown): ErrorRecord {
  if (error instanceof AppError) return toErrorRecord(error);
  if (isJsonObject(error) && typeof error.code === "string" && typeof error.message === "string")
    return error as unknown as ErrorRecord;
  const words = error instanceof Error ? error.message : JSON.stringify(error);
  return toErrorRecord(new AppError("machine_failed", { message: `The workflow's machine broke: ${words}` }));
}

/** The run's error from the machine's `context.error`: the step's own, with the step named, and with what could not be undone. */
function runError({ step, error }: RunError, saga: Saga | undefined): ErrorRecord {
  const named = step === null ? error : { ...error, message: `Step "${step}": ${error.message}` };
  const undone = saga && notUndone(saga);
  if (step === null && !undone) return error;
  return {
    ...named,
    message: undone ? `${named.message} ${undone.message}` : named.message,
    details: { ...error.details, ...(step === null ? {} : { step }), ...undone?.details },
  };
}

/** What somebody has to look at: compensations that have failed. */
function notUndone({ failed }: Saga): ErrorRecord | undefined {
  if (failed.length === 0) return undefined;
  const words = failed.map(({ step, error }) => `${step} (${error.code})`).join(", ");
  const notUndone = failed.map(({ step, error: { code, message } }) => ({ step, code, message }));
  return toErrorRecord(
    new AppError("compensation_failed", { message: `Not undone: ${words}.`, details: { not_undone: notUndone } }),
  );
}
