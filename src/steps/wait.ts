import { parseDuration } from "../core/duration.ts";
import { AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { schemaErrorText, schemaValidator } from "../workflow/json-schema.ts";
import type { StepHandler, StepOutcome, StepWork } from "./handler.ts";

/** The body of a `wait` step with its templates rendered. */
interface WaitBody {
  readonly for?: string;
  readonly until?: string;
  readonly signal?: string;
  readonly schema?: JsonObject;
  readonly timeout?: string;
  readonly on_timeout?: "fail" | "continue";
}

const longestMs = 365 * 86_400_000;
const report = { calls: [] };

/** Executes `wait` steps. @param clock epoch milliseconds */
export function waitHandler(clock: () => number): StepHandler {
  return {
    kind: "wait",
    async execute(work) {
      const body = work.body as WaitBody;
      try {
        if (work.signal.aborted) return givenBack();
        return body.signal === undefined ? await untilDue(body, work, clock) : await untilSignal(body, work, clock);
      } catch (error) {
        if (error instanceof AppError) return failure(error);
        throw error;
      }
    },
  };
}

async function untilDue(body: WaitBody, work: StepWork, clock: () => number): Promise<StepOutcome> {
  const due = rememberedDue(work.memo) ?? dueAt(body, clock());
  if (clock() >= due) return { type: "succeeded", output: null, served: null, report };
  const reason = `until ${new Date(due).toISOString()}`;
  return { type: "parked", until: due, memo: { due }, signal: null, reason, report };
}

async function untilSignal(body: WaitBody, work: StepWork, clock: () => number): Promise<StepOutcome> {
  const { signal: name = "", schema, timeout, on_timeout: onTimeout = "fail" } = body;
  const due =
    work.memo === null
      ? timeout === undefined
        ? null
        : clock() + durationMs(timeout, "timeout")
      : rememberedDue(work.memo);
  const payload = await takeFitting(name, schema, work);
  if (payload !== undefined) return { type: "succeeded", output: payload, served: null, report };
  if (due === null || due === undefined || clock() < due) {
    return {
      type: "parked",
      until: due ?? null,
      memo: { due: due ?? null },
      signal: name,
      reason: `for the signal ${name}`,
      report,
    };
  }
  if (onTimeout === "continue") return { type: "succeeded", output: null, served: null, report };
  return failure(new AppError("wait_timeout", { message: `No signal ${name} came in ${timeout}.` }));
}

/** The oldest kept signal of a name that fits the schema, and that nothing else is wrong with; others are dropped. */
export async function takeFitting(
  name: string,
  schema: JsonObject | undefined,
  work: StepWork,
  objection: (payload: Json) => string | undefined = () => undefined,
): Promise<Json | undefined> {
  const validate = schema && schemaValidator(schema);
  for (;;) {
    const payload = await work.take(name);
    if (payload === undefined) return undefined;
    const mistakes = (validate?.(payload) ?? []).map(schemaErrorText);
    const objected = mistakes.length === 0 ? objection(payload) : undefined;
    const problems = objected === undefined ? mistakes : [objected];
    if (problems.length === 0) return payload;
    work.note({ type: "signal.refused", step: work.stepId, name, problems });
    await work.save(work.memo, true);
  }
}

function rememberedDue(memo: Json): number | undefined {
  return isJsonObject(memo) && typeof memo.due === "number" ? memo.due : undefined;
}

function dueAt(body: WaitBody, now: number): number {
  if (body.for !== undefined) return now + durationMs(body.for, "for");
  const due = Date.parse(body.until ?? "");
  if (!Number.isNaN(due) && due - now <= longestMs) return due;
  throw new AppError("step_failed", { message: `wait.until is "${body.until}", which is no date within a year.` });
}

/** A rendered duration. @throws AppError step_failed */
export function durationMs(text: string, place: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= longestMs) return ms;
  throw new AppError("step_failed", {
    message: `${place} is "${text}", which is no duration within a year (30s, 10m, 1d).`,
  });
}

function failure(error: AppError): StepOutcome {
  return { type: "failed", error: toErrorRecord(error), retryable: false, report };
}

function givenBack(): StepOutcome {
  const error: ErrorRecord = toErrorRecord(new AppError("cancelled"));
  return { type: "deferred", error, delayMs: 1, reason: "the worker stops", report };
}
