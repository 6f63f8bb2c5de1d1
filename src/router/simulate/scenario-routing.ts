import { untoldRouting } from "../../config/apply-overrides.ts";
import { applyOverrides, checkOverrides, type RoutingOverrides } from "../../config/overrides.ts";
import type { ProviderSettings, RoutingSettings, Settings } from "../../config/settings.ts";
import { parseDuration } from "../../core/duration.ts";
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { ShapeProblem } from "../../core/zod-problem.ts";
import { limitsInForce, noteOf, patched, sinceAfter } from "../routing-patch.ts";
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
  const bare = settingsOf(isJsonObject(scenario.providers) ? scenario.providers : {});
  const names = bare.providers.map(({ name }) => name);
  const written = isJsonObject(scenario.routing) ? checked(scenario.routing, bare, ["routing"], problems) : undefined;
  const routing = applyOverrides(bare.routing, written ?? {}, names);
  const settings = { ...bare, routing };
  const changes: RoutingChange[] = [];
  let set: RoutingOverrides = {};
  for (const [i, change] of (Array.isArray(scenario.changes) ? scenario.changes : []).entries()) {
    const { at, set: patch }: { at?: unknown; set?: unknown } = isJsonObject(change) ? change : {};
    const atMs = typeof at === "string" ? parseDuration(at) : undefined;
    if (atMs === undefined || !isJsonObject(patch)) continue;
    const { since: _since, ...before } = set;
    const merged = patched(before, patch, limitsInForce(set, settings));
    const said = checked(merged, settings, ["changes", i, "set"], problems);
    if (!said) continue;
    const since = sinceAfter(set, said, settings, scenarioStart + atMs, rules.rampMs);
    set = { ...said, since };
    changes.push({ atMs, routing: applyOverrides(routing, set, names), note: noteOf(patch) });
  }
  return { routing, changes, problems };
}

/** @param path where it stands in the scenario, in place of `routing` */
function checked(
  raw: unknown,
  settings: Settings,
  path: readonly PropertyKey[],
  problems: ShapeProblem[],
): RoutingOverrides | undefined {
  try {
    return checkOverrides(raw, settings);
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

/** Settings of a fleet that has the scenario's providers and was told nothing else. */
function settingsOf(providers: Readonly<Record<string, unknown>>): Settings {
  const names = Object.keys(providers);
  return {
    redisUrl: null,
    prefix: "simulated",
    host: "127.0.0.1",
    port: 0,
    dataDir: ".",
    concurrency: 1,
    graceMs: 0,
    logLevel: "silent",
    bodyLimitBytes: 0,
    outputLimitBytes: 0,
    edition: "enterprise",
    routing: untoldRouting(names),
    models: {},
    providers: names.map((name) => providerSettings(name, providers[name])),
    warnings: [],
  };
}

/** As much of a provider as the checks of routing look at: its name, and the labels of its keys. */
function providerSettings(name: string, written: unknown): ProviderSettings {
  const count = isJsonObject(written) && typeof written.keys === "number" ? Math.min(written.keys, mostKeys) : 1;
  return {
    name,
    type: "custom",
    endpoint: "",
    keys: Array.from({ length: Math.max(1, Math.floor(count)) }, (_, i) => ({ label: `key-${i + 1}`, secret: "" })),
    model: "simulated",
    timeoutMs: 0,
    connectTimeoutMs: 0,
    firstTokenTimeoutMs: 0,
    idleTimeoutMs: 0,
    structuredOutputs: true,
    region: null,
    apiVersion: null,
  };
}
