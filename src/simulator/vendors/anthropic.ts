import { handleMessages } from "@copilotkit/aimock";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type Asked, toAsked } from "../asked.ts";
import { aimockCall } from "./aimock-handler.ts";
import { chosenTool } from "./chosen-tool.ts";
import { contentText, firstNumber, objectAt, readTurns } from "./read.ts";
import type { Reply, Route, Vendor } from "./vendor.ts";

const models = ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"];
const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** Anthropic: messages and the list of models. */
export const anthropic: Vendor = {
  name: "anthropic",
  basePath: "/v1",
  env: (url) => ({ ANTHROPIC_ENDPOINT: url, ANTHROPIC_API_KEY: "simulated-key" }),
  route: anthropicRoute,
  error: (status, message) => ({
    type: "error",
    error: { type: errorTypes[status] ?? (status < 500 ? "invalid_request_error" : "api_error"), message },
  }),
};

function anthropicRoute(method: string, pathname: string): Route | undefined {
  if (method === "POST" && pathname.endsWith("/messages")) return { kind: "call", wire: { read, write } };
  if (method === "GET" && pathname.endsWith("/models")) return { kind: "models", body: modelList() };
  return undefined;
}

function modelList(): Json {
  const data = models.map((id) => ({ type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z" }));
  return { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
}

function read(body: JsonObject): Asked | string {
  const turns = readTurns(body.messages);
  if (typeof body.model !== "string") return "model: Field required";
  if (!turns || turns.length === 0) return "messages: Field required";
  if (firstNumber(body.max_tokens) === undefined) return "max_tokens: Field required";
  const format = objectAt(body.output_config, "format") ?? objectAt(body.output_format);
  const tool = toolOf(body);
  return toAsked([{ role: "system", text: contentText(body.system) }, ...turns], {
    model: body.model,
    maxTokens: firstNumber(body.max_tokens),
    stream: body.stream === true,
    ...(format?.type === "json_schema" ? { json: { schema: objectAt(format.schema) } } : {}),
    ...(tool ? { tool } : {}),
  });
}

/** The tool that is called: what `tool_choice` forces, else what the model likes. */
function toolOf(body: JsonObject): Asked["tool"] {
  const choice = objectAt(body.tool_choice);
  const tools = Array.isArray(body.tools) ? body.tools.filter(isJsonObject) : [];
  const isForced = choice?.type === "tool" || choice?.type === "any";
  return chosenTool({
    offered: tools.map((tool: JsonObject) => ({ name: tool.name, schema: objectAt(tool.input_schema) })),
    choice: choice?.type === "none" ? "none" : isForced ? "forced" : "free",
    names: choice?.type === "tool" ? [choice.name ?? null] : [],
    conversation: body.messages,
  });
}

async function write(reply: Reply): Promise<void> {
  const { fixtures, journal, defaults, setCorsHeaders } = aimockCall(reply);
  await handleMessages(reply.request, reply.response, reply.raw, fixtures, journal, defaults, setCorsHeaders);
}
