import type { Usage } from "../core/call.ts";
import type { WireRequest } from "./wire-server.ts";

/** How one provider's answers look on the wire, in recorded shape. What is optional and absent is not tested: the provider cannot do it. */
export interface ProviderWire {
  /** What the tests call it. */
  readonly name: string;
  /** Its name in the settings. */
  readonly provider: string;
  /** The model that is asked, and that answers. */
  readonly model: string;
  /** Labels of the keys that `configure` sets; `["default"]` where it sets none. */
  readonly keys: readonly string[];
  /** What configures it at an address with a secret: variables, or its entry in the file (of a plug-in: with the absolute path of its module). */
  configure(url: string, secret: string): WireConfiguration;
  /** Path and query of a call. */
  readonly path: string;
  /** Those of a call for a stream. */
  readonly streamPath?: string;
  /** Where the key is on the wire. */
  readonly keyHeader: { readonly name: string; value(secret: string): unknown };
  /** What the answers below say they used. Default: 19 tokens in, 4 of them cached, 10 out. */
  readonly usage?: Partial<Usage>;
  /** A complete answer; empty text is one that has none. */
  answer(text: string): unknown;
  /** The answer whose text is JSON, given a schema. */
  jsonAnswer?(value: unknown): unknown;
  toolAnswer?(call: WireToolCall): unknown;
  /** An answer that was withheld. */
  refusal?(): unknown;
  /** An answer that ended for want of tokens before it had text. */
  lengthOnly?(): unknown;
  /** An error's body. */
  error(type: string, message: string): unknown;
  /** What it says to a request that is too long for the model. */
  readonly tooLong?: { readonly status: number; readonly body: unknown };
  /** The answer that these pieces come to, streamed. */
  stream?(pieces: readonly string[]): WireStream;
  toolStream?(call: WireToolCall): WireStream;
  /** Whether the request's body asks for the schema (of an object with `severity`). */
  asksForSchema?(body: Readonly<Record<string, unknown>>): boolean;
  /** What a request asks. */
  asked(request: WireRequest): WireAsked;
  /** False: it sees no pictures. */
  readonly seesImages?: boolean;
  /** Path and query of its active check. */
  readonly checkPath?: string;
}

/** What configures a provider. */
export interface WireConfiguration {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands below its name in the settings file. */
  readonly entry?: Readonly<Record<string, unknown>>;
}

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
  readonly tools?: readonly unknown[];
  /** Results of tool calls that were sent back: id (or name, where the vendor knows no ids) and text. */
  readonly results?: readonly (readonly [string, string])[];
  /** Pictures, as base64. */
  readonly images?: readonly unknown[];
}

/** A streamed answer in recorded shape. */
export interface WireStream {
  readonly contentType: string;
  /** As they are written, one after the other. */
  readonly chunks: readonly Uint8Array[];
  /** How many of them the answer needs to be complete; what follows is usage and farewell. */
  readonly essential: number;
}

/** Server-sent events. */
export function sse(events: readonly (readonly [name: string | undefined, data: unknown])[]): readonly Uint8Array[] {
  return events.map(([name, data]) => {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    return Buffer.from(`${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`);
  });
}
