import { isJsonObject } from "../core/json.ts";
import type { LlmRequest } from "./request.ts";

/**
 * OpenAI's responses without a memory of theirs: nothing is stored at the vendor, so that any provider can go on with the conversation, and what was
 * thought comes back sealed. Whoever asks for thought has a model that thinks, whatever its deployment is called.
 */
export function stateless({ reasoning }: LlmRequest): { readonly store: false; readonly forceReasoning?: true } {
  return reasoning ? { store: false, forceReasoning: true } : { store: false };
}

/** A response that has failed, was cancelled or is still being made has a status that says so, and perhaps a part of its text. */
export function notCompleted(body: unknown): string | undefined {
  const status = isJsonObject(body) ? body.status : undefined;
  const isAnswer = status === undefined || status === null || status === "completed" || status === "incomplete";
  return isAnswer ? undefined : `The response is no answer: its status is ${String(status)}.`;
}
