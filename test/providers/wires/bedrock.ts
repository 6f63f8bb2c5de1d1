import { encodeEventStreamMessage } from "@copilotkit/aimock";
import { expect } from "vitest";
import type { Loose, VendorWire, WireStream } from "./wire.ts";

const model = "amazon.nova-lite-v1:0";
const usage = { inputTokens: 15, outputTokens: 10, totalTokens: 29, cacheReadInputTokens: 4, cacheWriteInputTokens: 0 };

const answer = (content: readonly unknown[], stopReason: string) => ({
  metrics: { latencyMs: 551 },
  output: { message: { content, role: "assistant" } },
  stopReason,
  usage,
});

const frames = (start: unknown, deltas: readonly unknown[], stopReason: string): WireStream => {
  const essential = [
    ["messageStart", { role: "assistant" }],
    ...(start === undefined ? [] : [["contentBlockStart", { contentBlockIndex: 0, start }] as const]),
    ...deltas.map((delta) => ["contentBlockDelta", { contentBlockIndex: 0, delta }] as const),
    ["contentBlockStop", { contentBlockIndex: 0 }],
    ["messageStop", { stopReason }],
  ] as const;
  const all = [...essential, ["metadata", { metrics: { latencyMs: 551 }, usage }] as const];
  return {
    contentType: "application/vnd.amazon.eventstream",
    chunks: all.map(([type, payload]) => encodeEventStreamMessage(type, payload)),
    essential: essential.length,
  };
};

/** AWS Bedrock's Converse, signed with what the usual chain finds: here the variables. */
export const bedrockWire: VendorWire = {
  name: "bedrock",
  provider: "bedrock",
  model,
  path: `/model/${encodeURIComponent(model)}/converse`,
  streamPath: `/model/${encodeURIComponent(model)}/converse-stream`,
  keys: ["default"],
  configure(url, secret) {
    // The chain reads them from the process, not from the settings.
    process.env.AWS_ACCESS_KEY_ID = "AKIDEXAMPLE";
    process.env.AWS_SECRET_ACCESS_KEY = secret;
    return { env: { BEDROCK_REGION: "eu-central-1", BEDROCK_ENDPOINT: url, BEDROCK_MODEL: model } };
  },
  keyHeader: {
    name: "authorization",
    value: () =>
      expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=.*, Signature=[0-9a-f]{64}$/,
      ),
  },
  answer: (text) => answer([{ text }], "end_turn"),
  jsonAnswer: (value) =>
    answer([{ toolUse: { toolUseId: "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q", name: "json", input: value } }], "tool_use"),
  toolAnswer: ({ id, name, arguments: input }) => answer([{ toolUse: { toolUseId: id, name, input } }], "tool_use"),
  thoughtAnswer: (thought, text) =>
    answer([{ reasoningContent: { reasoningText: { text: thought, signature: "c2VhbGVk" } } }, { text }], "end_turn"),
  seal: "c2VhbGVk",
  refusal: () => answer([], "content_filtered"),
  lengthOnly: () => answer([], "max_tokens"),
  error: (type, message) => ({ __type: type, message }),
  tooLong: { status: 400, body: { message: "Input is too long for requested model." } },
  stream: (pieces, isCutOff = false) =>
    frames(
      undefined,
      pieces.map((text) => ({ text })),
      isCutOff ? "max_tokens" : "end_turn",
    ),
  toolStream({ id, name, arguments: args }) {
    const text = JSON.stringify(args);
    return frames(
      { toolUse: { toolUseId: id, name } },
      [text.slice(0, 5), text.slice(5)].map((input) => ({ toolUse: { input } })),
      "tool_use",
    );
  },
  asksForSchema: (body) => JSON.stringify(body.toolConfig ?? {}).includes("severity"),
  asked({ path, body }) {
    const { messages, inferenceConfig, toolConfig } = body as Loose;
    const blocks: Loose[] = messages.flatMap(({ content }: Loose) => content);
    return {
      model: decodeURIComponent(path.split("/")[2] ?? ""),
      maxTokens: inferenceConfig?.maxTokens,
      temperature: inferenceConfig?.temperature,
      tools: (toolConfig?.tools ?? []).map((tool: Loose) => tool.toolSpec.name),
      results: blocks
        .filter(({ toolResult }) => toolResult)
        .map(({ toolResult: { toolUseId, content } }) => [toolUseId, content[0].text] as const),
      images: blocks.filter(({ image }) => image).map(({ image }) => image.source.bytes),
    };
  },
};
