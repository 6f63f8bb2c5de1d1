import { handleConverse, handleConverseStream } from "@copilotkit/aimock";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { type Asked, toAsked } from "../asked.ts";
import { aimockCall } from "./aimock-handler.ts";
import { contentText, firstNumber, objectAt, readTurns } from "./read.ts";
import type { Reply, Route, Vendor } from "./vendor.ts";

const call = /\/model\/([^/]+)\/(converse|converse-stream)$/;
const errorTypes: Readonly<Record<number, string>> = {
  400: "ValidationException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  408: "ModelTimeoutException",
  424: "ModelErrorException",
  429: "ThrottlingException",
  500: "InternalServerException",
  503: "ServiceUnavailableException",
};

/** AWS Bedrock: Converse and its stream. Signatures are not checked; it has no list of models. */
export const bedrock: Vendor = {
  name: "bedrock",
  basePath: "",
  env: (url) => ({ BEDROCK_REGION: "eu-central-1", BEDROCK_ENDPOINT: url, BEDROCK_API_KEY: "simulated-key" }),
  route: bedrockRoute,
  error: (status, message) => ({ __type: errorTypes[status] ?? "InternalServerException", message }),
};

function bedrockRoute(method: string, pathname: string): Route | undefined {
  const [, id, verb] = (method === "POST" && call.exec(pathname)) || [];
  if (id === undefined) return undefined;
  const model = decodeURIComponent(id);
  const stream = verb === "converse-stream";
  return { kind: "call", wire: { read: (body) => read(body, model, stream), write } };
}

function read(body: JsonObject, model: string, stream: boolean): Asked | string {
  const turns = readTurns(body.messages);
  if (!turns || turns.length === 0) return "The request has no messages.";
  const tool = forcedTool(body);
  return toAsked([{ role: "system", text: contentText(body.system) }, ...turns], {
    model,
    maxTokens: firstNumber(objectAt(body.inferenceConfig)?.maxTokens),
    stream,
    ...(tool ? { tool } : {}),
  });
}

/** The tool that `toolChoice` forces: by name, or with `any` the first one. Answers of a schema are asked for in this way too. */
function forcedTool(body: JsonObject): Asked["tool"] {
  const config = objectAt(body.toolConfig);
  const choice = objectAt(config?.toolChoice);
  const name = objectAt(choice?.tool)?.name;
  if (name === undefined && choice?.any === undefined) return undefined;
  const offered = Array.isArray(config?.tools) ? config.tools.filter(isJsonObject) : [];
  const specs = offered.map((tool: JsonObject) => objectAt(tool.toolSpec));
  const spec = specs.find((candidate) => candidate && (name === undefined || candidate.name === name));
  if (!spec || typeof spec.name !== "string") return undefined;
  return { name: spec.name, schema: objectAt(spec.inputSchema, "json") ?? {} };
}

async function write(reply: Reply): Promise<void> {
  const { fixtures, journal, defaults, setCorsHeaders } = aimockCall(reply);
  const { request, response, raw, asked } = reply;
  const handle = asked.stream ? handleConverseStream : handleConverse;
  await handle(request, response, raw, asked.model, fixtures, journal, defaults, setCorsHeaders);
}
