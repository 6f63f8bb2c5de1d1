import { z } from "zod";
import { estimateTokens } from "../../router/estimate.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import { anthropicError } from "../proxy/anthropic-error.ts";
import { anthropicMessages } from "../proxy/anthropic-messages.ts";
import { readConversation } from "../proxy/anthropic-read.ts";
import { countRequest, messagesRequest } from "../proxy/anthropic-request.ts";
import { proxyRoute } from "../proxy/serve.ts";
import type { Route } from "../route.ts";

/** `POST /v1/messages`: as Anthropic's clients speak it, served by whichever provider the routing chooses. */
export const messages = proxyRoute({
  codec: anthropicMessages,
  url: "/v1/messages",
  summary: "Messages as Anthropic's clients speak them, routed; with hints in the body, its metadata or headers.",
  body: messagesRequest,
});

/** `POST /v1/messages/count_tokens`: an estimate, since nobody knows yet which vendor's model would read the request. */
export const countTokens: Route = {
  method: "POST",
  url: "/v1/messages/count_tokens",
  chapter: "proxy",
  scope: "read",
  changes: "nothing",
  summary: "About how many tokens a request of Anthropic's clients has: an estimate, no provider is asked.",
  takes: jsonTypes,
  reads: { body: countRequest },
  answers: { 200: { text: "The estimate.", schema: z.object({ input_tokens: z.int() }) } },
  problem: anthropicError,
  handler: () => async (request) => {
    const { request: asked } = readConversation(checked(countRequest, request.body, "body"));
    // Tools are read by the model like text.
    const tools = asked.tools === undefined ? "" : JSON.stringify(asked.tools);
    return { input_tokens: estimateTokens({ ...asked, system: `${asked.system ?? ""}${tools}` }).inputTokens };
  },
};
