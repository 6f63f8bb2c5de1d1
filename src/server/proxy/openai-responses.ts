import { checked } from "../checked.ts";
import type { WireCodec } from "./codec.ts";
import { openaiError } from "./openai-error.ts";
import { writeResponse } from "./responses-answer.ts";
import { readResponses } from "./responses-read.ts";
import { responsesRequest } from "./responses-request.ts";
import { ResponseStream } from "./responses-stream.ts";

/** OpenAI's responses, as `openai` speaks them; without what OpenAI keeps between requests. */
export const openaiResponses: WireCodec = {
  format: "openai-responses",
  read: (body) => readResponses(checked(responsesRequest, body, "body")),
  write: writeResponse,
  stream: (ask, head) => new ResponseStream(ask, head),
  error: openaiError,
};
