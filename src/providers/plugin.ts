import type { Price, Usage } from "../core/call.ts";
import type { Capabilities } from "../core/capabilities.ts";
import type { JsonObject } from "../core/json.ts";
import type { ProviderContext } from "./endpoint.ts";
import type { CallOptions, LlmAnswer } from "./provider.ts";
import type { LlmRequest } from "./request.ts";

/** What a plug-in's module exports as default. Called once at the start, for each entry of the settings that names the module. */
export type PluginFactory = (context: PluginContext) => ProviderPlugin | Promise<ProviderPlugin>;

/** What a plug-in is built from. */
export interface PluginContext extends ProviderContext {
  /** What stands below `options` in its entry, references resolved. */
  readonly options: JsonObject;
  /** The web's fetch over connections of its own, with the settings' CA, proxy and connect timeout. Follows redirects only if `init.redirect` says so. */
  readonly fetch: typeof globalThis.fetch;
  /** The failure in an answer whose status is an error, to be thrown; see {@link httpFailure}. */
  readonly httpFailure: (response: Response) => Promise<Error>;
}

/** How a plug-in's call is made. */
export interface PluginCall extends CallOptions {
  /** The key of the label `key`; null: the settings have none. */
  readonly apiKey: string | null;
}

/**
 * A provider of the user's own. It needs `call` alone; what surrounds it (names, keys, timeouts, classes of failures, masking of secrets, costs
 * by `PROVIDER_COSTS`) is done for it. A complete {@link Provider}, such as `createEndpoint` builds, is one too.
 */
export interface ProviderPlugin {
  /**
   * Makes one request and reads it to its end. Never retries. Heeds `options.signal`; one that does not is left alone when its time is over.
   * With `options.onDelta` it tells each piece of text as it comes; one that does not stream leaves it alone.
   * @throws CallFailure, or any error with `class` (and perhaps `httpStatus`, `retryAfterMs`). Errors of `fetch` and of reading are classified.
   */
  call(request: LlmRequest, options: PluginCall): Promise<PluginAnswer>;
  /** Whether a model's name is plainly its own, besides those that the settings name. Default: none is. */
  serves?(model: string): boolean;
  /** What its tokens cost where the settings do not say. Null, or absent: unknown. */
  price?(model: string, perThousand?: number | null): Omit<Price, "source"> | null;
  /** USD of a call. Default: by `price`. */
  costUsd?(model: string, usage: Usage, perThousand?: number | null): number | null;
  /** What a model holds and can do, where the settings do not say. What is left out, or null, is unknown. */
  capabilities?(model: string): Partial<Capabilities>;
  /** One cheap request that shows whether it is up. @throws as `call` */
  check?(signal: AbortSignal): Promise<void>;
  /** Ends what it holds open. Connections of the context's fetch are closed for it. */
  close?(): Promise<void> | void;
}

/** A plug-in's answer. What is left out is empty or unknown; `finishReason` is `stop`, `model` the one that was asked. */
export type PluginAnswer = Pick<LlmAnswer, "text"> &
  Partial<Omit<LlmAnswer, "usage">> & { readonly usage?: Partial<Usage> };
