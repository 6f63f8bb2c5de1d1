import { untoldRouting } from "../../config/apply-overrides.ts";
import { applyOverrides, checkOverrides, type RoutingBase, type RoutingOverrides } from "../../config/overrides.ts";
import type { ProviderKey, RoutingSettings } from "../../config/settings.ts";
import { parseDuration } from "../../core/duration.ts";
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { ShapeProblem } from "../../core/zod-problem.ts";
import { mergedInForce, noteOf, patched, sinceAfter } from "../routing-patch.ts";
import { rules } from "../rules.ts";
import { mostKeys, type RoutingChange, scenarioStart } from "./scenario.ts";

/** A scenario's routing with all that is wrong with it. */
export interface ScenarioRouting {
  readonly routing: RoutingSettings;
  readonly changes: readonly RoutingChange[];
  readonly problems: readonly ShapeProblem[];
}

/**
 * Reads `routing` as the same part of switchyard.yaml, and each `set` as `switchyard route set` would take it at that time: laid over what was set
 * before, with the ramp of what it enables. Takes any value; what has the wrong shape is told by the scenario's schema and left out here.
 */
export function readScenarioRouting(raw: unknown): ScenarioRouting {
  const scenario = isJsonObject(raw) ? raw : {};
  const problems: ShapeProblem[] = [];
  const bare = baseOf(isJsonObject(scenario.providers) ? scenario.providers : {});
  const names = bare.providers.map(({ name }) => name);
  const written = isJsonObject(scenario.routing) ? checked(scenario.routing, bare, ["routing"], problems) : undefined;
  const routing = applyOverrides(bare.routing, written ?? {}, names);
  const base = { ...bare, routing };
  const changes: RoutingChange[] = [];
  let set: RoutingOverrides = {};
  for (const [i, change] of (Array.isArray(scenario.changes) ? scenario.changes : []).entries()) {
    const { at, set: patch }: { at?: unknown; set?: unknown } = isJsonObject(change) ? change : {};
    const atMs = typeof at === "string" ? parseDuration(at) : undefined;
    if (atMs === undefined || !isJsonObject(patch)) continue;
    const { since: _since, ...before } = set;
    const merged = patched(before, patch, mergedInForce(set, base));
    const said = checked(merged, base, ["changes", i, "set"], problems);
    if (!said) continue;
    const since = sinceAfter(set, said, base, scenarioStart + atMs, rules.rampMs);
    set = { ...said, since };
    changes.push({ atMs, routing: applyOverrides(routing, set, names), note: noteOf(patch) });
  }
  return { routing, changes, problems };
}

/** @param path where it stands in the scenario, in place of `routing` */
function checked(
  raw: unknown,
  base: RoutingBase,
  path: readonly PropertyKey[],
  problems: ShapeProblem[],
): RoutingOverrides | undefined {
  try {
    return checkOverrides(raw, base);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_settings") throw error;
    for (const problem of error.problems) {
      // `routing.weights.openia`: the last name may be a key that stands nowhere as a value.
      const below = problem.path.split(".").slice(1);
      problems.push({ path: [...path, ...below], message: problem.message });
    }
    return undefined;
  }
}

/** What routing rests on in a fleet that has the scenario's providers and was told nothing else. */
function baseOf(providers: Readonly<Record<string, unknown>>): RoutingBase {
  const names = Object.keys(providers);
  return {
    edition: "enterprise",
    routing: untoldRouting(names),
    providers: names.map((name) => ({ name, keys: keysOf(providers[name]) })),
  };
}

function keysOf(provider: unknown): readonly ProviderKey[] {
  const count = isJsonObject(provider) && typeof provider.keys === "number" ? Math.floor(provider.keys) : 1;
  const length = Math.min(Math.max(1, count), mostKeys);
  return Array.from({ length }, (_, i) => ({ label: `key-${i + 1}`, secret: "" }));
}
