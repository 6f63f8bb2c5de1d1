import type { JsonObject } from "../core/json.ts";

/** Vendors' wire formats in which requests come, and which providers speak. */
export type WireFormat = "openai-chat" | "openai-responses" | "anthropic-messages" | "openai-embeddings";

/**
 * A request as its client sent it, beside its translation: a provider that speaks the format sends this body, with the model that was chosen for it, so nothing
 * that the translation does not know is lost on the way. Others send the translation.
 */
export interface WireRequest {
  readonly format: WireFormat;
  /** Without what was meant for the router: hints, metadata of its own. */
  readonly body: JsonObject;
  /** Headers of the client's that belong to the request (`anthropic-beta`). Absent: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the translation cannot say: only a provider that speaks the format may serve it. Absent: nothing. */
  readonly untranslated?: readonly string[];
}

/** One event of a vendor's stream, as it came. */
export interface WireEvent {
  /** The event's name; null: it has none. */
  readonly event: string | null;
  /** Its text, JSON but for `[DONE]`. */
  readonly data: string;
}

/**
 * What a provider that speaks the request's format leaves for the client at the end, as it came. `whole`: the vendor's body, JSON text. `streamed`: the events from
 * the first one that tells how the answer ended; they are held until it is known to be one, and to what it came.
 */
export type WireAnswer =
  | { readonly type: "whole"; readonly text: string }
  | { readonly type: "streamed"; readonly rest: readonly WireEvent[] };

/** A piece of a streamed answer, for whoever passes it on. A stream is either `wire` events alone (the provider speaks the request's format) or the other kinds; the last events of such a stream come with the answer ({@link WireAnswer}). */
export type AnswerPart =
  | { readonly type: "wire"; readonly event: WireEvent }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  /** A tool call begins. Calls are numbered from 0, in the answer's order. */
  | { readonly type: "tool"; readonly index: number; readonly id: string; readonly name: string }
  /** More of a tool call's arguments, JSON text. */
  | { readonly type: "arguments"; readonly index: number; readonly text: string };
