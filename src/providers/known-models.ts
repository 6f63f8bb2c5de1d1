import type { Capabilities } from "../core/capabilities.ts";

/** Models of one kind of name, and what their maker's documentation says of them. */
export type KnownModels = readonly (readonly [names: RegExp, can: Partial<Capabilities>])[];

/** What is said of a model: by the first row whose names it bears. */
export function knownOf(model: string, rows: KnownModels): Partial<Capabilities> {
  return rows.find(([names]) => names.test(model))?.[1] ?? {};
}

const everything = { tools: true, images: true, jsonSchema: true, reasoning: true } as const;
const thoughtless = { ...everything, reasoning: false } as const;
const textAlone = { tools: false, images: false, jsonSchema: false, reasoning: false } as const;

/** OpenAI's older models. Azure calls several of them gpt-4, so that the name says little there. */
const olderOpenai: KnownModels = [
  [/^(ft:)?gpt-3\.5-turbo(?!-instruct)/, { ...textAlone, tools: true, maxOutput: 4_096 }],
  [/^(ft:)?gpt-4(-32k)?(-\d{4})?(:|$)/, { ...textAlone, tools: true, maxOutput: 8_192 }],
  [/^gpt-4-turbo(-\d{4}-\d{2}-\d{2})?$/, { ...thoughtless, jsonSchema: false, maxOutput: 4_096 }],
];

/** OpenAI's models whose names say what they are, also as names of Azure's deployments. */
export const newerOpenai: KnownModels = [
  [/^(ft:)?gpt-4o-2024-05-13(:|$)/, { ...thoughtless, jsonSchema: false, maxOutput: 4_096 }],
  [/^(ft:)?gpt-4o(-mini)?(-\d{4}-\d{2}-\d{2})?(:|$)/, { ...thoughtless, maxOutput: 16_384 }],
  [/^(ft:)?gpt-4\.1(-mini|-nano)?(-\d{4}-\d{2}-\d{2})?(:|$)/, { ...thoughtless, maxOutput: 32_768 }],
  [/^gpt-4\.5-preview/, { ...thoughtless, maxOutput: 16_384 }],
  [/^chatgpt-4o-latest$/, { tools: false, images: true, reasoning: false, maxOutput: 16_384 }],
  [/^gpt-5(\.\d+)?-chat/, { images: true, jsonSchema: true, reasoning: false, maxOutput: 16_384 }],
  [/^gpt-5(\.\d+)?-pro/, everything],
  [/^gpt-5(\.\d+)?(-mini|-nano|-codex(-mini|-max)?)?(-\d{4}-\d{2}-\d{2})?$/, { ...everything, maxOutput: 128_000 }],
  [/^o1-mini/, { ...textAlone, reasoning: true, maxOutput: 65_536 }],
  [/^o1-preview/, { ...textAlone, reasoning: true, maxOutput: 32_768 }],
  [/^o3-mini/, { ...everything, images: false, maxOutput: 100_000 }],
  [/^(o1|o1-pro|o3|o3-pro|o4-mini)(-\d{4}-\d{2}-\d{2})?$/, { ...everything, maxOutput: 100_000 }],
];

/** OpenAI's own models. */
export const openaiKnown: KnownModels = [
  ...olderOpenai,
  ...newerOpenai,
  [/^(ft:)?(gpt-[34]|davinci|babbage)/, { reasoning: false }],
];

/** Anthropic's models, under any vendor's name of them. A schema is kept to by a tool where the model has no better way. */
export const claudeKnown: KnownModels = [
  [/claude-(v1|v?2|instant)/, { ...textAlone, maxOutput: 4_096 }],
  [/claude-3-(opus|sonnet|haiku)/, { ...thoughtless, maxOutput: 4_096 }],
  [/claude-3-5-/, { ...thoughtless, maxOutput: 8_192 }],
  [/claude-3-7-/, { ...everything, maxOutput: 64_000 }],
  [/claude-opus-4(-[01])?(-\d{8}|-v\d|@|:|$)/, { ...everything, maxOutput: 32_000 }],
  [/claude-(sonnet-4(-[05])?|haiku-4-5|opus-4-5)(-\d{8}|-v\d|@|:|$)/, { ...everything, maxOutput: 64_000 }],
  [/claude-[a-z]+-(4-[6-9]|[5-9])/, everything],
];

/** Google's models. The price table has no window for those whose price depends on the prompt's length. */
export const geminiKnown: KnownModels = [
  [/-(tts|live|image|audio|omni)|embedding|thinking-exp/, {}],
  [/gemini-1\.5-(flash|pro)/, { ...thoughtless, maxOutput: 8_192 }],
  [/gemini-2\.0-flash/, { ...thoughtless, maxOutput: 8_192 }],
  [/gemini-(2\.5|3(\.\d)?)-(pro|flash)/, { ...everything, contextWindow: 1_048_576, maxOutput: 65_536 }],
];

/** Models that AWS serves. A schema is kept to by a tool, so models without tools cannot. */
export const bedrockKnown: KnownModels = [
  ...claudeKnown,
  [/amazon\.nova-2-lite/, everything],
  [/amazon\.nova-micro/, { ...thoughtless, images: false }],
  [/amazon\.nova-(lite|pro|premier)/, thoughtless],
  [/amazon\.titan-text|meta\.llama3-(8b|70b)|meta\.llama3-2-[13]b|mistral\.mi(stral-7b|xtral)/, textAlone],
  [/meta\.llama3-[13]-|mistral\.mistral-(large|small)-2402|cohere\.command-r/, { ...thoughtless, images: false }],
  [/meta\.llama(3-2-(11|90)b|4-)|mistral\.pixtral/, thoughtless],
  [/deepseek\.r1/, { ...textAlone, reasoning: true }],
  [/openai\.gpt-oss/, { images: false, reasoning: true }],
  [/qwen\.qwen3-(?!vl)/, { images: false }],
];

/**
 * Open models as Ollama has them. It holds every model to a schema and refuses tools and thought where the model's template has none. The
 * window is what Ollama was started with, not the model's own, and therefore unknown.
 */
export const ollamaKnown: KnownModels = (
  [
    [/^(llama3\.2-vision|llava|bakllava|moondream|minicpm-v|qwen(2\.5|3)-?vl)/, { images: true }],
    [/^(gemma3:(1b|270m)|llama2|llama3|codellama|gemma2?|phi3|tinyllama|deepseek-coder)(:|$)/, textAlone],
    [/^(llama3\.[123]|qwen2\.5(-coder)?|mistral|mixtral|command-r)(:|$)/, { ...thoughtless, images: false }],
    [/^(qwen3|gpt-oss)(:|$)/, { ...everything, images: false }],
    [/^deepseek-r1(:|$)/, { images: false, reasoning: true }],
  ] as const
).map(([names, can]) => [names, { ...can, jsonSchema: true }] as const);
