import { handleConverse, handleConverseStream } from "@copilotkit/aimock";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { type Asked, toAsked } from "../asked.ts";
import { aimockCall } from "./aimock-handler.ts";
import { chosenTool } from "./chosen-tool.ts";
import { bedrockEmbeddingsRoute } from "./embeddings.ts";
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
  if (id === undefined) return bedrockEmbeddingsRoute(method, pathname);
  const model = decodeURIComponent(id);
  const stream = verb === "converse-stream";
  return { kind: "call", wire: { read: (body) => read(body, model, stream), write } };
}

function read(body: JsonObject, model: string, stream: boolean): Asked | string {
  const turns = readTurns(body.messages);
  if (!turns || turns.length === 0) return "The request has no messages.";
  const tool = toolOf(body);
  return toAsked([{ role: "system", text: contentText(body.system) }, ...turns], {
    model,
    maxTokens: firstNumber(objectAt(body.inferenceConfig)?.maxTokens),
    stream,
    ...(tool ? { tool } : {}),
  });
}

/** The tool that is called: what `toolChoice` forces (answers of a schema are asked for in this way too), else what the model likes. */
function toolOf(body: JsonObject): Asked["tool"] {
  const config = objectAt(body.toolConfig);
  const choice = objectAt(config?.toolChoice);
  const name = objectAt(choice?.tool)?.name;
  const offered = Array.isArray(config?.tools) ? config.tools.filter(isJsonObject) : [];
  const specs = offered.map((tool: JsonObject) => objectAt(tool.toolSpec));
  return chosenTool({
    offered: specs.map((spec) => ({ name: spec?.name, schema: objectAt(spec?.inputSchema, "json") })),
    choice: name !== undefined || choice?.any !== undefined ? "forced" : "free",
    names: name === undefined ? [] : [name],
    conversation: body.messages,
  });
}

async function write(reply: Reply): Promise<void> {
  const { fixtures, journal, defaults, setCorsHeaders } = aimockCall(reply);
  const { request, response, raw, asked } = reply;
  const handle = asked.stream ? handleConverseStream : handleConverse;
  await handle(request, response, raw, asked.model, fixtures, journal, defaults, setCorsHeaders);
}
