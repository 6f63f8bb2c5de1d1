import type {
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3ToolCallPart,
  LanguageModelV3ToolResultPart,
  SharedV3ProviderMetadata,
} from "@ai-sdk/provider";
import type {
  LlmAssistantMessage,
  LlmMessage,
  LlmToolCall,
  LlmToolResult,
  LlmUserMessage,
  VendorNote,
} from "./request.ts";

type AssistantPart = Extract<LanguageModelV3Message, { role: "assistant" }>["content"][number];
type UserPart = Extract<LanguageModelV3Message, { role: "user" }>["content"][number];

/** A conversation as the packages take it. @param type of the provider: other vendors' sealed notes are left out */
export function toPrompt(
  system: string | undefined,
  messages: readonly LlmMessage[],
  type: string,
): LanguageModelV3Prompt {
  const prompt: LanguageModelV3Prompt = system ? [{ role: "system", content: system }] : [];
  for (const message of messages) {
    if (message.role === "user") prompt.push({ role: "user", content: userParts(message) });
    else if (message.role === "assistant") prompt.push({ role: "assistant", content: assistantParts(message, type) });
    else addResult(prompt, message);
  }
  return prompt;
}

function userParts({ content, images = [] }: LlmUserMessage): UserPart[] {
  const files = images.map(({ mediaType, base64 }) => ({ type: "file" as const, mediaType, data: base64 }));
  return [...(content === "" && files.length > 0 ? [] : [{ type: "text" as const, text: content }]), ...files];
}

function assistantParts(
  { content, toolCalls = [], reasoning = [] }: LlmAssistantMessage,
  type: string,
): AssistantPart[] {
  const thoughts = reasoning
    .filter(({ vendor }) => vendor?.type === type)
    .map(({ text, vendor }) => ({ type: "reasoning" as const, text, ...noted(vendor, type) }));
  const said = content === "" && toolCalls.length > 0 ? [] : [{ type: "text" as const, text: content }];
  return [...thoughts, ...said, ...toolCalls.map((call) => toolCallPart(call, type))];
}

function toolCallPart({ id, name, arguments: text, vendor }: LlmToolCall, type: string): LanguageModelV3ToolCallPart {
  return { type: "tool-call", toolCallId: id, toolName: name, input: parsed(text), ...noted(vendor, type) };
}

/** Vendors take arguments as an object only; text that is none is handed back inside one. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return { text };
  }
}

/** Results that follow one another are one turn: vendors want all results of a turn together. */
function addResult(prompt: LanguageModelV3Prompt, { callId, name, content, failed }: LlmToolResult): void {
  const part: LanguageModelV3ToolResultPart = {
    type: "tool-result",
    toolCallId: callId,
    toolName: name,
    output: { type: failed ? "error-text" : "text", value: content },
  };
  const last = prompt.at(-1);
  if (last?.role === "tool") last.content.push(part);
  else prompt.push({ role: "tool", content: [part] });
}

function noted(vendor: VendorNote | undefined, type: string): { readonly providerOptions?: SharedV3ProviderMetadata } {
  return vendor?.type === type ? { providerOptions: vendor.data as SharedV3ProviderMetadata } : {};
}
