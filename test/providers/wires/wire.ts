import type { ProviderWire, WireStream } from "../../../src/testing/provider-wire.ts";

export { sse, type WireStream, type WireToolCall } from "../../../src/testing/provider-wire.ts";

/** How one of our vendors' answers look on the wire: everything that a wire may have, and what only our own tests ask for. */
export interface VendorWire extends Required<Omit<ProviderWire, "usage" | "seesImages" | "checkPath">> {
  /** Environment and entry that configure it at an address with a secret. */
  configure(
    url: string,
    secret: string,
  ): { readonly env: Record<string, string>; readonly entry?: Readonly<Record<string, unknown>> };
  /** An answer with a thought before it; absent: the vendor shows none here. */
  thoughtAnswer?(thought: string, text: string): unknown;
  /** What of a thought must go back with the next request of the conversation. */
  readonly seal?: string;
  /** @param isCutOff the request's token limit ended it */
  stream(pieces: readonly string[], isCutOff?: boolean): WireStream;
  /** What its active check asks for; absent: it has none. */
  readonly checkPath?: string;
}

/** Any JSON, to be looked into. */
// biome-ignore lint/suspicious/noExplicitAny: recorded shapes are read by path
export type Loose = any;
