import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV3, LanguageModelV3CallOptions } from "@ai-sdk/provider";
import type { Simulator } from "../../../src/simulator/index.ts";

/** A provider's endpoint. */
export function urlOf(simulator: Simulator, name: string): string {
  return simulator.providers.find((provider) => provider.name === name)?.url ?? "";
}

/** The models of the vendors' own packages, pointed at a simulator. */
export function models(simulator: Simulator): Readonly<Record<"openai" | "anthropic" | "ollama", LanguageModelV3>> {
  const apiKey = "simulated-key";
  return {
    openai: createOpenAI({ baseURL: urlOf(simulator, "openai"), apiKey }).chat("gpt-4o"),
    anthropic: createAnthropic({ baseURL: urlOf(simulator, "anthropic"), apiKey })("claude-sonnet-4-5"),
    ollama: createOpenAICompatible({
      name: "ollama",
      baseURL: `${urlOf(simulator, "ollama")}/v1`,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })("llama3.2"),
  };
}

/** Call options for one user message. */
export function prompt(text: string, more: Partial<LanguageModelV3CallOptions> = {}): LanguageModelV3CallOptions {
  return { prompt: [{ role: "user", content: [{ type: "text", text }] }], ...more };
}

/** The text of a package's answer. */
export function textOf(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
}

/** One raw chat completion. */
export async function chat(
  url: string,
  content: string,
  more: Readonly<Record<string, unknown>> = {},
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${url}/chat/completions`, {
    method: "POST",
    ...init,
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string> | undefined) },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }], ...more }),
  });
}

/** A member of a JSON answer, by path. */
export async function member(
  response: Response | Promise<Response>,
  ...path: readonly (string | number)[]
): Promise<unknown> {
  const body: unknown = await (await response).json();
  return path.reduce<unknown>((at, key) => (at as Record<string | number, unknown> | undefined)?.[key], body);
}
