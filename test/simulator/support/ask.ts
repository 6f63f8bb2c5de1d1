import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createAzure } from "@ai-sdk/azure";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV3, LanguageModelV3CallOptions } from "@ai-sdk/provider";
import type { Simulator } from "../../../src/simulator/index.ts";

/** A provider's endpoint. */
export function urlOf(simulator: Simulator, name: string): string {
  return simulator.providers.find((provider) => provider.name === name)?.url ?? "";
}

/** Simulated providers that a vendor's own package talks to. */
export const packaged = [
  "openai",
  "openai responses",
  "anthropic",
  "ollama",
  "gemini",
  "azure-openai",
  "azure-openai responses",
  "bedrock",
] as const;

/** The models of the vendors' own packages, pointed at a simulator. */
export function models(simulator: Simulator): Readonly<Record<(typeof packaged)[number], LanguageModelV3>> {
  const apiKey = "simulated-key";
  const at = (name: string, path = "") => ({ baseURL: `${urlOf(simulator, name)}${path}`, apiKey });
  return {
    get openai() {
      return createOpenAI(at("openai")).chat("gpt-4o");
    },
    get "openai responses"() {
      return createOpenAI(at("openai")).responses("gpt-4o");
    },
    get anthropic() {
      return createAnthropic(at("anthropic"))("claude-sonnet-4-5");
    },
    get ollama() {
      const options = { ...at("ollama", "/v1"), name: "ollama", includeUsage: true, supportsStructuredOutputs: true };
      return createOpenAICompatible(options)("llama3.2");
    },
    get gemini() {
      return createGoogleGenerativeAI(at("gemini"))("gemini-2.5-flash");
    },
    get "azure-openai"() {
      return createAzure(at("azure-openai", "/openai/v1")).chat("gpt-4o");
    },
    get "azure-openai responses"() {
      return createAzure(at("azure-openai", "/openai/v1")).responses("gpt-4o");
    },
    get bedrock() {
      return createAmazonBedrock({ ...at("bedrock"), region: "eu-central-1" })("amazon.nova-lite-v1:0");
    },
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
