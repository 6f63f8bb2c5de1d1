import type { Usage } from "../../core/call.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { CallFailure } from "../provider.ts";
import { notCompleted } from "../responses.ts";
import { bearer } from "../vendor-options.ts";
import type { WireEvent } from "../wire.ts";
import type { Passage, PassageReading, PassageWay, Passed, Sign } from "./passage.ts";
import { countOf, listOf, membersOf, nameOf, textIn } from "./read-json.ts";

/** OpenAI's responses. */
export const openaiResponses: Passage = {
  format: "openai-responses",
  body({ body }, model, isStreamed) {
    const { stream: _, ...rest } = body;
    return { ...rest, model, ...(isStreamed ? { stream: true } : {}) };
  },
  answer: toPassed,
  reading: () => new EventReading(),
};

/** The way into an endpoint's responses as OpenAI has them. @param baseUrl with its `/v1` */
export function responsesWay(baseUrl: string): PassageWay {
  const url = `${baseUrl.replace(/\/+$/, "")}/responses`;
  return { passage: openaiResponses, url: () => url, headers: bearer };
}

/** Azure's, by its address without an API version. @param root without `/openai` */
export function azureResponsesWay(root: string): PassageWay {
  const url = `${root}/openai/v1/responses`;
  return { passage: openaiResponses, url: () => url, headers: (apiKey) => ({ "api-key": apiKey ?? "" }) };
}

/** Reads a response that has ended. @throws CallFailure malformed, or the vendor's error object */
function toPassed(response: JsonObject): Passed {
  if (isJsonObject(response.error)) throw response.error;
  const objection = notCompleted(response);
  if (objection !== undefined) throw new CallFailure("malformed", objection, { httpStatus: 200 });
  if (!Array.isArray(response.output)) {
    throw new CallFailure("malformed", "The answer has no output.", { httpStatus: 200 });
  }
  const items = listOf(response.output);
  const toolCalls = items.flatMap(({ type, call_id: id, name, arguments: text }) =>
    type === "function_call" ? [{ id: textIn(id), name: textIn(name), arguments: textIn(text) }] : [],
  );
  return {
    text: items.map((item) => (item.type === "message" ? textOf(item) : "")).join(""),
    toolCalls,
    ...reasonOf(response, toolCalls.length > 0),
    usage: usageOf(response.usage),
    model: nameOf(response.model),
  };
}

/** Reads the events of one stream: the last one holds the whole response. */
class EventReading implements PassageReading {
  #ended: Passed | undefined;

  event({ data }: WireEvent): Sign {
    const event: unknown = JSON.parse(data);
    if (!isJsonObject(event)) return "prelude";
    switch (event.type) {
      case "error":
        throw isJsonObject(event.error) ? event.error : event;
      case "response.failed":
        throw membersOf(membersOf(event.response).error);
      case "response.completed":
      case "response.incomplete":
        this.#ended = toPassed(membersOf(event.response));
        return "end";
      default:
        return typeof event.delta === "string" && event.delta !== "" ? "alive" : "prelude";
    }
  }

  end(): Passed | undefined {
    return this.#ended;
  }
}

function textOf({ content }: JsonObject): string {
  return listOf(content)
    .map(({ text, refusal }) => textIn(text) + textIn(refusal))
    .join("");
}

function reasonOf(response: JsonObject, hasCalls: boolean): Pick<Passed, "finishReason" | "vendorsReason"> {
  const reason = textIn(membersOf(response.incomplete_details).reason);
  if (reason === "max_output_tokens") return { finishReason: "length", vendorsReason: reason };
  if (reason === "content_filter") return { finishReason: "content-filter", vendorsReason: reason };
  return { finishReason: hasCalls ? "tool-calls" : "stop", vendorsReason: textIn(response.status) };
}

function usageOf(usage: Json | undefined): Usage {
  const { input_tokens, output_tokens, input_tokens_details, output_tokens_details } = membersOf(usage);
  return {
    inputTokens: countOf(input_tokens),
    outputTokens: countOf(output_tokens),
    cachedInputTokens: countOf(membersOf(input_tokens_details).cached_tokens),
    reasoningTokens: countOf(membersOf(output_tokens_details).reasoning_tokens),
  };
}
