import { buildTextStreamEvents, buildToolCallStreamEvents, delay, type ResponsesSSEEvent } from "@copilotkit/aimock";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type Asked, type Turn, toAsked } from "../asked.ts";
import { chosenTool } from "./chosen-tool.ts";
import { contentText, firstNumber, objectAt } from "./read.ts";
import { sendJson } from "./send.ts";
import type { Reply, Route } from "./vendor.ts";

/** OpenAI's responses under any prefix (`/v1/responses`, `/openai/v1/responses`). */
export function responsesRoute(method: string, pathname: string): Route | undefined {
  return method === "POST" && pathname.endsWith("/responses") ? { kind: "call", wire: { read, write } } : undefined;
}

function read(body: JsonObject): Asked | string {
  const turns = readInput(body.input);
  if (typeof body.model !== "string") return "Missing required parameter: 'model'.";
  if (turns.length === 0) return "Missing required parameter: 'input'.";
  const format = objectAt(body.text, "format");
  const tool = toolOf(body);
  return toAsked([{ role: "system", text: contentText(body.instructions) }, ...turns], {
    model: body.model,
    maxTokens: firstNumber(body.max_output_tokens),
    stream: body.stream === true,
    ...(format?.type === "json_schema" || format?.type === "json_object"
      ? { json: { schema: objectAt(format.schema) } }
      : {}),
    ...(tool ? { tool } : {}),
  });
}

/** A text, or a list of messages, calls and their results. */
function readInput(input: Json | undefined): readonly Turn[] {
  if (typeof input === "string") return [{ role: "user", text: input }];
  if (!Array.isArray(input)) return [];
  return input.filter(isJsonObject).map((item: JsonObject) => ({
    role: typeof item.role === "string" ? item.role : item.type === "function_call_output" ? "tool" : "assistant",
    text: contentText(item.content ?? item.output),
  }));
}

/** The tool that is called: what `tool_choice` forces, else what the model likes. */
function toolOf(body: JsonObject): Asked["tool"] {
  const wanted = objectAt(body.tool_choice)?.name;
  const tools = Array.isArray(body.tools) ? body.tools.filter(isJsonObject) : [];
  return chosenTool({
    offered: tools.map(({ name, parameters }: JsonObject) => ({ name, schema: objectAt(parameters) })),
    choice: body.tool_choice === "none" ? "none" : wanted || body.tool_choice === "required" ? "forced" : "free",
    names: wanted === undefined ? [] : [wanted],
    conversation: body.input,
  });
}

async function write({ response, asked, answer, pieceMs }: Reply): Promise<void> {
  const { inputTokens, outputTokens, finish, text, tool } = answer;
  const usage = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const built =
    tool === undefined
      ? buildTextStreamEvents(text, asked.model, 24, undefined, undefined, { usage })
      : buildToolCallStreamEvents([{ name: tool, arguments: text }], asked.model, 24, undefined, undefined, { usage });
  const events = finish === "length" ? cutOff(built) : built;
  if (!asked.stream) {
    // The last event holds the whole answer.
    sendJson(response, 200, events.at(-1)?.response as Json);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (const [number, event] of events.entries()) {
    if (response.destroyed) return;
    const data = JSON.stringify({ ...event, sequence_number: number });
    response.write(`event: ${event.type}\ndata: ${data}\n\n`);
    if (pieceMs > 0) await delay(pieceMs);
  }
  response.end();
}

/** The events of an answer that the request's limit of tokens ended. */
function cutOff(events: readonly ResponsesSSEEvent[]): ResponsesSSEEvent[] {
  return events.map((event) =>
    event.type === "response.completed"
      ? {
          type: "response.incomplete",
          response: {
            ...(event.response as JsonObject),
            status: "incomplete",
            incomplete_details: { reason: "max_output_tokens" },
          },
        }
      : event,
  );
}
