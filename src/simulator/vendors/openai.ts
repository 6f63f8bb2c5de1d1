import { chatError, chatRoute } from "./chat-completions.ts";
import { embeddingsRoute } from "./embeddings.ts";
import { responsesRoute } from "./responses.ts";
import type { Vendor } from "./vendor.ts";

const models = ["gpt-5", "gpt-5-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini"];

/** OpenAI: chat completions, responses, embeddings and the list of models. */
export const openai: Vendor = {
  name: "openai",
  basePath: "/v1",
  env: (url) => ({ OPENAI_ENDPOINT: url, OPENAI_API_KEY: "simulated-key" }),
  route: (method, pathname) =>
    responsesRoute(method, pathname) ?? embeddingsRoute(method, pathname) ?? chatRoute(method, pathname, models),
  error: chatError,
};
