import type { LanguageModelV3CallOptions } from "@ai-sdk/provider";
import { toPrompt } from "./prompt.ts";
import type { LlmRequest } from "./request.ts";
import type { VendorOptions } from "./vendor-options.ts";

/** What a call needs besides the request. */
export interface AskOptions {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the endpoint takes a JSON Schema; if not, the schema goes into the system prompt. */
  readonly structuredOutputs: boolean;
  /** Type of the provider: whose sealed notes it takes. */
  readonly type: string;
  /** What only this vendor understands, for its package. */
  readonly vendorOptions: VendorOptions;
  /** What was left out of the request before the package saw it. */
  readonly warnings: readonly string[];
  /** What a whole body says against being an answer, where the package takes it for one all the same. */
  readonly objection?: (body: unknown) => string | undefined;
}

/** Our request as the packages take it. */
export function toCallOptions(request: LlmRequest, options: AskOptions): LanguageModelV3CallOptions {
  const { outputSchema } = request;
  const system = outputSchema && !options.structuredOutputs ? withSchema(request.system, outputSchema) : request.system;
  return {
    prompt: toPrompt(system, request.messages, options.type),
    maxOutputTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    stopSequences: request.stop ? [...request.stop] : undefined,
    seed: request.seed,
    abortSignal: options.signal,
    headers: { ...options.headers },
    providerOptions: options.vendorOptions,
    ...tools(request),
    ...(outputSchema
      ? {
          responseFormat: {
            type: "json",
            name: "answer",
            ...(options.structuredOutputs ? { schema: outputSchema as JsonSchema } : {}),
          },
        }
      : {}),
  };
}

type JsonSchema = Extract<LanguageModelV3CallOptions["responseFormat"], { type: "json" }>["schema"];

function tools({ tools = [], toolChoice }: LlmRequest): Pick<LanguageModelV3CallOptions, "tools" | "toolChoice"> {
  if (tools.length === 0) return {};
  return {
    tools: tools.map(({ name, description, inputSchema }) => ({
      type: "function",
      name,
      ...(description === undefined ? {} : { description }),
      inputSchema: inputSchema as NonNullable<JsonSchema>,
    })),
    ...(toolChoice === undefined
      ? {}
      : {
          toolChoice:
            typeof toolChoice === "string" ? { type: toolChoice } : { type: "tool", toolName: toolChoice.tool },
        }),
  };
}

function withSchema(system: string | undefined, schema: object): string {
  const ask = `Answer with one JSON value that matches this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`;
  return system ? `${system}\n\n${ask}` : ask;
}
