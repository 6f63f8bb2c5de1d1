/** `switchyard/provider-suite`: the tests that every provider runs, for plug-ins. Needs Vitest. */
export { providerSuite } from "./provider-suite.ts";
export {
  type ProviderWire,
  sse,
  type WireAsked,
  type WireConfiguration,
  type WireStream,
  type WireToolCall,
} from "./provider-wire.ts";
export type { WireRequest } from "./wire-server.ts";
