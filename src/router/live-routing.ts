import { applyOverrides, type RoutingOverrides } from "../config/overrides.ts";
import type { Settings } from "../config/settings.ts";
import type { Provider } from "../providers/provider.ts";
import type { RoutingText } from "./fleet.ts";
import type { Known } from "./known.ts";

/** The routing that counts now: the process's own settings with what was set at run time laid over them. */
export interface LiveRouting {
  current(): Known;
  /** Takes what Redis has. @returns true: it differs from what counted until now */
  learn(text: RoutingText): boolean;
}

/** @param onUnreadable told once for each version that cannot be read; the one before then stays */
export function createLiveRouting(
  settings: Settings,
  providers: ReadonlyMap<string, Provider>,
  onUnreadable: (version: number, error: unknown) => void,
): LiveRouting {
  const { routing, models, edition } = settings;
  let known: Known = { routing, version: 0, models, edition, providers };
  // The text, too: a Redis that lost its last writes may come to the same version again, with other content.
  let seen: RoutingText = { version: 0, overrides: "" };
  return {
    current: () => known,
    learn(text) {
      const { version, overrides } = text;
      if (version === seen.version && overrides === seen.overrides) return false;
      seen = text;
      try {
        const set = (overrides === "" ? {} : JSON.parse(overrides)) as RoutingOverrides;
        known = { ...known, version, routing: applyOverrides(routing, set, [...providers.keys()]) };
        return true;
      } catch (error) {
        onUnreadable(version, error);
        return false;
      }
    },
  };
}
