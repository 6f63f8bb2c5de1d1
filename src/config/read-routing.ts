import { isJsonObject } from "../core/json.ts";
import { unknownKey, unknownProvider } from "./known-names.ts";
import { numberOf, readNames, readPairs } from "./pairs.ts";
import type { Problems } from "./problems.ts";
import { notAllowed, readIfSet } from "./read.ts";
import { readBudgets } from "./read-budgets.ts";
import { type LimitsReader, readLimits } from "./read-limits.ts";
import type { RoutingOverrides, ShadowOverride } from "./routing-overrides.ts";
import { scalars } from "./scalar.ts";
import { type ProviderSettings, type StrategyName, strategyNames } from "./settings.ts";
import { below, type Found, type Source } from "./source.ts";

/** The keys below `routing:`. */
export const routingKeys: readonly (keyof RoutingOverrides)[] = [
  "strategy",
  "weights",
  "default",
  "enabled",
  "costs",
  "strict_default",
  "drained",
  "limits",
  "affinity",
  "hedge_after",
  "shadow",
  "check_every",
  "budgets",
];

/** The variables of routing keys that hold names; those of single values stand with the scalars. */
export const namesVariables = {
  enabled: "LLM_PROVIDERS",
  costs: "PROVIDER_COSTS",
  default: "DEFAULT_LLM_PROVIDER",
  weights: "PROVIDER_WEIGHTS",
} as const;

/** What the names in a routing must be names of. */
export interface RoutingWorld {
  readonly providers: readonly Pick<ProviderSettings, "name" | "keys">[];
  readonly edition: string;
}

/** Reads what is said about routing, key by key: wherever it is said, it is read here. How keys go together is `checkTogether`'s. */
export function readRoutingKeys(source: Source, world: RoutingWorld, problems: Problems): RoutingOverrides {
  const known = world.providers.map(({ name }) => name);
  const reader: LimitsReader = {
    source,
    problems,
    checkName(origin, name) {
      if (!known.includes(name)) problems.add(origin, unknownProvider(name, known));
    },
    labelsOf: (provider) => world.providers.find(({ name }) => name === provider)?.keys.map(({ label }) => label),
  };
  const read = <T>(key: keyof RoutingOverrides, how: (reader: LimitsReader, found: Found, path: string[]) => T) => {
    const path = ["routing", key];
    const found = source.find((namesVariables as Readonly<Record<string, string>>)[key], path);
    return found && how(reader, found, path);
  };
  return said({
    enabled: read("enabled", readEnabled),
    costs: read("costs", readPairs),
    default: read("default", readName),
    strategy: readStrategy(source, world.edition, problems),
    weights: read("weights", readWeights),
    strict_default: readIfSet(scalars.strictDefault, source, problems),
    drained: read("drained", readNames),
    limits: read("limits", readLimits),
    affinity: readIfSet(scalars.affinity, source, problems),
    hedge_after: readIfSet(scalars.hedgeAfter, source, problems),
    shadow: read("shadow", readShadow),
    check_every: readIfSet(scalars.checkEvery, source, problems),
    budgets: read("budgets", readBudgets),
  });
}

/** Without the keys that were not said. */
function said(overrides: RoutingOverrides): RoutingOverrides {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

/** Undefined where something is wrong with them: that none is above 0 may only follow from it. */
function readWeights(reader: LimitsReader, found: Found, path: string[]): Record<string, number> | undefined {
  const before = reader.problems.list.length;
  const weights = readPairs(reader, found, path);
  return reader.problems.list.length === before ? weights : undefined;
}

function readEnabled(reader: LimitsReader, found: Found, path: string[]): string[] {
  const names = readNames(reader, found, path);
  const isEmpty = Array.isArray(found.value) ? found.value.length === 0 : typeof found.value === "string";
  if (isEmpty && names.length === 0)
    reader.problems.add(found, "The list is empty; leave it out to enable every provider.");
  return names;
}

function readName(reader: LimitsReader, found: Found): string | undefined {
  if (typeof found.value !== "string") {
    reader.problems.add(found, notAllowed(found, "the name of a provider"));
    return undefined;
  }
  reader.checkName(found, found.value);
  return found.value;
}

function readStrategy(source: Source, edition: string, problems: Problems): StrategyName | undefined {
  const name = readIfSet(scalars.strategy, source, problems);
  if (name !== "cost_optimized" || edition !== "community") return name;
  const found = source.find(scalars.strategy.variable, scalars.strategy.path);
  const allowed = strategyNames.filter((strategy) => strategy !== "cost_optimized").join(", ");
  problems.add(
    found ?? { path: scalars.strategy.variable },
    `${name} is not part of EDITION=community; allowed: ${allowed}.`,
  );
  return undefined;
}

const shadowForm = "off, or provider, share (0 to 1) and perhaps model below it";
const shadowFields = ["provider", "model", "share"];

function readShadow(reader: LimitsReader, found: Found, path: string[]): ShadowOverride | "off" | undefined {
  const { source, problems, checkName } = reader;
  const { value } = found;
  if (value === "off") return "off";
  if (!isJsonObject(value)) {
    problems.add(found, `"${found.shown}" is not allowed; allowed: ${shadowForm}.`);
    return undefined;
  }
  const member = (key: string) => below(source, found, [...path, key], value[key]);
  for (const key of Object.keys(value))
    if (!shadowFields.includes(key)) problems.add(member(key), unknownKey(key, shadowFields));
  for (const key of ["provider", "share"])
    if (value[key] === undefined || value[key] === null)
      problems.add(found, `${key} is missing; allowed: ${shadowForm}.`);
  const share = read(member("share"), sharePart, problems);
  const provider = read(member("provider"), { of: textOf, allowed: "the name of a provider" }, problems);
  const model = read(member("model"), { of: modelOf, allowed: "a model's name, up to 200 characters" }, problems);
  if (provider !== undefined) checkName(member("provider"), provider);
  if (provider === undefined || share === undefined) return undefined;
  return { provider, ...(model === undefined ? {} : { model }), share };
}

const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const modelOf = (value: unknown) => ((textOf(value)?.length ?? 201) <= 200 ? textOf(value) : undefined);
const sharePart = {
  of(value: unknown) {
    const share = numberOf(value);
    return share !== undefined && share >= 0 && share <= 1 ? share : undefined;
  },
  allowed: "a number from 0 to 1",
};

/** A member's value; undefined if it is not there, or wrong, which is a problem. */
function read<T>(
  member: Found,
  { of, allowed }: { of: (value: unknown) => T | undefined; allowed: string },
  problems: Problems,
): T | undefined {
  if (member.value === undefined || member.value === null) return undefined;
  const value = of(member.value);
  if (value === undefined) problems.add(member, notAllowed(member, allowed));
  return value;
}
