import { didYouMean } from "../core/suggest.ts";
import { readNames, readPairs } from "./pairs.ts";
import type { Origin, Problems } from "./problems.ts";
import { builtIns, plannedProviders } from "./provider-settings.ts";
import { readScalar } from "./read.ts";
import { scalars } from "./scalar.ts";
import { type ProviderSettings, type RoutingSettings, type StrategyName, strategyNames } from "./settings.ts";
import type { Source } from "./source.ts";

/** Reads how requests are routed. Every name must be one that a configured provider bears. */
export function readRouting(
  source: Source,
  providers: readonly ProviderSettings[],
  edition: string,
  problems: Problems,
  warnings: string[],
): RoutingSettings {
  const known = providers.map((provider) => provider.name);
  const check = (origin: Origin, names: readonly string[]) => {
    for (const name of names) if (!known.includes(name)) problems.add(origin, unknownProvider(name, known));
  };
  const listed = source.find("LLM_PROVIDERS", ["routing", "enabled"]);
  const names = listed ? readNames(listed, problems) : known;
  if (listed) check(listed, names);
  if (listed && names.length === 0) problems.add(listed, "The list is empty; leave it out to enable every provider.");
  const enabled = names.filter((name) => known.includes(name));

  const costs = source.find("PROVIDER_COSTS", ["routing", "costs"]);
  const costsByName = costs ? readPairs(costs, problems) : {};
  if (costs) check(costs, Object.keys(costsByName));

  const primary = source.find("DEFAULT_LLM_PROVIDER", ["routing", "default"]);
  if (primary) {
    const name = String(primary.value);
    check(primary, [name]);
    if (known.includes(name) && !enabled.includes(name)) {
      problems.add(primary, `${name} is not enabled; LLM_PROVIDERS enables ${enabled.join(", ")}.`);
    }
  }
  return {
    strategy: readStrategy(source, edition, problems),
    weights: readWeights(source, known, enabled, check, problems, warnings),
    defaultProvider: primary ? String(primary.value) : null,
    enabled,
    costs: costsByName,
    strictDefault: readScalar(scalars.strictDefault, source, problems),
    drained: [],
    limits: {},
    affinity: "none",
    hedgeAfterMs: null,
    shadow: null,
    checkEveryMs: null,
    rampSince: {},
  };
}

function readStrategy(source: Source, edition: string, problems: Problems): StrategyName {
  const name = readScalar(scalars.strategy, source, problems);
  if (name !== "cost_optimized" || edition !== "community") return name;
  const found = source.find(scalars.strategy.variable, scalars.strategy.path);
  const allowed = strategyNames.filter((strategy) => strategy !== "cost_optimized").join(", ");
  problems.add(
    found ?? { path: scalars.strategy.variable },
    `${name} is not part of EDITION=community; allowed: ${allowed}.`,
  );
  return "weighted";
}

function readWeights(
  source: Source,
  known: readonly string[],
  enabled: readonly string[],
  check: (origin: Origin, names: readonly string[]) => void,
  problems: Problems,
  warnings: string[],
): Record<string, number> {
  const found = source.find("PROVIDER_WEIGHTS", ["routing", "weights"]);
  if (!found) return Object.fromEntries(enabled.map((name) => [name, 1]));
  const given = readPairs(found, problems);
  check(found, Object.keys(given));
  for (const name of Object.keys(given)) {
    if (known.includes(name) && !enabled.includes(name)) {
      warnings.push(`${found.path} weighs ${name}, which LLM_PROVIDERS does not enable.`);
    }
  }
  const weights = Object.fromEntries(enabled.map((name) => [name, given[name] ?? 0]));
  if (enabled.length > 0 && Object.values(weights).every((weight) => weight === 0)) {
    problems.add(found, "Every enabled provider weighs 0, so none would be drawn; give one of them more than 0.");
  }
  return weights;
}

/** What is wrong with a name that no configured provider bears, and how to make it right. */
export function unknownProvider(name: string, known: readonly string[]): string {
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (builtIn) {
    const variable = `${builtIn.prefix}_${builtIn.needs === "api_key" ? "API_KEY" : "ENDPOINT"}`;
    return `${name} is not configured; set ${variable}, or take ${name} out.`;
  }
  if (plannedProviders.includes(name)) return `Provider ${name} is not available in this version; take ${name} out.`;
  const list = known.length > 0 ? `configured: ${known.join(", ")}` : "no provider is configured";
  return `No provider is called ${name.slice(0, 60)}; ${list}.${didYouMean(name, [...known, ...Object.keys(builtIns)])}`;
}
