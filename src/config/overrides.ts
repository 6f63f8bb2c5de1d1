import { isJsonObject } from "../core/json.ts";
import { applyOverrides } from "./apply-overrides.ts";
import { checkTogether } from "./check-together.ts";
import { unknownKey } from "./known-names.ts";
import { numberOf } from "./pairs.ts";
import { gatherProblems, type Problems, settingsError } from "./problems.ts";
import { readRoutingKeys, routingKeys } from "./read-routing.ts";
import type { RoutingOverrides } from "./routing-overrides.ts";
import type { ProviderSettings, Settings } from "./settings.ts";
import { createDataSource, shown } from "./source.ts";

export { applyOverrides, asOverrides } from "./apply-overrides.ts";
export type {
  LimitsOverride,
  ProviderLimitsOverride,
  RoutingOverrides,
  ShadowOverride,
} from "./routing-overrides.ts";

/** As much of the settings as routing rests on. */
export interface RoutingBase extends Pick<Settings, "routing" | "edition"> {
  readonly providers: readonly Pick<ProviderSettings, "name" | "keys">[];
}

/** How overrides are checked. */
export interface CheckOverridesOptions {
  /** Whether `since` may be there: what the program itself wrote. Default false. */
  readonly since?: boolean;
  /** Takes what was found and has no effect; for people. */
  readonly warnings?: string[];
}

/**
 * Checks all that is to be set at run time as the same keys are checked at the start: names, values, and the routing that comes out when
 * it is laid over the settings. Texts that variables take (`openai:50,anthropic:30`, `yes`) are taken and come back as data; null: not set.
 * @throws AppError invalid_settings - everything that is wrong, with paths such as `routing.weights.openia`.
 */
export function checkOverrides(
  raw: unknown,
  settings: RoutingBase,
  options: CheckOverridesOptions = {},
): RoutingOverrides {
  const problems = gatherProblems();
  if (!isJsonObject(raw)) {
    problems.add({ path: "routing" }, `"${shown(raw)}" is not allowed; allowed: ${routingKeys.join(", ")} below it.`);
    throw settingsError(problems.list);
  }
  const known: readonly string[] = options.since ? [...routingKeys, "since"] : routingKeys;
  for (const key of Object.keys(raw))
    if (!known.includes(key)) problems.add({ path: `routing.${key}` }, unknownKey(key, known));
  const { providers, edition, routing } = settings;
  const configured = providers.map(({ name }) => name);
  const source = createDataSource({ routing: raw });
  const said = readRoutingKeys(source, { providers, edition }, problems);
  checkTogether(
    {
      routing: applyOverrides(routing, said, configured),
      said,
      primary: said.default ?? routing.defaultProvider,
      configured,
      originOf: (key) => source.find(undefined, ["routing", key]),
    },
    problems,
    options.warnings ?? [],
  );
  const since = options.since ? readSince(raw.since, problems) : undefined;
  if (problems.list.length > 0) throw settingsError(problems.list);
  return since ? { ...said, since } : said;
}

function readSince(raw: unknown, problems: Problems): Record<string, number> | undefined {
  if (raw === undefined || raw === null) return undefined;
  const entries = isJsonObject(raw) ? Object.entries(raw) : [];
  if (!isJsonObject(raw)) problems.add({ path: "routing.since" }, "allowed: epoch milliseconds by provider.");
  const since: Record<string, number> = {};
  for (const [name, value] of entries) {
    const at = numberOf(value);
    if (at !== undefined && at >= 0) since[name] = at;
    else
      problems.add({ path: `routing.since.${name}` }, `"${shown(value)}" is not allowed; allowed: epoch milliseconds.`);
  }
  return since;
}
