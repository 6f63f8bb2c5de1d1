import { AppError, type Problem } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { listed } from "../../core/zod-problem.ts";
import type { LlmRequest } from "../../providers/provider.ts";
import type { LlmAssistantMessage, LlmImage, LlmMessage, LlmTool } from "../../providers/request.ts";
import type { WireAsk } from "./codec.ts";
import type {
  CallItem,
  Item,
  MessageItem,
  Part,
  ReasoningItem,
  ResponsesRequest,
  ResultItem,
} from "./responses-request.ts";
import { isOurs, unseal, withNotes } from "./sealed.ts";

/** What the ids of answers begin with that Switchyard has written: nobody keeps these, so no request can go on from one. */
export const ownResponseId = "resp_switchyard_";

/** A request in OpenAI's words, in ours. @throws AppError bad_request - a result that answers no call, a conversation that nobody keeps */
export function readResponses(body: ResponsesRequest): WireAsk {
  refuseKept(body);
  const untranslated = new Set<string>();
  for (const name of ["previous_response_id", "conversation", "prompt"])
    if (isThere(body[name])) untranslated.add(name);
  const { system, messages } = readInput(body, untranslated);
  const { max_output_tokens: maxTokens, temperature, top_p: topP, stream, model = "" } = body;
  const reasoning = readEffort(body);
  const schema = readFormat(body, untranslated);
  const tools = readTools(body, untranslated);
  const cleaned = withoutOurs(body as JsonObject);
  const leftOut = ["top_logprobs", "max_tool_calls", "truncation"].filter((name) => isThere(body[name]));
  return {
    model,
    stream: stream ?? false,
    request: {
      ...(system ? { system } : {}),
      messages,
      ...(maxTokens == null ? {} : { maxTokens }),
      ...(temperature == null ? {} : { temperature }),
      ...(topP == null ? {} : { topP }),
      ...(reasoning ? { reasoning } : {}),
      ...(schema ? { outputSchema: schema } : {}),
      ...tools,
    },
    ...(untranslated.size > 0 ? { untranslated: [...untranslated] } : {}),
    ...(leftOut.length > 0 ? { leftOut } : {}),
    ...(cleaned ? { body: cleaned } : {}),
  };
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "disabled";
}

/** @throws AppError bad_request - it asks for a response that is made later, or goes on from one that nobody keeps */
function refuseKept({ background, previous_response_id: previous }: ResponsesRequest): void {
  const problems: Problem[] = [];
  if (background === true) {
    const message =
      "is not supported: nothing is kept to be fetched later. Leave it out, or submit a run (POST /v1/runs).";
    problems.push({ path: "background", message });
  }
  if (previous?.startsWith(ownResponseId)) {
    const message = "is an answer that nobody keeps. Send the whole conversation as `input`.";
    problems.push({ path: "previous_response_id", message });
  }
  if (problems.length > 0) throw mistakes(problems);
}

function mistakes(problems: readonly Problem[]): AppError {
  return new AppError("bad_request", { message: `The request's body has mistakes: ${listed(problems)}`, problems });
}

function readEffort({ reasoning }: ResponsesRequest): LlmRequest["reasoning"] {
  const effort = reasoning?.effort;
  if (effort == null || effort === "none") return undefined;
  if (effort === "minimal" || effort === "low") return "low";
  return effort === "medium" ? "medium" : "high";
}

function readFormat({ text }: ResponsesRequest, untranslated: Set<string>): JsonObject | undefined {
  const format = text?.format;
  if (!format || format.type === "text") return undefined;
  if (format.type === "json_schema") return format.schema;
  if (format.type === "json_object") return { type: "object" };
  untranslated.add(`the format ${format.type}`);
  return undefined;
}

function readTools(
  { tools: given, tool_choice: choice }: ResponsesRequest,
  untranslated: Set<string>,
): Pick<LlmRequest, "tools" | "toolChoice"> {
  const tools: LlmTool[] = [];
  for (const { type, name = "", description, parameters } of given ?? []) {
    if (type !== "function") untranslated.add(`the tool ${type}`);
    else tools.push({ name, inputSchema: parameters ?? { type: "object" }, ...(description ? { description } : {}) });
  }
  if (tools.length === 0) return {};
  if (choice == null) return { tools };
  if (typeof choice === "string") return { tools, toolChoice: choice };
  if (choice.type === "function" && choice.name !== undefined) return { tools, toolChoice: { tool: choice.name } };
  untranslated.add(`the tool choice ${choice.type}`);
  return { tools };
}

/** What was said so far. Instructions, and what system and developer said, go before the conversation, where every vendor has a place for them. */
function readInput(
  { input, instructions }: ResponsesRequest,
  untranslated: Set<string>,
): { readonly system: string; readonly messages: readonly LlmMessage[] } {
  const system = instructions ? [instructions] : [];
  if (typeof input === "string") {
    return { system: system.join("\n\n"), messages: [{ role: "user", content: input }] };
  }
  const turns: LlmMessage[] = [];
  const problems: Problem[] = [];
  const names = new Map<string, string>();
  input.forEach((item: Item, i) => {
    if (isMessage(item)) addMessage(item, turns, system, untranslated);
    else if (item.type === "function_call") {
      const { call_id: id, name, arguments: text } = item as CallItem;
      names.set(id, name);
      addToAnswer(turns, { role: "assistant", content: "", toolCalls: [{ id, name, arguments: text }] });
    } else if (item.type === "function_call_output") {
      const { call_id: callId, output } = item as ResultItem;
      const name = names.get(callId);
      if (name !== undefined) turns.push(...readResult(callId, name, output, untranslated));
      else {
        problems.push({ path: `input.${i}.call_id`, message: `${callId} is the id of no function_call before it.` });
      }
    } else if (item.type === "reasoning") addReasoning(item as ReasoningItem, turns);
    else untranslated.add(`${item.type} items`);
  });
  // An item that only another vendor can read, as where the conversation goes on from a response that OpenAI keeps.
  if (problems.length > 0 && untranslated.size === 0) throw mistakes(problems);
  return { system: system.join("\n\n"), messages: turns };
}

function isMessage(item: Item): item is MessageItem {
  return item.type === undefined || item.type === "message";
}

function addMessage(
  { role, content }: MessageItem,
  turns: LlmMessage[],
  system: string[],
  untranslated: Set<string>,
): void {
  const { text, images } = readContent(content, untranslated);
  if (role === "assistant") addToAnswer(turns, { role, content: text });
  else if (role === "user") turns.push({ role, content: text, ...(images.length > 0 ? { images } : {}) });
  else if (text !== "") system.push(text);
}

/** A result; pictures among it follow as what the user says, since not every vendor takes them in results. */
function readResult(
  callId: string,
  name: string,
  output: ResultItem["output"],
  untranslated: Set<string>,
): readonly LlmMessage[] {
  const { text, images } = readContent(output, untranslated);
  const result = { role: "tool", callId, name, content: text } as const;
  return images.length > 0 ? [result, { role: "user", content: "", images }] : [result];
}

function readContent(
  content: string | readonly Part[],
  untranslated: Set<string>,
): { readonly text: string; readonly images: readonly LlmImage[] } {
  if (typeof content === "string") return { text: content, images: [] };
  const texts: string[] = [];
  const images: LlmImage[] = [];
  for (const { type, text, image_url: url, refusal } of content) {
    if (type === "input_text" || type === "output_text" || type === "text") texts.push(text ?? "");
    else if (type === "refusal") texts.push(typeof refusal === "string" ? refusal : "");
    else if (type !== "input_image") untranslated.add(`${type} parts`);
    else {
      const [, mediaType, base64] = /^data:([^;,]+);base64,(.*)$/s.exec(url ?? "") ?? [];
      if (mediaType && base64) images.push({ mediaType, base64 });
      else untranslated.add("images by URL");
    }
  }
  return { text: texts.join("\n\n"), images };
}

/** Items of one turn of the model's are one message. */
function addToAnswer(turns: LlmMessage[], more: LlmAssistantMessage): void {
  const last = turns.at(-1);
  if (last?.role !== "assistant") {
    turns.push(more);
    return;
  }
  const toolCalls = [...(last.toolCalls ?? []), ...(more.toolCalls ?? [])];
  const reasoning = [...(last.reasoning ?? []), ...(more.reasoning ?? [])];
  turns[turns.length - 1] = {
    role: "assistant",
    content: [last.content, more.content].filter((text) => text !== "").join("\n\n"),
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    ...(reasoning.length > 0 ? { reasoning } : {}),
  };
}

/** What was thought, as OpenAI's package takes it back; without its seal nobody takes it. What Switchyard has sealed ends its turn. */
function addReasoning({ id, summary = [], encrypted_content: sealed }: ReasoningItem, turns: LlmMessage[]): void {
  const last = turns.at(-1);
  if (sealed && isOurs(sealed)) {
    if (last?.role === "assistant") turns[turns.length - 1] = withNotes(last, unseal(sealed));
    return;
  }
  if (!sealed || id === undefined) return;
  const text = summary.map((part) => part.text ?? "").join("\n\n");
  const data = { openai: { itemId: id, reasoningEncryptedContent: sealed } };
  addToAnswer(turns, { role: "assistant", content: "", reasoning: [{ text, vendor: { type: "openai", data } }] });
}

/** The body without what other vendors' answers left in the conversation, which OpenAI refuses; undefined: there is nothing of that kind. */
function withoutOurs(body: JsonObject): JsonObject | undefined {
  const { input } = body;
  if (!Array.isArray(input)) return undefined;
  const kept = input.filter((item: Json) => !(isJsonObject(item) && isForeign(item)));
  // Ids of items that OpenAI did not make are no ids to it.
  const cleaned = kept.map((item: Json) =>
    isJsonObject(item) && isOwnId(item.id) ? { ...item, id: undefined } : item,
  );
  const isSame = kept.length === input.length && cleaned.every((item: Json, i: number) => item === kept[i]);
  return isSame ? undefined : { ...body, input: cleaned };
}

function isForeign({ type, id, encrypted_content: sealed }: JsonObject): boolean {
  return type === "reasoning" && (isOurs(sealed) || isOwnId(id));
}

/** What the ids of items begin with, after the two or three letters of their kind. */
const ownItem = /^(msg|fc|rs)_switchyard_/;

function isOwnId(id: Json | undefined): boolean {
  return typeof id === "string" && ownItem.test(id);
}
