/** How the model names of one vendor look. */
export type ModelPattern = RegExp;

/** OpenAI's own names; not its open models (gpt-oss), which others serve. */
export const openaiModels: ModelPattern = /^(ft:)?(gpt-(?!oss)|chatgpt-|o\d|codex-|davinci|babbage|computer-use)/i;

/** Anthropic's names. */
export const anthropicModels: ModelPattern = /^claude-/i;

/** Google's names. */
const googleModels: ModelPattern = /^(models\/)?gemini-/i;

/** Names of open models as Ollama writes them: a family, perhaps a size (`qwen2.5:7b`). */
export const ollamaModels: ModelPattern =
  /^(?!ft:)[\w./-]+:[\w.-]+$|^(llama|codellama|qwen|qwq|mistral|mixtral|gemma|phi|deepseek|gpt-oss|granite|command-r|tinyllama|smollm)/i;

/** Whether a name is plainly one vendor's own, so that it is sent to nobody else even when a caller pairs them. */
export function isVendorModel(model: string): boolean {
  return [openaiModels, anthropicModels, googleModels].some((pattern) => pattern.test(model));
}
