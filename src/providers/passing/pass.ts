import { createParser } from "eventsource-parser";
import { isJsonObject } from "../../core/json.ts";
import { refuseUseless } from "../answer.ts";
import type { Connection } from "../connection.ts";
import { answerFailure } from "../http-failure.ts";
import type { RawAnswer } from "../posted.ts";
import { CallFailure, type LlmAnswer } from "../provider.ts";
import type { AnswerPart, WireEvent, WireRequest } from "../wire.ts";
import type { Passage, PassageWay, Passed } from "./passage.ts";

/** One request to be passed on. */
export interface PassOptions {
  readonly connection: Connection;
  readonly apiKey: string | null;
  readonly model: string;
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  /** Given: the answer is streamed, and its events come here, from the first one on that is a piece of it. */
  readonly onPart?: ((part: AnswerPart) => void) | undefined;
  /** A sign of life of the model. Before `onPart`. */
  readonly alive: () => void;
  /** As in the call's options; it holds the call's timeouts. */
  readonly pace?: (() => Promise<void> | undefined) | undefined;
  /** Milliseconds. */
  readonly clock: () => number;
}

/**
 * Sends a client's body to a vendor that speaks its format, and gives the vendor's answer back as it came. What the router must know is read on the way.
 * @throws CallFailure, the vendor's error object, or what the connection throws
 */
export async function pass(request: WireRequest, way: PassageWay, options: PassOptions): Promise<LlmAnswer> {
  const { connection, apiKey, model, signal, headers, onPart, clock } = options;
  const { passage } = way;
  const url = way.url(model);
  const startedAt = clock();
  const answer = await connection.post(url, {
    body: JSON.stringify(passage.body(request, model, onPart !== undefined)),
    headers: { ...headers, ...way.headers(apiKey), ...request.headers, "content-type": "application/json" },
    signal,
  });
  if (answer.status >= 300) throw answerFailure({ ...answer, url, body: await answer.text().catch(() => "") });
  if (!onPart) return wholeAnswer(await answer.text(), passage, options);
  let firstTokenMs: number | null = null;
  const alive = () => {
    firstTokenMs ??= Math.max(0, clock() - startedAt);
    if (!signal.aborted) options.alive();
  };
  const heard = await hear(answer, request, passage, { onPart, alive, pace: options.pace });
  return { ...toAnswer(heard.passed, model), firstTokenMs, wire: { type: "streamed", rest: heard.rest } };
}

function wholeAnswer(text: string, passage: Passage, { model, alive }: PassOptions): LlmAnswer {
  const body: unknown = JSON.parse(text);
  if (!isJsonObject(body)) throw new CallFailure("malformed", "The answer is no JSON object.", { httpStatus: 200 });
  const answer = toAnswer(passage.answer(body), model);
  alive();
  return { ...answer, wire: { type: "whole", text } };
}

/** Reads a stream to its end. Events are held until the answer begins, and from where it ends. */
async function hear(
  answer: RawAnswer,
  request: WireRequest,
  passage: Passage,
  { onPart, alive, pace }: Pick<PassOptions, "alive" | "pace"> & { readonly onPart: (part: AnswerPart) => void },
): Promise<{ readonly passed: Passed; readonly rest: readonly WireEvent[] }> {
  const reading = passage.reading(request);
  let held: WireEvent[] = [];
  let hasBegun = false;
  let hasEnded = false;
  const parser = createParser({
    onEvent({ event = null, data }) {
      const came = { event, data };
      const sign = reading.event(came);
      if (sign === "kept") return;
      hasEnded ||= sign === "end";
      if (sign === "alive") alive();
      if (hasEnded || !(hasBegun || sign === "alive")) {
        held.push(came);
        return;
      }
      hasBegun = true;
      for (const event of [...held, came]) onPart({ type: "wire", event });
      held = [];
    },
  });
  for await (const piece of answer.pieces()) {
    parser.feed(piece);
    const behind = pace?.();
    if (behind) await behind;
  }
  const passed = reading.end();
  if (!passed) throw new CallFailure("malformed", "The stream ended before the answer did.", { httpStatus: 200 });
  return { passed, rest: held };
}

/** @throws CallFailure - the answer is withheld or empty */
function toAnswer({ vendorsReason, model, ...passed }: Passed, asked: string): LlmAnswer {
  // One that was cut by its limit goes to the client as it is, although it may be empty: the vendor's own clients know that.
  if (passed.finishReason !== "length") refuseUseless({ ...passed, ...(vendorsReason ? { vendorsReason } : {}) });
  return { ...passed, reasoning: [], model: model ?? asked, warnings: [], firstTokenMs: null };
}
