/** What a model holds and can do. Null: unknown, which is no reason to keep a request from it. */
export interface Capabilities {
  /** Tokens of a request and its answer together. */
  readonly contextWindow: number | null;
  /** Tokens that one answer may have. */
  readonly maxOutput: number | null;
  /** Whether it can ask for functions to be called. */
  readonly tools: boolean | null;
  /** Whether it sees pictures. */
  readonly images: boolean | null;
  /** Whether it can be held to a JSON Schema; if not, the schema is put into the prompt. */
  readonly jsonSchema: boolean | null;
  /** Whether it can be asked to think before it answers. */
  readonly reasoning: boolean | null;
}

/** Where one of them is known from: `switchyard.yaml`, the price table, what the vendor says of its models, a plug-in. */
export type CapabilitySource = "settings" | "table" | "vendor" | "plugin";

/** What is known of one model, and from where. */
export interface KnownCapabilities extends Capabilities {
  /** Of those that are not null. */
  readonly sources: Readonly<Partial<Record<keyof Capabilities, CapabilitySource>>>;
}

/** Nothing is known. */
export const unknownCapabilities: KnownCapabilities = {
  contextWindow: null,
  maxOutput: null,
  tools: null,
  images: null,
  jsonSchema: null,
  reasoning: null,
  sources: {},
};
