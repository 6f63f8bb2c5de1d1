// What an author runs: the suite of every provider, against the shapes of Acme's answers.
import { fileURLToPath } from "node:url";
import { providerSuite } from "switchyard/provider-suite";

const model = "acme-large";
const used = { read: 19, written: 10 };
const answer = (text, stop = "end") => ({ text, stop, used });
const line = (value) => Buffer.from(`${JSON.stringify(value)}\n`);

providerSuite({
  name: "acme",
  provider: "acme",
  model,
  keys: ["key-1"],
  configure: (url, secret) => ({
    entry: {
      type: "plugin",
      module: fileURLToPath(new URL("./acme.mjs", import.meta.url)),
      endpoint: url,
      api_key: secret,
      model,
      options: { tenant: 17 },
    },
  }),
  path: "/generate",
  streamPath: "/generate",
  checkPath: "/health",
  keyHeader: { name: "x-acme-key", value: (secret) => secret },
  usage: { inputTokens: 19, outputTokens: 10, cachedInputTokens: null },
  seesImages: false,
  answer: (text) => answer(text),
  jsonAnswer: (value) => answer(JSON.stringify(value)),
  refusal: () => answer("", "filtered"),
  lengthOnly: () => answer("", "limit"),
  error: (code, message) => ({ error: { code, message } }),
  tooLong: { status: 400, body: { error: { code: "too_long", message: "Input is too long for acme-large." } } },
  stream: (pieces) => ({
    contentType: "application/x-ndjson",
    chunks: [...pieces.map((text) => line({ text })), line({ stop: "end", used })],
    essential: pieces.length + 1,
  }),
  asksForSchema: (body) => JSON.stringify(body.shape ?? {}).includes("severity"),
  asked: ({ body }) => ({ model: body.model, maxTokens: body.limits.tokens, temperature: body.temperature }),
});
