import type { JsonObject } from "../core/json.ts";
import type { WireRequest } from "./wire.ts";

/** A request to a model, in no vendor's words. */
export interface LlmRequest {
  readonly system?: string;
  readonly messages: readonly LlmMessage[];
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  /** JSON Schema of the answer. The provider is asked for JSON of that shape; the answer is still text, checked by the caller. */
  readonly outputSchema?: JsonObject;
  /** Functions that the model may ask to be called. The caller calls them; see {@link LlmToolResult}. */
  readonly tools?: readonly LlmTool[];
  /** `auto`: the model decides. `required`: it asks for at least one. Default `auto`. */
  readonly toolChoice?: "auto" | "none" | "required" | { readonly tool: string };
  /** How much the model may think before it answers. Default: the vendor's own. A model that cannot is a warning, or the vendor's 400. */
  readonly reasoning?: "low" | "medium" | "high";
  /** Given: vectors of these texts are asked for, no text; `messages` is empty then. */
  readonly embed?: LlmEmbedding;
  /** The request as it came, where it came in a vendor's words. */
  readonly wire?: WireRequest;
}

/** Texts to be made into vectors. */
export interface LlmEmbedding {
  readonly values: readonly string[];
  /** Numbers of each vector, for models that can shorten them. Default: the model's own. */
  readonly dimensions?: number;
}

/** One turn of the conversation. */
export type LlmMessage = LlmUserMessage | LlmAssistantMessage | LlmToolResult;

/** What the caller says. */
export interface LlmUserMessage {
  readonly role: "user";
  readonly content: string;
  readonly images?: readonly LlmImage[];
}

/** What a model has said before. To go on after tool calls, put its answer's `text`, `toolCalls` and `reasoning` here as they came. */
export interface LlmAssistantMessage {
  readonly role: "assistant";
  readonly content: string;
  readonly toolCalls?: readonly LlmToolCall[];
  readonly reasoning?: readonly LlmReasoning[];
}

/** What a tool call came to. One for each call of the turn before. */
export interface LlmToolResult {
  readonly role: "tool";
  /** The call's id. */
  readonly callId: string;
  /** The tool's name. */
  readonly name: string;
  readonly content: string;
  /** True: the call failed and `content` says why. */
  readonly failed?: boolean;
}

/** A picture, for models that see. */
export interface LlmImage {
  /** `image/png`, `image/jpeg`, ... */
  readonly mediaType: string;
  readonly base64: string;
}

/** A function that the model may ask for. */
export interface LlmTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of its arguments, an object. */
  readonly inputSchema: JsonObject;
}

/** The model asks for a function to be called. */
export interface LlmToolCall {
  /** The vendor's, or made up where it has none. */
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it: to be parsed and checked by the caller. */
  readonly arguments: string;
  /** What the vendor needs back with the call in the next request; it is for that vendor only. */
  readonly vendor?: VendorNote;
}

/** A piece of what the model thought, where the vendor shows it. */
export interface LlmReasoning {
  /** May be empty: some vendors seal it. */
  readonly text: string;
  readonly vendor?: VendorNote;
}

/** A sealed note of a vendor's (a signature). Sent back only to a provider of the same type. */
export interface VendorNote {
  /** Provider type that wrote it. */
  readonly type: string;
  readonly data: JsonObject;
}
