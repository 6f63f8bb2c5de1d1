import { type Loose, sse, type VendorWire } from "./wire.ts";

const model = "gemini-2.5-flash";
const usageMetadata = {
  promptTokenCount: 19,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 7,
  thoughtsTokenCount: 3,
  totalTokenCount: 29,
  promptTokensDetails: [{ modality: "TEXT", tokenCount: 19 }],
};

const response = (parts: readonly unknown[], finishReason?: string) => ({
  candidates: [{ content: { parts, role: "model" }, ...(finishReason ? { finishReason } : {}), index: 0 }],
  usageMetadata,
  modelVersion: model,
  responseId: "mAitaLOXG6GB7dcP5YSPqA0",
});

const part = ({ name, arguments: args }: { readonly name: string; readonly arguments: unknown }) => ({
  functionCall: { name, args },
  thoughtSignature: "c2VhbGVk",
});

/** Google's generateContent. */
export const geminiWire: VendorWire = {
  name: "gemini",
  provider: "gemini",
  model,
  path: `/v1beta/models/${model}:generateContent`,
  streamPath: `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
  checkPath: "/v1beta/models?pageSize=1",
  keys: ["key-1"],
  configure: (url, secret) => ({
    env: { GOOGLE_API_KEY: secret, GOOGLE_ENDPOINT: url, GOOGLE_MODEL: model },
  }),
  keyHeader: { name: "x-goog-api-key", value: (secret) => secret },
  answer: (text) => response([{ text }], "STOP"),
  jsonAnswer: (value) => response([{ text: JSON.stringify(value) }], "STOP"),
  toolAnswer: (call) => response([part(call)], "STOP"),
  thoughtAnswer: (thought, text) =>
    response(
      [
        { text: thought, thought: true },
        { text, thoughtSignature: "c2VhbGVk" },
      ],
      "STOP",
    ),
  refusal: () => response([], "SAFETY"),
  lengthOnly: () => response([], "MAX_TOKENS"),
  error: (type, message) => ({ error: { code: 0, message, status: type } }),
  tooLong: {
    status: 400,
    body: {
      error: {
        code: 400,
        message: "The input token count (1048580) exceeds the maximum number of tokens allowed (1048576).",
        status: "INVALID_ARGUMENT",
      },
    },
  },
  stream(pieces, isCutOff = false) {
    const events = pieces.map((text, i) =>
      response([{ text }], i < pieces.length - 1 ? undefined : isCutOff ? "MAX_TOKENS" : "STOP"),
    );
    return {
      contentType: "text/event-stream",
      chunks: sse(events.map((event) => [undefined, event])),
      essential: events.length,
    };
  },
  toolStream(call) {
    const events = [response([{ text: "" }]), response([part(call)], "STOP")];
    return {
      contentType: "text/event-stream",
      chunks: sse(events.map((event) => [undefined, event])),
      essential: events.length,
    };
  },
  asksForSchema: (body) => JSON.stringify(body.generationConfig ?? {}).includes("severity"),
  asked({ path, body }) {
    const { contents, generationConfig, tools } = body as Loose;
    const parts: Loose[] = contents.flatMap((content: Loose) => content.parts);
    return {
      model: /models\/([^:]+):/.exec(path)?.[1],
      maxTokens: generationConfig?.maxOutputTokens,
      temperature: generationConfig?.temperature,
      tools: (tools ?? [])
        .flatMap((tool: Loose) => tool.functionDeclarations ?? [])
        .map((declared: Loose) => declared.name),
      results: parts
        .filter(({ functionResponse }) => functionResponse)
        .map(({ functionResponse: { name, response } }) => [name, String(response.content)] as const),
      images: parts.filter(({ inlineData }) => inlineData).map(({ inlineData }) => inlineData.data),
    };
  },
};
