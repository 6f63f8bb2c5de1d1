import { chatError, chatRoute } from "./chat-completions.ts";
import { embeddingsRoute } from "./embeddings.ts";
import type { Vendor } from "./vendor.ts";

/** Any OpenAI-compatible endpoint. It has no variables of its own: name its URL in switchyard.yaml. */
export const custom: Vendor = {
  name: "custom",
  basePath: "/v1",
  env: () => ({}),
  route: (method, pathname) => embeddingsRoute(method, pathname) ?? chatRoute(method, pathname, ["custom-model"]),
  error: chatError,
};
