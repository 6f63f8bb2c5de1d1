import { handleGemini } from "@copilotkit/aimock";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type Asked, toAsked } from "../asked.ts";
import { aimockCall } from "./aimock-handler.ts";
import { chosenTool } from "./chosen-tool.ts";
import { geminiEmbeddingsRoute } from "./embeddings.ts";
import { contentText, firstNumber, objectAt } from "./read.ts";
import type { Reply, Route, Vendor } from "./vendor.ts";

const models = ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"];
const call = /\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;
const statusNames: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Google's Gemini: generateContent, its stream, and the list of models. */
export const gemini: Vendor = {
  name: "gemini",
  basePath: "/v1beta",
  env: (url) => ({ GOOGLE_ENDPOINT: url, GOOGLE_API_KEY: "simulated-key" }),
  route: geminiRoute,
  error: (status, message) => ({ error: { code: status, message, status: statusNames[status] ?? "UNKNOWN" } }),
};

function geminiRoute(method: string, pathname: string): Route | undefined {
  const [, model, verb] = (method === "POST" && call.exec(pathname)) || [];
  if (model !== undefined) {
    const stream = verb === "streamGenerateContent";
    return { kind: "call", wire: { read: (body) => read(body, model, stream), write } };
  }
  if (method === "GET" && pathname.endsWith("/models")) return { kind: "models", body: modelList() };
  return geminiEmbeddingsRoute(method, pathname);
}

function modelList(): Json {
  const generates = ["generateContent", "streamGenerateContent"];
  return {
    models: models.map((id) => ({ name: `models/${id}`, displayName: id, supportedGenerationMethods: generates })),
  };
}

function read(body: JsonObject, model: string, stream: boolean): Asked | string {
  if (!Array.isArray(body.contents) || body.contents.length === 0) return "contents is not specified";
  const turns = body.contents.filter(isJsonObject).map((content: JsonObject) => ({
    role: content.role === "model" ? "assistant" : "user",
    text: contentText(content.parts),
  }));
  const settings = objectAt(body.generationConfig);
  const tool = toolOf(body);
  const schema = objectAt(settings?.responseJsonSchema) ?? objectAt(settings?.responseSchema);
  return toAsked([{ role: "system", text: contentText(objectAt(body.systemInstruction)?.parts) }, ...turns], {
    model,
    maxTokens: firstNumber(settings?.maxOutputTokens),
    stream,
    ...(tool ? { tool } : {}),
    ...(settings?.responseMimeType === "application/json" ? { json: { schema } } : {}),
  });
}

/** The function that is called: what mode `ANY` forces, else what the model likes. */
function toolOf(body: JsonObject): Asked["tool"] {
  const config = objectAt(body.toolConfig, "functionCallingConfig");
  const declared = (Array.isArray(body.tools) ? body.tools.filter(isJsonObject) : []).flatMap((tool: JsonObject) =>
    Array.isArray(tool.functionDeclarations) ? tool.functionDeclarations.filter(isJsonObject) : [],
  );
  return chosenTool({
    offered: declared.map(({ name, parametersJsonSchema, parameters }: JsonObject) => ({
      name,
      schema: objectAt(parametersJsonSchema) ?? objectAt(parameters),
    })),
    choice: config?.mode === "NONE" ? "none" : config?.mode === "ANY" ? "forced" : "free",
    names: Array.isArray(config?.allowedFunctionNames) ? config.allowedFunctionNames : [],
    conversation: body.contents,
  });
}

async function write(reply: Reply): Promise<void> {
  const { request, response, raw, asked, answer } = reply;
  // Gemini ends a call of a function with STOP; the handler would write a word that Gemini does not have.
  const ended: Reply = answer.finish === "tool" ? { ...reply, answer: { ...answer, finish: "stop" } } : reply;
  const { fixtures, journal, defaults, setCorsHeaders } = aimockCall(ended);
  await handleGemini(request, response, raw, asked.model, asked.stream, fixtures, journal, defaults, setCorsHeaders);
}
