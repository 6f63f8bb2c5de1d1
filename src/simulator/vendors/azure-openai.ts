import { chatCompletions, chatRoute } from "./chat-completions.ts";
import { embeddingsRoute } from "./embeddings.ts";
import { responsesRoute } from "./responses.ts";
import type { Route, Vendor } from "./vendor.ts";

const deployment = /\/deployments\/([^/]+)\/chat\/completions$/;

/** Azure OpenAI: chat completions under `/openai/v1` or under a deployment's name, which is then the model; responses under `/openai/v1`. */
export const azureOpenai: Vendor = {
  name: "azure-openai",
  basePath: "",
  env: (url) => ({
    AZURE_OPENAI_ENDPOINT: url,
    AZURE_OPENAI_API_KEY: "simulated-key",
    AZURE_OPENAI_DEPLOYMENT_NAME: "simulated-deployment",
  }),
  route: azureRoute,
  error: (status, message) => ({ error: { code: String(status), message } }),
};

function azureRoute(method: string, pathname: string): Route | undefined {
  const embeddings = embeddingsRoute(method, pathname);
  if (embeddings) return embeddings;
  const model = deployment.exec(pathname)?.[1];
  if (method !== "POST" || model === undefined)
    return responsesRoute(method, pathname) ?? chatRoute(method, pathname, ["simulated-deployment"]);
  const read = chatCompletions.read;
  return {
    kind: "call",
    wire: { ...chatCompletions, read: (body) => read({ ...body, model: decodeURIComponent(model) }) },
  };
}
