import type { FailureClass, Price, Usage } from "../core/call.ts";
import type { KnownCapabilities } from "../core/capabilities.ts";
import type { LlmReasoning, LlmRequest, LlmToolCall } from "./request.ts";
import type { AnswerPart, WireAnswer, WireFormat } from "./wire.ts";

export type { LlmMessage, LlmRequest } from "./request.ts";

/** A model's complete answer. */
export interface LlmAnswer {
  /** Empty where the answer is tool calls alone. */
  readonly text: string;
  /** Functions that the model asks to be called, in its order. */
  readonly toolCalls: readonly LlmToolCall[];
  /** What it thought, where the vendor shows it. */
  readonly reasoning: readonly LlmReasoning[];
  /** One vector for each text, in their order; set where the request asked for them. */
  readonly embeddings?: readonly (readonly number[])[];
  /** Why it ended: `stop`, `length`, `tool-calls`, ... as the provider's package normalises it. */
  readonly finishReason: string;
  readonly usage: Usage;
  /** Model that the provider says has answered. */
  readonly model: string;
  /** What the request asked and the vendor cannot do (`seed: not supported, left out`). */
  readonly warnings: readonly string[];
  /** Milliseconds from the call's start to the first token of text, thought or tool call; null: it was not streamed. */
  readonly firstTokenMs: number | null;
  /** Set where the request's `wire` was sent as it was: what is left for its client, as it came. */
  readonly wire?: WireAnswer;
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
  /**
   * Given: the answer is streamed (unless the provider's settings say `streaming: false`) and each piece of its text comes here at once. The
   * whole answer is returned all the same; a stream that breaks rejects the call, and what came here before is no answer.
   */
  readonly onDelta?: (text: string) => void;
  /** Given: the answer is streamed; called for each sign of life of the model, text or not (thought, tool call). Before `onDelta`. */
  readonly onActivity?: () => void;
  /** Given: the answer is streamed; each piece of it in its order, also of tool calls. */
  readonly onPart?: (part: AnswerPart) => void;
  /** Asked between the pieces of a streamed answer. A promise: whoever hears it is behind; until it is kept nothing more is read of the vendor, and no timeout runs. */
  readonly pace?: () => Promise<void> | undefined;
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
  /** True: it makes embeddings. Default: it does not, and is asked for none. */
  readonly embeds?: boolean;
  /** Labels of its keys, never the keys. One "default" where it needs none. */
  readonly keys: readonly string[];
  /** Whether a model's name belongs to this provider, so that another vendor's name is never sent to it. */
  serves(model: string): boolean;
  /** Vendors' formats in which it sends a request as it came ({@link LlmRequest.wire}). Absent: none. */
  readonly speaks?: readonly WireFormat[];
  /** Stands for a key in shared state: changes when the key does, and no secret can be read from it. */
  keyId(label: string): string;
  /**
   * USD of a call; null: the model's price or the usage is unknown.
   * @param perThousand USD per 1,000 tokens that is in force now, in place of the settings'; null: none, so the table decides
   */
  costUsd(model: string, usage: Usage, perThousand?: number | null): number | null;
  /** What its calls cost per token; null: unknown. The table's base price: long prompts and cached tokens may differ. @param perThousand as above */
  price(model: string, perThousand?: number | null): Price | null;
  /** What is known of a model: by the settings, the price table, the vendor's documentation. */
  capabilities(model: string): KnownCapabilities;
  /** Makes one HTTP request and reads it to its end. Never retries. @throws CallFailure */
  call(request: LlmRequest, options: CallOptions): Promise<LlmAnswer>;
  /** One cheap request (a list of models) that shows whether it is up. Absent: the vendor has none. @throws CallFailure */
  check?(signal: AbortSignal): Promise<void>;
  /** Closes its connections. */
  close(): Promise<void>;
}
