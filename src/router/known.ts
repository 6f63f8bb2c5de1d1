import type { ModelAliases, RoutingSettings, Settings } from "../config/settings.ts";
import type { Provider } from "../providers/provider.ts";

/** What one request is routed by; constant while it lasts. */
export interface Known {
  readonly routing: RoutingSettings;
  /** Version of the routing that was set at run time; 0: none was. */
  readonly version: number;
  readonly models: ModelAliases;
  readonly edition: Settings["edition"];
  readonly providers: ReadonlyMap<string, Provider>;
}

/** Whether a request is pinned to its hinted provider. */
export function isStrict(
  hints: { readonly provider?: string; readonly strict_provider?: boolean },
  { routing }: Pick<Known, "routing">,
): boolean {
  return hints.strict_provider ?? (hints.provider !== undefined && routing.strictDefault);
}

/** USD per 1,000 tokens that is in force for a provider now. Null: the price table decides, whatever the settings had at the start. */
export function priceInForce(provider: string, { routing }: Pick<Known, "routing">): number | null {
  return routing.costs[provider] ?? null;
}
