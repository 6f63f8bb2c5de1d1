import { openaiResponses } from "../proxy/openai-responses.ts";
import { responsesRequest } from "../proxy/responses-request.ts";
import { proxyRoute } from "../proxy/serve.ts";

/** `POST /v1/responses`: as OpenAI's clients speak it, served by whichever provider the routing chooses. */
export const responses = proxyRoute({
  codec: openaiResponses,
  url: "/v1/responses",
  summary: "Responses as OpenAI's clients speak them, routed; with hints in the body, its metadata or headers.",
  body: responsesRequest,
});
