import { AppError, type Problem } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { listed } from "../../core/zod-problem.ts";
import type { LlmImage, LlmMessage, LlmRequest, LlmTool, LlmToolCall } from "../../providers/request.ts";
import { checked } from "../checked.ts";
import type { WireAsk } from "./codec.ts";
import { type ChatBody, type ChatMessage, chatBody } from "./openai-chat-schema.ts";

/** A request in OpenAI's words, in ours. @throws AppError bad_request with every problem */
export function readChat(given: JsonObject): WireAsk {
  const body = checked(chatBody, given, "body");
  const reading = new Reading();
  const { system, messages } = reading.messages(body.messages);
  const request: LlmRequest = {
    ...(system === "" ? {} : { system }),
    messages,
    ...sampling(body),
    ...shape(body),
    ...reading.tools(body),
  };
  reading.rest(body);
  if (reading.problems.length > 0) {
    const { problems } = reading;
    throw new AppError("bad_request", { message: `The request's body has mistakes: ${listed(problems)}`, problems });
  }
  const leftOut = quietly.filter((name) => isAsked(body[name])).map((name) => `${name}: left out`);
  return {
    request,
    model: body.model ?? "",
    stream: body.stream === true,
    withUsage: body.stream_options?.include_usage === true,
    ...(reading.untranslated.size > 0 ? { untranslated: [...reading.untranslated] } : {}),
    ...(leftOut.length > 0 ? { leftOut } : {}),
  };
}

/** What an answer is good without. */
const quietly = [
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "presence_penalty",
  "frequency_penalty",
  "prediction",
  "service_tier",
  "verbosity",
] as const;

function isAsked(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== "auto";
}

/** Translates the parts of a body, and notes what has no translation. */
class Reading {
  readonly problems: Problem[] = [];
  readonly untranslated = new Set<string>();
  readonly #system: string[] = [];
  /** Names of the tools that were called, by the call's id: results bear the id alone. */
  readonly #called = new Map<string, string>();

  messages(given: readonly ChatMessage[]): { readonly system: string; readonly messages: readonly LlmMessage[] } {
    const messages = given.flatMap((message, i) => this.#message(message, `messages.${i}`));
    return { system: this.#system.join("\n\n"), messages };
  }

  #message(message: ChatMessage, path: string): readonly LlmMessage[] {
    switch (message.role) {
      case "system":
      case "developer":
        this.#system.push(textOf(message.content));
        return [];
      case "user":
        return [this.#user(message.content, path)];
      case "assistant":
        return [this.#assistant(message, path)];
      case "tool": {
        const { tool_call_id: callId, content } = message;
        const name = this.#called.get(callId);
        if (name === undefined) {
          this.problems.push({
            path: `${path}.tool_call_id`,
            message: "must be the id of a tool call in an assistant message before it.",
          });
        }
        return [{ role: "tool", callId, name: name ?? "", content: textOf(content) }];
      }
      case "function":
        this.untranslated.add("functions");
        return [];
    }
  }

  #user(content: Extract<ChatMessage, { role: "user" }>["content"], path: string): LlmMessage {
    if (typeof content === "string") return { role: "user", content };
    const texts: string[] = [];
    const images: LlmImage[] = [];
    content.forEach((part, i) => {
      if (part.type === "text") texts.push(part.text);
      else if (part.type === "image_url") images.push(...this.#image(part.image_url.url, `${path}.content.${i}`));
      else this.untranslated.add(part.type === "file" ? "files" : "audio");
    });
    return { role: "user", content: texts.join("\n"), ...(images.length > 0 ? { images } : {}) };
  }

  #image(url: string, path: string): readonly LlmImage[] {
    const [, mediaType, base64] = /^data:([\w.+-]+\/[\w.+-]+);base64,([A-Za-z0-9+/=\s]+)$/.exec(url) ?? [];
    if (mediaType !== undefined && base64 !== undefined) return [{ mediaType, base64 }];
    if (/^https?:\/\//.test(url)) this.untranslated.add("images by address");
    else {
      const message = "must be a data URL (data:image/png;base64,...) or an https address.";
      this.problems.push({ path: `${path}.image_url.url`, message });
    }
    return [];
  }

  #assistant({ content, tool_calls: calls }: Extract<ChatMessage, { role: "assistant" }>, path: string): LlmMessage {
    const toolCalls = (calls ?? []).flatMap((call): LlmToolCall[] => {
      if (call.type === "custom") {
        this.untranslated.add("custom tools");
        this.#called.set(call.id, "custom");
        return [];
      }
      const { name, arguments: text } = call.function;
      this.#called.set(call.id, name);
      return [{ id: call.id, name, arguments: text }];
    });
    if ((content === null || content === undefined) && (calls ?? []).length === 0) {
      const message = "is missing; only an assistant message with tool_calls needs none.";
      this.problems.push({ path: `${path}.content`, message });
    }
    return { role: "assistant", content: textOf(content ?? ""), ...(toolCalls.length > 0 ? { toolCalls } : {}) };
  }

  tools({ tools, tool_choice: choice }: ChatBody): Pick<LlmRequest, "tools" | "toolChoice"> {
    const all = (tools ?? []).flatMap((tool): LlmTool[] => {
      if (tool.type === "custom") {
        this.untranslated.add("custom tools");
        return [];
      }
      const { name, description, parameters } = tool.function;
      const inputSchema = parameters ?? { type: "object", properties: {} };
      return [{ name, ...(description === undefined ? {} : { description }), inputSchema }];
    });
    if (all.length === 0) return {};
    if (choice === undefined || choice === null) return { tools: all };
    if (typeof choice === "string") return { tools: all, toolChoice: choice };
    if (choice.type === "function") return { tools: all, toolChoice: { tool: toolNamed(choice) } };
    this.untranslated.add(`tool_choice ${choice.type}`);
    return { tools: all };
  }

  /** What else there is no translation of. */
  rest({ n, functions, audio, web_search_options: search }: ChatBody): void {
    if ((n ?? 1) > 1) this.untranslated.add("n");
    if (isAsked(functions)) this.untranslated.add("functions");
    if (isAsked(audio)) this.untranslated.add("audio");
    if (isAsked(search)) this.untranslated.add("web_search_options");
  }
}

type Choice = Extract<NonNullable<ChatBody["tool_choice"]>, { type: "function" }>;

function toolNamed({ function: { name } }: Choice): string {
  return name;
}

function sampling(body: ChatBody): Partial<LlmRequest> {
  const { temperature, top_p: topP, stop, seed, max_tokens: older, max_completion_tokens: newer } = body;
  const maxTokens = newer ?? older;
  return {
    ...(typeof maxTokens === "number" ? { maxTokens } : {}),
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(typeof topP === "number" ? { topP } : {}),
    ...(stop ? { stop: typeof stop === "string" ? [stop] : stop } : {}),
    ...(typeof seed === "number" ? { seed } : {}),
  };
}

const efforts = { minimal: "low", low: "low", medium: "medium", high: "high", xhigh: "high" } as const;

function shape({ response_format: format, reasoning_effort: effort }: ChatBody): Partial<LlmRequest> {
  const outputSchema: JsonObject | undefined =
    format?.type === "json_schema"
      ? (format.json_schema.schema ?? { type: "object" })
      : format?.type === "json_object"
        ? { type: "object" }
        : undefined;
  return {
    ...(outputSchema ? { outputSchema } : {}),
    ...(effort && effort !== "none" ? { reasoning: efforts[effort] } : {}),
  };
}

type Content = string | readonly { readonly type: string; readonly text?: unknown; readonly refusal?: unknown }[];

function textOf(content: Content): string {
  if (typeof content === "string") return content;
  const texts = content.map(({ text, refusal }) => (typeof text === "string" ? text : refusal));
  return texts.filter((text) => typeof text === "string").join("\n");
}
