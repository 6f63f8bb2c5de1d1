import type { FailureClass, Usage } from "../core/call.ts";
import type { JsonObject } from "../core/json.ts";

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
}

/** One turn of the conversation. */
export interface LlmMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** A model's complete answer. */
export interface LlmAnswer {
  readonly text: string;
  /** Why it ended: `stop`, `length`, ... as the provider's package normalises it. */
  readonly finishReason: string;
  readonly usage: Usage;
  /** Model that the provider says has answered. */
  readonly model: string;
  readonly warnings: readonly string[];
}

/** How a call is made. */
export interface CallOptions {
  readonly model: string;
  /** Label of the key to use; the first one if absent. */
  readonly key?: string;
  /** Aborting it ends the call as `cancelled`. */
  readonly signal: AbortSignal;
  /** Sent where the vendor takes one. The same for every repetition of the same attempt's call. */
  readonly idempotencyKey?: string;
  /** Raw request and answer are not kept; this is for headers such as trace context. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failed call, classified where the provider's answer was read. */
export class CallFailure extends Error {
  readonly class: FailureClass;
  readonly httpStatus: number | null;
  /** How long the provider asked to be left alone: Retry-After in either form, or the vendor's reset header. */
  readonly retryAfterMs: number | null;

  constructor(
    failureClass: FailureClass,
    message: string,
    options: { httpStatus?: number | null; retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "CallFailure";
    this.class = failureClass;
    this.httpStatus = options.httpStatus ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** A configured LLM endpoint. One file a provider type, all of one shape; all run the same test suite. */
export interface Provider {
  /** Its name in settings and answers: `openai`, or the user's own for a custom one. */
  readonly name: string;
  /** Model used where no hint and no alias says another. */
  readonly defaultModel: string;
  /** Labels of its keys, never the keys. One "default" where it needs none. */
  readonly keys: readonly string[];
  /** Whether a model's name belongs to this provider, so that another vendor's name is never sent to it. */
  serves(model: string): boolean;
  /** Stands for a key in shared state: changes when the key does, and no secret can be read from it. */
  keyId(label: string): string;
  /** USD of a call; null: the model's price or the usage is unknown. */
  costUsd(model: string, usage: Usage): number | null;
  /** Tokens that fit into the model's context window; null: unknown. */
  contextWindow(model: string): number | null;
  /** Makes one HTTP request and reads it to its end. Never retries. @throws CallFailure */
  call(request: LlmRequest, options: CallOptions): Promise<LlmAnswer>;
  /** Closes its connections. */
  close(): Promise<void>;
}
