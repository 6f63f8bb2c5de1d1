import type { JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../provider.ts";
import type { WireEvent, WireFormat, WireRequest } from "../wire.ts";

/** An answer as it was read beside being passed on. */
export interface Passed extends Pick<LlmAnswer, "text" | "toolCalls" | "finishReason" | "usage"> {
  /** Undefined: the vendor did not say. */
  readonly model: string | undefined;
  /** The vendor's own word for why it ended. */
  readonly vendorsReason: string | undefined;
}

/** What an event of a stream is to whoever passes it on. */
export type Sign =
  /** Nothing of the answer yet: it may still go to another provider. */
  | "prelude"
  /** A piece of text, thought or tool call. */
  | "alive"
  /** Tells how the answer ended, or comes after that. */
  | "end"
  /** Was asked for by us, not by the client. */
  | "kept";

/** Reads one stream. */
export interface PassageReading {
  /** Throws the vendor's error object where the event is one. */
  event(event: WireEvent): Sign;
  /** @returns undefined: the stream broke off before its end */
  end(): Passed | undefined;
}

/** How requests of one format are sent to a vendor that speaks it, and what must be read of its answers while they pass. One file a format. Pure. */
export interface Passage {
  readonly format: WireFormat;
  /** The body that is sent: the client's with the model that was chosen, and what we must be told. */
  body(request: WireRequest, model: string, isStreamed: boolean): JsonObject;
  /** Reads a whole body. @throws CallFailure malformed - it is no answer */
  answer(body: JsonObject): Passed;
  reading(request: WireRequest): PassageReading;
}

/** Where a provider takes requests of a format. */
export interface PassageWay {
  readonly passage: Passage;
  url(model: string): string;
  headers(apiKey: string | null): Readonly<Record<string, string>>;
}
