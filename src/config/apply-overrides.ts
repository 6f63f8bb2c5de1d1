import { type Budget, type BudgetRequest, budgetScopes } from "../core/budget.ts";
import { parseDuration } from "../core/duration.ts";
import type { LimitsOverride, ProviderLimitsOverride, RoutingOverrides } from "./routing-overrides.ts";
import type { Limits, ProviderLimits, RoutingSettings, ShadowSettings } from "./settings.ts";

/** The routing of a fleet that was told nothing: every configured provider is enabled and weighs the same. */
export function untoldRouting(configured: readonly string[]): RoutingSettings {
  return {
    strategy: "weighted",
    weights: Object.fromEntries(configured.map((name) => [name, 1])),
    defaultProvider: null,
    enabled: configured,
    costs: {},
    strictDefault: false,
    drained: [],
    limits: {},
    affinity: "none",
    hedgeAfterMs: null,
    shadow: null,
    checkEveryMs: null,
    budgets: {},
    rampSince: {},
  };
}

/**
 * Lays what was said over a routing. Pure and total: processes of one fleet may be configured differently, so names that this one does not
 * configure are left out, and a default that is not enabled is none. What is wrong with overrides is told by `checkOverrides`.
 * @param configured names of this process's providers.
 */
export function applyOverrides(
  routing: RoutingSettings,
  overrides: RoutingOverrides,
  configured: readonly string[],
): RoutingSettings {
  const { strategy, weights, costs, drained, limits, affinity, shadow, since } = overrides;
  const known = (names: readonly string[]) => [...new Set(names)].filter((name) => configured.includes(name));
  const ofKnown = <T>(byName: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(byName).filter(([name]) => configured.includes(name)));
  const enabled = overrides.enabled ? known(overrides.enabled) : routing.enabled;
  const primary = overrides.default ?? routing.defaultProvider;
  return {
    strategy: strategy ?? routing.strategy,
    weights: weights ? Object.fromEntries(configured.map((name) => [name, own(weights, name) ?? 0])) : routing.weights,
    defaultProvider: primary !== null && enabled.includes(primary) ? primary : null,
    enabled,
    costs: costs ? ofKnown(costs) : routing.costs,
    strictDefault: overrides.strict_default ?? routing.strictDefault,
    drained: drained ? known(drained) : routing.drained,
    limits: limits ? mapped(ofKnown(limits), asProviderLimits) : routing.limits,
    affinity: affinity ?? routing.affinity,
    hedgeAfterMs: asMs(overrides.hedge_after, routing.hedgeAfterMs),
    shadow: shadow === undefined ? routing.shadow : asShadow(shadow, configured),
    checkEveryMs: asMs(overrides.check_every, routing.checkEveryMs),
    budgets: overrides.budgets ? mapped(overrides.budgets, asBudget) : routing.budgets,
    rampSince: since ? ofKnown(since) : routing.rampSince,
  };
}

/**
 * A routing in the file's keys: laid over any routing of the same providers, it gives this one. What is not limited is left out, what is off is
 * `off`. A default alone cannot be said away: where this routing has none, the other's stays.
 */
export function asOverrides(routing: RoutingSettings): RoutingOverrides {
  const { defaultProvider, limits, hedgeAfterMs, shadow, checkEveryMs } = routing;
  return {
    strategy: routing.strategy,
    weights: routing.weights,
    ...(defaultProvider === null ? {} : { default: defaultProvider }),
    enabled: routing.enabled,
    costs: routing.costs,
    strict_default: routing.strictDefault,
    drained: routing.drained,
    limits: mapped(limits, ({ keys, ...own }) => ({
      ...limitsSaid(own),
      ...(Object.keys(keys).length === 0 ? {} : { keys: mapped(keys, limitsSaid) }),
    })),
    affinity: routing.affinity,
    hedge_after: asDuration(hedgeAfterMs),
    shadow:
      shadow === null
        ? "off"
        : {
            provider: shadow.provider,
            ...(shadow.model === null ? {} : { model: shadow.model }),
            share: shadow.share,
          },
    check_every: asDuration(checkEveryMs),
    budgets: mapped(routing.budgets, budgetSaid),
    since: routing.rampSince,
  };
}

function asMs(said: string | undefined, otherwise: number | null): number | null {
  if (said === undefined) return otherwise;
  return parseDuration(said) ?? null;
}

/** Milliseconds as a duration of the file, in the largest unit that says it whole; null: `off`. */
export function asDuration(ms: number | null): string {
  if (ms === null) return "off";
  const unit = (
    [
      ["d", 86_400_000],
      ["h", 3_600_000],
      ["m", 60_000],
      ["s", 1_000],
    ] as const
  ).find(([, size]) => ms >= size && ms % size === 0);
  return unit ? `${ms / unit[1]}${unit[0]}` : `${ms}ms`;
}

function asShadow(
  said: Exclude<RoutingOverrides["shadow"], undefined>,
  configured: readonly string[],
): ShadowSettings | null {
  if (said === "off" || !configured.includes(said.provider)) return null;
  return { provider: said.provider, model: said.model ?? null, share: said.share };
}

function asLimits(said: LimitsOverride): Limits {
  return {
    requestsPerMinute: said.requests_per_minute ?? null,
    tokensPerMinute: said.tokens_per_minute ?? null,
    concurrency: said.concurrency ?? null,
    usdPerDay: said.usd_per_day ?? null,
  };
}

function asProviderLimits(said: ProviderLimitsOverride): ProviderLimits {
  return { ...asLimits(said), keys: mapped(said.keys ?? {}, asLimits) };
}

function limitsSaid({ requestsPerMinute, tokensPerMinute, concurrency, usdPerDay }: Limits): LimitsOverride {
  return {
    ...(requestsPerMinute === null ? {} : { requests_per_minute: requestsPerMinute }),
    ...(tokensPerMinute === null ? {} : { tokens_per_minute: tokensPerMinute }),
    ...(concurrency === null ? {} : { concurrency }),
    ...(usdPerDay === null ? {} : { usd_per_day: usdPerDay }),
  };
}

function asBudget(said: BudgetRequest): Budget {
  const of = budgetScopes.find((scope) => said[scope] !== undefined);
  return {
    scope: of ? { of, name: said[of] ?? "*" } : null,
    period: said.period ?? "month",
    usd: said.usd,
    action: said.action ?? "refuse",
    warnAt: said.warn_at ?? 0.8,
    model: said.model ?? null,
  };
}

function budgetSaid({ scope, period, usd, action, warnAt, model }: Budget): BudgetRequest {
  const of = scope ? { [scope.of]: scope.name } : {};
  return { ...of, usd, period, action, warn_at: warnAt, ...(model === null ? {} : { model }) };
}

function own<T>(byName: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(byName, name) ? byName[name] : undefined;
}

function mapped<T, U>(byName: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(byName).map(([name, value]) => [name, change(value)]));
}
