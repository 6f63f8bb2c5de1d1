import type { Settings } from "../config/settings.ts";
import type { Provider } from "../providers/provider.ts";

/** What routing is configured with; constant for a router. */
export interface Known {
  readonly settings: Settings;
  readonly providers: ReadonlyMap<string, Provider>;
}

/** Whether a request is pinned to its hinted provider. */
export function isStrict(
  hints: { readonly provider?: string; readonly strict_provider?: boolean },
  settings: Settings,
): boolean {
  return hints.strict_provider ?? (hints.provider !== undefined && settings.routing.strictDefault);
}
