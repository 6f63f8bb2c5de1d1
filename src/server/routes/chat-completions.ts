import { openaiChat } from "../proxy/openai-chat.ts";
import { chatBody } from "../proxy/openai-chat-schema.ts";
import { proxyRoute } from "../proxy/serve.ts";

/** `POST /v1/chat/completions`: as OpenAI's clients speak it, served by whichever provider the routing chooses. */
export const chatCompletions = proxyRoute({
  codec: openaiChat,
  url: "/v1/chat/completions",
  summary: "Chat completions as OpenAI's clients speak them, routed; with hints in the body, its metadata or headers.",
  body: chatBody,
});
