import { bearer } from "../vendor-options.ts";
import { openaiChat } from "./openai-chat.ts";
import type { PassageWay } from "./passage.ts";

/** The way into an endpoint's chat completions as OpenAI has them. @param baseUrl with its `/v1` */
export function chatWay(baseUrl: string): PassageWay {
  const url = `${baseUrl.replace(/\/+$/, "")}/chat/completions`;
  return { passage: openaiChat, url: () => url, headers: bearer };
}

/** Azure's. Without an API version by one address, with one by the deployment's. @param root without `/openai` */
export function azureChatWay(root: string, apiVersion: string | null): PassageWay {
  const url = (deployment: string) =>
    apiVersion === null
      ? `${root}/openai/v1/chat/completions`
      : `${root}/openai/deployments/${deployment}/chat/completions?api-version=${encodeURIComponent(apiVersion)}`;
  return { passage: openaiChat, url, headers: (apiKey) => ({ "api-key": apiKey ?? "" }) };
}
