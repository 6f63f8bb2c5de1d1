import type { LanguageModelV3 } from "@ai-sdk/provider";
import { toAnswer } from "./answer.ts";
import { type AskOptions, toCallOptions } from "./call-options.ts";
import { CallFailure, type LlmAnswer } from "./provider.ts";
import type { LlmRequest } from "./request.ts";
import { readStream, type StreamListener } from "./stream.ts";

/** One call at the packages' level: our request in, our answer out. Throws what the package throws, or a CallFailure for a useless answer. */
export async function generate(model: LanguageModelV3, request: LlmRequest, options: AskOptions): Promise<LlmAnswer> {
  const result = await model.doGenerate(toCallOptions(request, options));
  const objection = options.objection?.(result.response?.body);
  if (objection !== undefined) throw new CallFailure("malformed", objection, { httpStatus: 200 });
  return toAnswer({ ...result, model: result.response?.modelId ?? model.modelId, firstTokenMs: null }, options);
}

/** The same, streamed: the listener hears of the pieces, the answer comes complete. @param clock milliseconds */
export async function generateStreamed(
  model: LanguageModelV3,
  request: LlmRequest,
  options: AskOptions & { readonly listener: StreamListener; readonly clock: () => number },
): Promise<LlmAnswer> {
  const { listener, clock, signal } = options;
  const startedAt = clock();
  let firstTokenMs: number | null = null;
  const { stream } = await model.doStream(toCallOptions(request, options));
  const result = await readStream(stream, model.modelId, {
    alive() {
      firstTokenMs ??= Math.max(0, clock() - startedAt);
      if (!signal.aborted) listener.alive();
    },
    delta(text) {
      if (!signal.aborted) listener.delta(text);
    },
    part(part) {
      if (!signal.aborted) listener.part(part);
    },
    ...(listener.pace ? { pace: () => listener.pace?.() } : {}),
  });
  return toAnswer({ ...result, firstTokenMs }, options);
}
