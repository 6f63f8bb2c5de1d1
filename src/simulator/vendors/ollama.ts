import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type Asked, toAsked } from "../asked.ts";
import { chatError, chatRoute } from "./chat-completions.ts";
import { embeddingsRoute } from "./embeddings.ts";
import { firstNumber, objectAt, readTurns } from "./read.ts";
import { sendJson } from "./send.ts";
import type { Reply, Route, Vendor, Wire } from "./vendor.ts";

const models = ["llama3.2:latest", "qwen3:latest", "mistral:latest"];

/** Ollama: OpenAI's format under `/v1`, its own under `/api/chat` and `/api/generate`, and `/api/tags`. */
export const ollama: Vendor = {
  name: "ollama",
  basePath: "",
  env: (url) => ({ OLLAMA_ENDPOINT: url }),
  route: ollamaRoute,
  error: chatError,
};

function ollamaRoute(method: string, pathname: string): Route | undefined {
  if (method === "GET" && pathname === "/api/tags") return { kind: "models", body: tags() };
  if (method === "GET" && pathname === "/api/version") return { kind: "models", body: { version: "0.0.0-simulated" } };
  if (method === "POST" && pathname === "/api/chat") return { kind: "call", wire: nativeWire("chat") };
  if (method === "POST" && pathname === "/api/generate") return { kind: "call", wire: nativeWire("generate") };
  return embeddingsRoute(method, pathname) ?? chatRoute(method, pathname, models);
}

function tags(): Json {
  return {
    models: models.map((name) => ({
      name,
      model: name,
      modified_at: "2026-01-01T00:00:00Z",
      size: 0,
      digest: "simulated",
      details: { format: "gguf", family: "simulated", parameter_size: "0B", quantization_level: "none" },
    })),
  };
}

function nativeWire(form: "chat" | "generate"): Wire {
  return { read: (body) => readNative(form, body), write: (reply) => writeNative(form, reply) };
}

function readNative(form: "chat" | "generate", body: JsonObject): Asked | string {
  const asPrompt = [
    { role: "system", text: typeof body.system === "string" ? body.system : "" },
    { role: "user", text: typeof body.prompt === "string" ? body.prompt : "" },
  ];
  const turns = form === "chat" ? readTurns(body.messages) : asPrompt;
  if (typeof body.model !== "string") return "model is required";
  if (!turns || turns.length === 0) return "messages is required";
  return toAsked(turns, {
    model: body.model,
    maxTokens: firstNumber(objectAt(body.options)?.num_predict),
    stream: body.stream !== false,
    ...(body.format === "json" ? { json: {} } : {}),
    ...(isJsonObject(body.format) ? { json: { schema: body.format } } : {}),
  });
}

/** Ollama's own format, written here: aimock leaves its token counts at zero. */
function writeNative(form: "chat" | "generate", { response, asked, answer }: Reply): void {
  const said = (text: string) =>
    form === "chat" ? { message: { role: "assistant", content: text } } : { response: text };
  const head = { model: asked.model, created_at: new Date().toISOString() };
  const end = {
    done: true,
    done_reason: answer.finish === "length" ? "length" : "stop",
    total_duration: 0,
    prompt_eval_count: answer.inputTokens,
    eval_count: answer.outputTokens,
  };
  if (!asked.stream) {
    sendJson(response, 200, { ...head, ...said(answer.text), ...end });
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  for (let at = 0; at < answer.text.length; at += 24) {
    response.write(`${JSON.stringify({ ...head, ...said(answer.text.slice(at, at + 24)), done: false })}\n`);
  }
  response.end(`${JSON.stringify({ ...head, ...said(""), ...end })}\n`);
}
