import type { WireRequest } from "../wire-server.ts";

/** A call of a function, in no vendor's words. */
export interface WireToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What a request asks, as it stood on the wire. */
export interface WireAsked {
  readonly model: unknown;
  readonly maxTokens: unknown;
  readonly temperature: unknown;
  /** Names of the offered tools. */
  readonly tools: readonly unknown[];
  /** Results of tool calls that were sent back: id (or name, where the vendor knows no ids) and text. */
  readonly results: readonly (readonly [string, string])[];
  /** Pictures, as base64. */
  readonly images: readonly unknown[];
}

/** A streamed answer in recorded shape. */
export interface WireStream {
  readonly contentType: string;
  /** As they are written, one after the other. */
  readonly chunks: readonly Uint8Array[];
  /** How many of them the answer needs to be complete; what follows is usage and farewell. */
  readonly essential: number;
}

/** How one vendor's answers look on the wire, in recorded shape. */
export interface VendorWire {
  /** What tests call it. */
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly path: string;
  /** Where a stream is asked for. */
  readonly streamPath: string;
  /** Labels of the keys that `configure` sets. */
  readonly keys: readonly string[];
  /** Environment and file that configure it at an address with a secret. */
  configure(url: string, secret: string): { readonly env: Record<string, string>; readonly yaml: string };
  /** Where the key is on the wire. */
  readonly keyHeader: { readonly name: string; value(secret: string): unknown };
  /** What it answers with says which model it is. */
  readonly saysModel: boolean;
  answer(text: string): unknown;
  /** The answer whose text is JSON, given a schema. */
  jsonAnswer(value: unknown): unknown;
  toolAnswer(call: WireToolCall): unknown;
  /** An answer with a thought before it; absent: the vendor shows none here. */
  thoughtAnswer?(thought: string, text: string): unknown;
  /** What of a thought must go back with the next request of the conversation. */
  readonly seal?: string;
  refusal(): unknown;
  lengthOnly(): unknown;
  error(type: string, message: string): unknown;
  readonly tooLong: { readonly status: number; readonly body: unknown };
  /** @param isCutOff the request's token limit ended it */
  stream(pieces: readonly string[], isCutOff?: boolean): WireStream;
  toolStream(call: WireToolCall): WireStream;
  /** Whether the request body asks for the schema. */
  asksForSchema(body: Record<string, unknown>): boolean;
  asked(request: WireRequest): WireAsked;
  /** What its active check asks for; absent: it has none. */
  readonly checkPath?: string;
}

/** Any JSON, to be looked into. */
// biome-ignore lint/suspicious/noExplicitAny: recorded shapes are read by path
export type Loose = any;

/** Server-sent events. */
export function sse(events: readonly (readonly [name: string | undefined, data: unknown])[]): readonly Uint8Array[] {
  return events.map(([name, data]) => {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    return Buffer.from(`${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`);
  });
}
