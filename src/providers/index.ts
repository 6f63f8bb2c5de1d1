/** `switchyard/providers`: what a plug-in is written with. */
export type { FailureClass, Price, Usage } from "../core/call.ts";
export { createEndpoint, type EndpointOptions, type ProviderContext } from "./endpoint.ts";
export { httpFailure } from "./http-failure.ts";
export type { PluginAnswer, PluginCall, PluginContext, PluginFactory, ProviderPlugin } from "./plugin.ts";
export { CallFailure, type CallOptions, type LlmAnswer, type Provider } from "./provider.ts";
export type {
  LlmAssistantMessage,
  LlmImage,
  LlmMessage,
  LlmReasoning,
  LlmRequest,
  LlmTool,
  LlmToolCall,
  LlmToolResult,
  LlmUserMessage,
} from "./request.ts";
