/** How the model names of one vendor look. */
export type ModelPattern = RegExp;

/** OpenAI's own names; not its open models (gpt-oss), which others serve. */
export const openaiModels: ModelPattern =
  /^(ft:)?(gpt-(?!oss)|chatgpt-|o\d|codex-|davinci|babbage|computer-use|text-embedding-(ada|3))/i;

/** Anthropic's names. */
export const anthropicModels: ModelPattern = /^claude-/i;

/** Google's names. */
export const geminiModels: ModelPattern = /^(models\/)?gemini-/i;

/** AWS's names: a maker's model, perhaps with the regions that may serve it before it, or an ARN. */
export const bedrockModels: ModelPattern =
  /^((us|us-gov|eu|apac|au|ca|jp|global)\.)?(ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|nvidia|openai|qwen|stability|twelvelabs|writer)\.[a-z][\w.:-]*$|^arn:aws[\w-]*:bedrock:/i;

/** Names of open models as Ollama writes them: a family, perhaps a size (`qwen2.5:7b`). */
export const ollamaModels: ModelPattern =
  /^(?!ft:|arn:|([a-z-]+\.)?[a-z0-9]+\.[a-z][\w.-]*-v\d+:\d+$|nvidia\.)[\w./-]+:[\w.-]+$|^(llama|codellama|qwen|qwq|mistral|mixtral|gemma|phi|deepseek|gpt-oss|granite|command-r|tinyllama|smollm|nomic-embed|mxbai-embed|all-minilm|bge-|snowflake-arctic-embed|embeddinggemma)/i;

/** Whether a name is plainly one vendor's own, so that it is sent to nobody else even when a caller pairs them. */
export function isVendorModel(model: string): boolean {
  return [openaiModels, anthropicModels, geminiModels, bedrockModels].some((pattern) => pattern.test(model));
}
