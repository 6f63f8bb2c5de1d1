import {
  buildTextChunks,
  buildTextCompletion,
  buildToolCallChunks,
  buildToolCallCompletion,
  type ResponseOverrides,
  writeSSEStream,
} from "@copilotkit/aimock";
import type { Json, JsonObject } from "../../core/json.ts";
import { type Asked, toAsked } from "../asked.ts";
import { chosenTool } from "./chosen-tool.ts";
import { firstNumber, objectAt, readTurns } from "./read.ts";
import { sendJson } from "./send.ts";
import type { Reply, Route, Wire } from "./vendor.ts";

/** OpenAI's chat completions, which half of the field speaks. */
export const chatCompletions: Wire = { read, write };

/** The call of chat completions under any prefix (`/v1/chat/completions`, `/openai/v1/chat/completions`), or the list of models. */
export function chatRoute(method: string, pathname: string, models: readonly string[]): Route | undefined {
  if (method === "POST" && pathname.endsWith("/chat/completions")) return { kind: "call", wire: chatCompletions };
  if (method === "GET" && pathname.endsWith("/models")) return { kind: "models", body: modelList(models) };
  return undefined;
}

/** OpenAI's error object. */
export function chatError(status: number, message: string): JsonObject {
  const kinds: Readonly<Record<number, readonly [type: string, code: string | null]>> = {
    400: ["invalid_request_error", null],
    401: ["invalid_request_error", "invalid_api_key"],
    403: ["invalid_request_error", "unsupported_country_region_territory"],
    404: ["invalid_request_error", "not_found"],
    429: ["requests", "rate_limit_exceeded"],
  };
  const [type, code] = kinds[status] ?? (status < 500 ? ["invalid_request_error", null] : ["server_error", null]);
  return { error: { message, type, param: null, code } };
}

function modelList(models: readonly string[]): Json {
  const data = models.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "switchyard-simulator" }));
  return { object: "list", data };
}

function read(body: JsonObject): Asked | string {
  const turns = readTurns(body.messages);
  if (typeof body.model !== "string") return "you must provide a model parameter";
  if (!turns || turns.length === 0) return "Missing required parameter: 'messages'.";
  const format = objectAt(body.response_format);
  const tool = toolOf(body);
  return toAsked(turns, {
    model: body.model,
    maxTokens: firstNumber(body.max_completion_tokens, body.max_tokens),
    stream: body.stream === true,
    streamUsage: objectAt(body.stream_options)?.include_usage === true,
    ...(format?.type === "json_schema" || format?.type === "json_object"
      ? { json: { schema: objectAt(format, "json_schema", "schema") } }
      : {}),
    ...(tool ? { tool } : {}),
  });
}

/** The tool that is called: what `tool_choice` forces, else what the model likes. */
function toolOf(body: JsonObject): Asked["tool"] {
  const wanted = objectAt(body.tool_choice, "function")?.name;
  const tools = Array.isArray(body.tools) ? body.tools.map((tool: Json) => objectAt(tool, "function")) : [];
  return chosenTool({
    offered: tools.map((tool) => ({ name: tool?.name, schema: objectAt(tool?.parameters) })),
    choice: body.tool_choice === "none" ? "none" : wanted || body.tool_choice === "required" ? "forced" : "free",
    names: wanted === undefined ? [] : [wanted],
    conversation: body.messages,
  });
}

async function write({ response, asked, answer, pieceMs }: Reply): Promise<void> {
  const usage = {
    prompt_tokens: answer.inputTokens,
    completion_tokens: answer.outputTokens,
    total_tokens: answer.inputTokens + answer.outputTokens,
  };
  const overrides: ResponseOverrides = { usage, finishReason: answer.finish === "tool" ? "tool_calls" : answer.finish };
  const calls = answer.tool === undefined ? [] : [{ name: answer.tool, arguments: answer.text }];
  if (!asked.stream) {
    const completion =
      calls.length > 0
        ? buildToolCallCompletion(calls, asked.model, undefined, overrides)
        : buildTextCompletion(answer.text, asked.model, undefined, overrides);
    sendJson(response, 200, completion as unknown as Json);
    return;
  }
  const chunks =
    calls.length > 0
      ? buildToolCallChunks(calls, asked.model, 24, undefined, overrides)
      : buildTextChunks(answer.text, asked.model, 24, undefined, overrides);
  const [first] = chunks;
  const usageChunk = first && asked.streamUsage ? { ...first, choices: [], usage } : undefined;
  await writeSSEStream(response, chunks, { latency: pieceMs, usageChunk });
}
