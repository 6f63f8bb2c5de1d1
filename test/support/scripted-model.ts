import type { ServerResponse } from "node:http";
import { sse } from "../../src/testing/provider-wire.ts";
import { json, type WireRequest, wireServer } from "../../src/testing/wire-server.ts";

/** What the model says to a request. */
export type Said =
  | { readonly text?: string; readonly calls?: readonly SaidCall[] }
  | { readonly status: number }
  /** It never answers. */
  | { readonly hold: true };

/** A tool call as the model asks for it. `args`: an object, or any text. */
export interface SaidCall {
  readonly name: string;
  readonly args: object | string;
}

/** What it was asked, in no vendor's words. */
export interface Heard {
  readonly vendor: "openai" | "anthropic";
  /** Answers of a model in the conversation so far. */
  readonly turns: number;
  /** Texts of the results of the last answer's tool calls, in order. */
  readonly results: readonly string[];
  /** Text of the last message of the user. */
  readonly user: string;
  readonly system: string;
  /** Names of the offered tools. */
  readonly tools: readonly string[];
  readonly request: WireRequest;
}

/** A model that says what the test tells it to, over OpenAI's and Anthropic's wires, streamed. */
export interface ScriptedModel {
  /** Variables that lead the two providers to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly heard: Heard[];
  /** What it says from now on. */
  says(script: (heard: Heard) => Said): void;
  close(): Promise<void>;
}

/** Starts one. */
export async function scriptedModel(): Promise<ScriptedModel> {
  const server = await wireServer();
  const heard: Heard[] = [];
  let script: (heard: Heard) => Said = () => ({ text: "done" });
  server.respond((response, request) => {
    const one = request.path.includes("messages") ? heardByAnthropic(request) : heardByOpenai(request);
    heard.push(one);
    const said = script(one);
    if ("hold" in said) return;
    if ("status" in said) json(said.status, { error: { type: "api_error", message: "no" } })(response);
    else (one.vendor === "anthropic" ? sayAsAnthropic : sayAsOpenai)(response, said, heard.length);
  });
  return {
    env: {
      OPENAI_API_KEY: "key-of-openai",
      OPENAI_ENDPOINT: `${server.url}/v1`,
      OPENAI_MODEL: "gpt-4.1-mini",
      ANTHROPIC_API_KEY: "key-of-anthropic",
      ANTHROPIC_ENDPOINT: `${server.url}/v1`,
      LLM_PROVIDERS: "openai,anthropic",
    },
    heard,
    says(next) {
      heard.length = 0;
      script = next;
    },
    close: () => server.close(),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire is read by path
type Loose = any;

function heardByOpenai(request: WireRequest): Heard {
  const messages: Loose[] = (request.body as Loose).messages;
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  return {
    vendor: "openai",
    turns: messages.filter(({ role }) => role === "assistant").length,
    results: messages.slice(last + 1).flatMap(({ role, content }) => (role === "tool" ? [textOf(content)] : [])),
    user: textOf(messages.findLast(({ role }) => role === "user")?.content),
    system: textOf(messages.find(({ role }) => role === "system" || role === "developer")?.content),
    tools: ((request.body as Loose).tools ?? []).map((tool: Loose) => tool.function.name),
    request,
  };
}

function heardByAnthropic(request: WireRequest): Heard {
  const { messages, system, tools = [] } = request.body as Loose;
  const blocks: Loose[] = messages.at(-1)?.content ?? [];
  return {
    vendor: "anthropic",
    turns: messages.filter(({ role }: Loose) => role === "assistant").length,
    results: blocks.flatMap(({ type, content }) => (type === "tool_result" ? [textOf(content)] : [])),
    user: textOf(messages.findLast(({ role }: Loose) => role === "user")?.content),
    system: textOf(system),
    tools: tools.map((tool: Loose) => tool.name),
    request,
  };
}

function textOf(content: Loose): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part: Loose) => part.text ?? "").join("");
}

const inJson = (args: object | string) => (typeof args === "string" ? args : JSON.stringify(args));

function sayAsOpenai(
  response: ServerResponse,
  { text, calls = [] }: Exclude<Said, { status: number } | { hold: true }>,
  nth: number,
): void {
  const chunk = (choices: unknown, more: object = {}) => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1741570283,
    model: "gpt-4.1-mini",
    choices,
    ...more,
  });
  const delta = (content: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta: content, finish_reason }]);
  const asked = calls.map(({ name, args }, index) => ({
    index,
    id: `call_${nth}_${index}`,
    type: "function",
    function: { name, arguments: inJson(args) },
  }));
  const usage = { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 };
  const events = [
    delta({ role: "assistant", content: "" }),
    ...(text === undefined ? [] : [delta({ content: text })]),
    ...asked.map((call) => delta({ tool_calls: [call] })),
    delta({}, calls.length > 0 ? "tool_calls" : "stop"),
    chunk([], { usage }),
    "[DONE]",
  ];
  send(
    response,
    events.map((event) => [undefined, event] as const),
  );
}

function sayAsAnthropic(
  response: ServerResponse,
  { text, calls = [] }: Exclude<Said, { status: number } | { hold: true }>,
  nth: number,
): void {
  const usage = { input_tokens: 15, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-4-6", content: [] };
  const blocks = [
    ...(text === undefined
      ? []
      : [
          [
            { type: "text", text: "" },
            { type: "text_delta", text },
          ] as const,
        ]),
    ...calls.map(
      ({ name, args }, index) =>
        [
          { type: "tool_use", id: `toolu_${nth}_${index}`, name, input: {} },
          { type: "input_json_delta", partial_json: inJson(args) },
        ] as const,
    ),
  ];
  const events = [
    { type: "message_start", message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    ...blocks.flatMap(([content_block, delta], index) => [
      { type: "content_block_start", index, content_block },
      { type: "content_block_delta", index, delta },
      { type: "content_block_stop", index },
    ]),
    {
      type: "message_delta",
      delta: { stop_reason: calls.length > 0 ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: 10 },
    },
    { type: "message_stop" },
  ];
  send(
    response,
    events.map((event) => [event.type, event] as const),
  );
}

function send(response: ServerResponse, events: Parameters<typeof sse>[0]): void {
  response.writeHead(200, { "content-type": "text/event-stream" }).end(Buffer.concat([...sse(events)]));
}
