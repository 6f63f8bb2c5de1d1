import type { Hints, Usage } from "../core/call.ts";
import type { Json, JsonObject } from "../core/json.ts";

/** A message as OpenAI's chat completions have it. What an answer gives as `message` goes back into the conversation as it is. */
export interface ChatMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  /** Text, or parts with images. */
  readonly content?: string | null | readonly JsonObject[];
  /** Of the assistant: what it asked to be called. */
  readonly tool_calls?: readonly JsonObject[];
  /** Of a tool: whose result this is. */
  readonly tool_call_id?: string;
  readonly [more: string]: Json | undefined | readonly JsonObject[];
}

/** A request as OpenAI's chat completions have it, whatever else they know included, and the hints. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** A model, an alias, or `PROVIDER/MODEL`. Default `auto`: the routing chooses. */
  readonly model?: string;
  /** A preference; with `strict_provider` a pin. */
  readonly hints?: Omit<Hints, "model">;
  /** Functions that the model may ask to be called. */
  readonly tools?: readonly JsonObject[];
  readonly tool_choice?: Json;
  readonly response_format?: JsonObject;
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly [more: string]: unknown;
}

/** How something is asked of a model. */
export interface CallOptions {
  /** The same key with the same request gives the first one's answer again; the vendors' calls bear it too. */
  readonly idempotencyKey?: string;
  /** Ends the call with `cancelled`; the vendor's is aborted, unless an idempotency key lets others come for its answer. */
  readonly signal?: AbortSignal;
}

/** A call that was made for a request. */
export interface MadeCall {
  readonly provider: string;
  readonly model: string;
  readonly ok: boolean;
  /** Class, status and message of a failed one. */
  readonly failure?: { readonly class: string; readonly status: number | null; readonly message: string };
  readonly durationMs: number;
  /** Null: the price is unknown, or it failed. */
  readonly costUsd: number | null;
}

/** Who answered, what it took and cost. */
export interface ServedBy {
  readonly served: { readonly provider: string; readonly model: string };
  /** Failed ones included, in their order. */
  readonly calls: readonly MadeCall[];
  /** USD of all calls; null: no price is known. */
  readonly costUsd: number | null;
  /** What of the request could not be honoured. */
  readonly warnings: readonly string[];
  readonly usage: Usage;
}

/** A function that the model asks to be called. */
export interface ChatToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}

/** A whole answer. */
export interface ChatAnswer extends ServedBy {
  /** Empty where it is tool calls alone. */
  readonly text: string;
  readonly toolCalls: readonly ChatToolCall[];
  /** `stop`, `length`, `tool_calls`, `content_filter`. */
  readonly finishReason: string;
  /** To be put into the conversation. */
  readonly message: ChatMessage;
}

/** A piece of an answer while it is written. `end` comes last, with the whole answer. */
export type ChatPiece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  /** A tool call begins. They are numbered from 0. */
  | { readonly type: "tool"; readonly index: number; readonly id: string; readonly name: string }
  /** More of a tool call's arguments. */
  | { readonly type: "arguments"; readonly index: number; readonly text: string }
  | { readonly type: "end"; readonly answer: ChatAnswer };

/** Texts to be made vectors of. */
export interface EmbedRequest {
  /** A model or an alias: vectors of different models cannot be compared. */
  readonly model: string;
  readonly input: string | readonly string[];
  readonly dimensions?: number;
  readonly hints?: Omit<Hints, "model">;
}

/** Vectors, in the order of the texts. */
export interface Embedded extends ServedBy {
  readonly vectors: readonly (readonly number[])[];
}

/** A model or alias that requests may name. */
export interface OfferedModel {
  readonly id: string;
  /** Whether each provider has a model of its own under this name. */
  readonly alias: boolean;
  readonly providers: readonly string[];
}
