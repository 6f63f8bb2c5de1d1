import type { ErrorRecord } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { LlmTool } from "../../providers/request.ts";
import type { StepOutcome } from "../handler.ts";

/** A tool of an agent. One file a kind of tool. */
export interface AgentTool {
  /** What the model is told of it. */
  readonly definition: LlmTool;
  /** Time that one call may take; null: as long as the step. */
  readonly timeoutMs: number | null;
  /** Whether a call that was begun and has no result may be made again after a crash. */
  readonly isRepeatable: boolean;
  /** Makes one call. Its arguments fit the tool's schema. @throws what went wrong; it is told to the model */
  call(args: JsonObject, call: ToolCall): Promise<ToolOutcome>;
}

/** One call of a tool. */
export interface ToolCall {
  /** The same for every repetition of the call. */
  readonly key: string;
  /** Fires when the call's time is over, and when the attempt must end. */
  readonly signal: AbortSignal;
}

/** What came of a call. */
export type ToolOutcome =
  | ToolAnswer
  | {
      /** Nothing was done; it can be tried again after the wait. */
      readonly type: "later";
      readonly delayMs: number;
      readonly error: ErrorRecord;
      /** Whether the model is told after some waits; else the step waits as long as its `max_wait` allows. */
      readonly isBounded: boolean;
    }
  /** A run was started; the answer is what becomes of it. */
  | { readonly type: "child"; readonly run: string };

/** What the model is told. */
export interface ToolAnswer {
  readonly type: "answered";
  readonly content: string;
  /** True: the call failed, and `content` says why. */
  readonly failed?: boolean;
}

/** A failed call's answer. */
export function failedAnswer(content: string): ToolAnswer {
  return { type: "answered", content, failed: true };
}

/** A value as a model reads it: a text as it is, everything else as JSON. */
export function contentOf(value: Json | undefined): string {
  if (value === null || value === undefined || value === "") return "(nothing)";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What the outcome of a step's handler is to a tool. @param read what of the output the model is told */
export function outcomeOf(outcome: StepOutcome, isBounded: boolean, read: (output: Json) => Json): ToolOutcome {
  switch (outcome.type) {
    case "succeeded":
      return { type: "answered", content: contentOf(read(outcome.output)) };
    case "deferred":
      return { type: "later", delayMs: outcome.delayMs, error: outcome.error, isBounded };
    case "failed":
      return failedAnswer(outcome.error.message);
    case "parked":
      return failedAnswer("It waits for something that a tool cannot wait for.");
  }
}
