import type { Usage } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import type { WireAsk, WireHead } from "./codec.ts";
import { ownResponseId } from "./responses-read.ts";
import { seal } from "./sealed.ts";

/** An answer as OpenAI's clients read it. What was thought is shown where the request asked for thought. */
export function writeResponse(answer: LlmAnswer, head: WireHead, ask: WireAsk): JsonObject {
  const { text, toolCalls, reasoning } = answer;
  const thoughts = ask.request.reasoning === undefined ? [] : reasoning.filter(({ text }) => text !== "");
  const sealed = seal(answer);
  const { id } = head;
  const output: JsonObject[] = [];
  const n = () => output.length;
  if (thoughts.length > 0) output.push(reasoningItem(id, n(), thoughts.map(({ text }) => text).join("")));
  if (text !== "") output.push(messageItem(id, n(), text));
  for (const call of toolCalls) output.push(callItem(id, n(), call));
  if (sealed !== undefined) output.push(sealedItem(id, n(), sealed));
  return ended(answer, output, responseBody(head, head.served.modelServed, ask));
}

/** What all forms of a response have, as it begins. */
export function responseBody({ id, at }: Pick<WireHead, "id" | "at">, model: string, { request }: WireAsk): JsonObject {
  const { toolChoice = "auto", outputSchema, reasoning } = request;
  return {
    id: `${ownResponseId}${id}`,
    object: "response",
    created_at: Math.floor(at / 1_000),
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request.system ?? null,
    max_output_tokens: request.maxTokens ?? null,
    metadata: {},
    model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: reasoning ?? null, summary: null },
    store: false,
    temperature: request.temperature ?? null,
    text: {
      format: outputSchema
        ? { type: "json_schema", name: "answer", schema: outputSchema, strict: false }
        : { type: "text" },
    },
    tool_choice: typeof toolChoice === "string" ? toolChoice : { type: "function", name: toolChoice.tool },
    tools: (request.tools ?? []).map(({ name, description = null, inputSchema }) => ({
      type: "function",
      name,
      description,
      parameters: inputSchema,
      strict: false,
    })),
    top_p: request.topP ?? null,
    truncation: "disabled",
    usage: null,
  };
}

/** The response at its end. */
export function ended(answer: LlmAnswer, output: readonly JsonObject[], body: JsonObject): JsonObject {
  const reason = incompleteReason(answer);
  return {
    ...body,
    status: reason === null ? "completed" : "incomplete",
    incomplete_details: reason === null ? null : { reason },
    output,
    usage: toUsage(answer.usage),
  };
}

/** Why the answer is not whole; null: it is. */
export function incompleteReason({ finishReason }: Pick<LlmAnswer, "finishReason">): string | null {
  if (finishReason === "length") return "max_output_tokens";
  return finishReason === "content-filter" ? "content_filter" : null;
}

/** An item that holds text. @param n its place in the output */
export function messageItem(id: string, n: number, text: string): JsonObject {
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return { type: "message", id: itemId("msg", id, n), role: "assistant", status: "completed", content };
}

/** An item that asks for a function to be called. */
export function callItem(id: string, n: number, call: LlmAnswer["toolCalls"][number]): JsonObject {
  const { id: callId, name, arguments: text } = call;
  return {
    type: "function_call",
    id: itemId("fc", id, n),
    call_id: callId,
    name,
    arguments: text,
    status: "completed",
  };
}

/** An item that shows what was thought. */
export function reasoningItem(id: string, n: number, text: string): JsonObject {
  return { type: "reasoning", id: itemId("rs", id, n), summary: [{ type: "summary_text", text }] };
}

/** An item of another vendor's sealed notes; the client gives it back with its next request. */
export function sealedItem(id: string, n: number, sealed: string): JsonObject {
  return { type: "reasoning", id: itemId("rs", id, n), summary: [], encrypted_content: sealed };
}

/** An item's id, by its kind and its place in the output of a response. */
export function itemId(kind: "msg" | "fc" | "rs", id: string, n: number): string {
  return `${kind}_switchyard_${id}_${n}`;
}

function toUsage({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: Usage): JsonObject {
  return {
    input_tokens: inputTokens ?? 0,
    input_tokens_details: { cached_tokens: cachedInputTokens ?? 0 },
    output_tokens: outputTokens ?? 0,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: (inputTokens ?? 0) + (outputTokens ?? 0),
  };
}
