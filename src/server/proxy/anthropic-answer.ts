import type { Usage } from "../../core/call.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import type { WireAsk, WireHead } from "./codec.ts";
import { seal, unsigned } from "./sealed.ts";

/** An answer as Anthropic's clients read it. What was thought is shown where the request asked for thought. */
export function writeMessage(answer: LlmAnswer, { id, served }: WireHead, ask: WireAsk): JsonObject {
  const { text, toolCalls, reasoning } = answer;
  const sealed = sealedBlock(answer);
  const content: JsonObject[] = [
    ...(ask.request.reasoning === undefined
      ? []
      : reasoning.flatMap(({ text }) => (text === "" ? [] : [thinkingBlock(text)]))),
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...toolCalls.map((call) => ({
      type: "tool_use",
      id: call.id,
      name: call.name,
      input: toInput(call.arguments),
    })),
    ...(sealed ? [sealed] : []),
  ];
  return {
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    model: served.modelServed,
    content,
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: toUsage(answer.usage),
  };
}

/** What was thought, signed by nobody. */
function thinkingBlock(thinking: string): JsonObject {
  return { type: "thinking", thinking, signature: unsigned };
}

/** The sealed notes of another vendor's model; the client gives them back with its next request. Undefined: it made none. */
export function sealedBlock(answer: LlmAnswer): JsonObject | undefined {
  const data = seal(answer);
  return data === undefined ? undefined : { type: "redacted_thinking", data };
}

/** Why the answer ended, in Anthropic's words. */
export function stopReason({ finishReason, toolCalls }: LlmAnswer): string {
  if (finishReason === "length") return "max_tokens";
  if (finishReason === "content-filter") return "refusal";
  return toolCalls.length > 0 ? "tool_use" : "end_turn";
}

/** What was used: Anthropic counts cached tokens apart from the others. What nobody counted is 0. */
export function toUsage({ inputTokens, outputTokens, cachedInputTokens }: Usage): JsonObject {
  const cached = cachedInputTokens ?? 0;
  return {
    input_tokens: Math.max(0, (inputTokens ?? 0) - cached),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: outputTokens ?? 0,
  };
}

/** Arguments are an object in this format; text that is none is handed over inside one. */
function toInput(text: string): Json {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    return isJsonObject(value) ? value : { value: value as Json };
  } catch {
    return { text };
  }
}
