import type { Served } from "../../core/call.ts";
import type { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { LlmAnswer, LlmRequest } from "../../providers/provider.ts";
import type { AnswerPart, WireEvent, WireFormat } from "../../providers/wire.ts";

/** A client's request, read from its vendor's words. */
export interface WireAsk {
  readonly request: LlmRequest;
  /** As the client wrote it: a model, an alias, or `PROVIDER/MODEL`. Empty or `auto`: the provider's own. */
  readonly model: string;
  readonly stream: boolean;
  /** Whether the client asked for the usage at the end of the stream, where its format leaves that to it. */
  readonly withUsage?: boolean;
  /** The body as the vendor itself may have it, where it differs from what came: without what other vendors' answers left in the conversation. */
  readonly body?: JsonObject;
  /** What `request` cannot say (`document blocks`): only a provider that speaks the format may serve it. Absent: it says everything. */
  readonly untranslated?: readonly string[];
  /** What `request` cannot say and may do without (`logprobs`): told in `warnings` where the answer comes from a provider that does not speak the format. */
  readonly leftOut?: readonly string[];
}

/** What an answer is written with. */
export interface WireHead {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly served: Served;
}

/** An error in a vendor's shape. */
export interface WireProblem {
  readonly status: number;
  readonly body: JsonObject;
}

/** One vendor's wire format, as its own client packages speak it. Pure. One file a format. */
export interface WireCodec {
  readonly format: WireFormat;
  /** Headers that belong to a request of the format: a provider that speaks it gets them too. */
  readonly headers?: readonly string[];
  /** @throws AppError bad_request with every problem, as `messages.0.role: ...` */
  read(body: JsonObject): WireAsk;
  /** A whole answer in the vendor's words, for an answer that another vendor's provider gave. */
  write(answer: LlmAnswer, head: WireHead, ask: WireAsk): JsonObject;
  /** A streamed answer in the vendor's events. `part` takes all but `wire` parts. */
  stream(ask: WireAsk, head: Pick<WireHead, "id" | "at">): WireStream;
  /** An error as the vendor's clients expect it: they read class and message, and whether to try again from the status. Retry-After is added by the server. */
  error(error: AppError): WireProblem;
}

/**
 * A stream that is being written. What each method returns is sent at once. Who served, the calls and the cost are put as `switchyard` into the first event of the
 * end that is a JSON object, and into whole answers, by the server: codecs know nothing of them.
 */
export interface WireStream {
  part(part: Exclude<AnswerPart, { readonly type: "wire" }>, model: string): readonly WireEvent[];
  /** What follows the last part. */
  end(answer: LlmAnswer, served: Served): readonly WireEvent[];
  /** The answer broke off after its first part: the client is told, and the stream ends without its usual end. */
  broken(error: AppError): readonly WireEvent[];
}
