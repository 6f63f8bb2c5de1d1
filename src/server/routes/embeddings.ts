import { embeddingsRequest, openaiEmbeddings } from "../proxy/openai-embeddings.ts";
import { proxyRoute } from "../proxy/serve.ts";

/** `POST /v1/embeddings`: as OpenAI's clients speak it, served by a provider that serves the model. */
export const embeddings = proxyRoute({
  codec: openaiEmbeddings,
  url: "/v1/embeddings",
  summary: "Embeddings as OpenAI's clients speak them, routed among providers that serve the same model.",
  body: embeddingsRequest,
});
