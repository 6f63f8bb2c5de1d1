import { AppError, type Problem } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { listed } from "../../core/zod-problem.ts";
import type { LlmRequest } from "../../providers/provider.ts";
import type { LlmAssistantMessage, LlmImage, LlmMessage, LlmReasoning, LlmToolCall } from "../../providers/request.ts";
import {
  type Block,
  type CountRequest,
  type ImageBlock,
  isFunction,
  type MessagesRequest,
  type ToolResultBlock,
} from "./anthropic-request.ts";
import type { WireAsk } from "./codec.ts";
import { isOurs, unseal, withNotes } from "./sealed.ts";

/** A request in Anthropic's words, in ours. @throws AppError bad_request - a tool's result that answers no call */
export function readMessages(body: MessagesRequest): WireAsk {
  const { request, untranslated } = readConversation(body);
  const { max_tokens, temperature, top_p, stop_sequences = [], stream = false, model = "" } = body;
  const cleaned = withoutOurs(body as JsonObject);
  const leftOut = [
    ...(isThere(body.top_k) ? ["top_k"] : []),
    ...(body.tool_choice?.disable_parallel_tool_use === true ? ["tool_choice.disable_parallel_tool_use"] : []),
  ];
  return {
    model,
    stream,
    request: {
      ...request,
      maxTokens: max_tokens,
      ...(temperature === undefined ? {} : { temperature }),
      ...(top_p === undefined ? {} : { topP: top_p }),
      ...(stop_sequences.length === 0 ? {} : { stop: stop_sequences }),
    },
    ...(untranslated.length > 0 ? { untranslated } : {}),
    ...(leftOut.length > 0 ? { leftOut } : {}),
    ...(cleaned ? { body: cleaned } : {}),
  };
}

/** What a request says without its limits, and what of it has no translation. @throws AppError as {@link readMessages} */
export function readConversation(body: CountRequest): {
  readonly request: LlmRequest;
  readonly untranslated: readonly string[];
} {
  const untranslated = new Set<string>();
  const messages = readTurns(body, untranslated);
  const system = typeof body.system === "string" ? body.system : body.system?.map(({ text }) => text).join("\n\n");
  const schema = (body.output_config?.format ?? body.output_format)?.schema;
  const reasoning = readThinking(body);
  for (const name of ["mcp_servers", "container"]) if (isThere(body[name])) untranslated.add(name);
  const request = {
    ...(system ? { system } : {}),
    messages,
    ...(schema ? { outputSchema: schema } : {}),
    ...(reasoning ? { reasoning } : {}),
    ...readTools(body, untranslated),
  };
  return { request, untranslated: [...untranslated] };
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

/** What is thought of: by its tokens, or by the effort that newer models are asked for. */
function readThinking({ thinking, output_config: config }: CountRequest): LlmRequest["reasoning"] {
  if (!thinking || thinking.type === "disabled") return undefined;
  if (thinking.type === "adaptive") {
    const effort = config?.effort;
    return effort === "low" || effort === "medium" ? effort : "high";
  }
  const tokens = thinking.budget_tokens ?? 0;
  if (tokens < 5_000) return "low";
  return tokens < 16_000 ? "medium" : "high";
}

function readTools(
  { tools = [], tool_choice: choice }: CountRequest,
  untranslated: Set<string>,
): Pick<LlmRequest, "tools" | "toolChoice"> {
  for (const tool of tools) if (!isFunction(tool)) untranslated.add(`the tool ${tool.type}`);
  const functions = tools.filter(isFunction).map(({ name, description, input_schema: inputSchema = {} }) => ({
    name,
    inputSchema,
    ...(description === undefined ? {} : { description }),
  }));
  if (functions.length === 0) return {};
  if (!choice) return { tools: functions };
  const { type, name = "" } = choice;
  return { tools: functions, toolChoice: type === "any" ? "required" : type === "tool" ? { tool: name } : type };
}

function readTurns({ messages }: CountRequest, untranslated: Set<string>): readonly LlmMessage[] {
  const turns: LlmMessage[] = [];
  const names = new Map<string, string>();
  const problems: Problem[] = [];
  messages.forEach(({ role, content }, i) => {
    const blocks: readonly Block[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    if (role === "assistant") turns.push(readAnswer(blocks, names, untranslated));
    else turns.push(...readUser(blocks, { names, untranslated, problems, path: `messages.${i}.content` }));
  });
  if (problems.length === 0) return turns;
  throw new AppError("bad_request", { message: `The request's body has mistakes: ${listed(problems)}`, problems });
}

/** What the model said. @param names of the calls by their ids, to be added to */
function readAnswer(
  blocks: readonly Block[],
  names: Map<string, string>,
  untranslated: Set<string>,
): LlmAssistantMessage {
  const texts: string[] = [];
  const toolCalls: LlmToolCall[] = [];
  const reasoning: LlmReasoning[] = [];
  let notes = unseal(undefined);
  for (const block of blocks) {
    if (isText(block)) texts.push(block.text);
    else if (block.type === "tool_use") {
      const { id, name, input } = block as Extract<Block, { type: "tool_use" }>;
      names.set(id, name);
      toolCalls.push({ id, name, arguments: JSON.stringify(input ?? {}) });
    } else if (block.type === "thinking") {
      const { thinking, signature } = block as Extract<Block, { type: "thinking" }>;
      if (signature && !isOurs(signature)) reasoning.push(thought(thinking, { signature }));
    } else if (block.type === "redacted_thinking") {
      const { data } = block as Extract<Block, { type: "redacted_thinking" }>;
      if (isOurs(data)) notes = unseal(data);
      else reasoning.push(thought("", { redactedData: data }));
    } else untranslated.add(`${block.type} blocks`);
  }
  const message: LlmAssistantMessage = {
    role: "assistant",
    content: texts.join(""),
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    ...(reasoning.length > 0 ? { reasoning } : {}),
  };
  return withNotes(message, notes);
}

/** A thought of Claude's, as its package takes it back. */
function thought(text: string, note: JsonObject): LlmReasoning {
  return { text, vendor: { type: "anthropic", data: { anthropic: note } } };
}

interface UserTurn {
  readonly names: ReadonlyMap<string, string>;
  readonly untranslated: Set<string>;
  readonly problems: Problem[];
  readonly path: string;
}

/** What the user said: the results of tools first, then text and pictures, those of the results among them. */
function readUser(blocks: readonly Block[], turn: UserTurn): readonly LlmMessage[] {
  const { names, untranslated, problems, path } = turn;
  const results: LlmMessage[] = [];
  const texts: string[] = [];
  const images: LlmImage[] = [];
  blocks.forEach((block, i) => {
    if (isText(block)) texts.push(block.text);
    else if (isImage(block)) images.push(...imageOf(block, untranslated));
    else if (block.type === "tool_result") {
      const { tool_use_id: callId, content = "", is_error: failed } = block as ToolResultBlock;
      const name = names.get(callId);
      if (name === undefined) {
        const message = `${callId} is the id of no tool_use before it.`;
        problems.push({ path: `${path}.${i}.tool_use_id`, message });
        return;
      }
      const said = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
      for (const part of said) {
        if (isImage(part)) images.push(...imageOf(part, untranslated));
        else if (!isText(part)) untranslated.add(`${part.type} blocks`);
      }
      const text = said.flatMap((part) => (isText(part) ? [part.text] : [])).join("\n");
      results.push({ role: "tool", callId, name, content: text, ...(failed ? { failed } : {}) });
    } else untranslated.add(`${block.type} blocks`);
  });
  if (texts.length === 0 && images.length === 0) return results;
  return [...results, { role: "user", content: texts.join("\n\n"), ...(images.length > 0 ? { images } : {}) }];
}

function isText(block: { readonly type: string }): block is { readonly type: "text"; readonly text: string } {
  return block.type === "text";
}

function isImage(block: { readonly type: string }): block is ImageBlock {
  return block.type === "image";
}

function imageOf({ source }: ImageBlock, untranslated: Set<string>): readonly LlmImage[] {
  if (source.type === "base64") {
    const { media_type: mediaType, data: base64 } = source as { media_type: string; data: string };
    return [{ mediaType, base64 }];
  }
  untranslated.add(source.type === "url" ? "images by URL" : `images by ${source.type}`);
  return [];
}

/** The body without what other vendors' answers left in the conversation, which Anthropic refuses; undefined: there is nothing of that kind. */
function withoutOurs(body: JsonObject): JsonObject | undefined {
  const { messages } = body;
  if (!Array.isArray(messages)) return undefined;
  let isChanged = false;
  const cleaned = messages.map((message: Json) => {
    if (!isJsonObject(message) || !Array.isArray(message.content)) return message;
    const content = message.content.filter((block: Json) => !isJsonObject(block) || !isForeignThought(block));
    if (content.length === message.content.length) return message;
    isChanged = true;
    return { ...message, content };
  });
  return isChanged ? { ...body, messages: cleaned } : undefined;
}

function isForeignThought({ type, signature, data }: JsonObject): boolean {
  return (type === "thinking" && isOurs(signature)) || (type === "redacted_thinking" && isOurs(data));
}
