import type { RoutingReport, RoutingTarget } from "../../core/routing.ts";
import type { ProviderFacts } from "../provider-facts.ts";

/** A provider as AxonFlow's clients read it. */
export interface ProviderBody {
  readonly name: string;
  readonly type: string;
  readonly endpoint?: string;
  readonly model: string;
  readonly enabled: boolean;
  /** Its place in the order in which `failover` asks, from 1; 0: it is not asked. */
  readonly priority: number;
  readonly weight: number;
  readonly has_api_key: boolean;
  readonly health: ProviderHealthBody;
}

/** How a provider stands. */
export interface ProviderHealthBody {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly message?: string;
  readonly last_checked: string;
}

/** The providers with how they stand by the routing's report, in the order in which they are configured. @param now epoch milliseconds */
export function providerBodies(
  providers: readonly ProviderFacts[],
  report: RoutingReport,
  now: number,
): readonly ProviderBody[] {
  const chain = chainOf(report);
  const weights = weightsOf(report);
  return providers.map(({ name, type, endpoint, model, keys }) => {
    const target = report.targets.find(({ provider }) => provider === name);
    return {
      name,
      type,
      ...(endpoint === "" ? {} : { endpoint }),
      model,
      enabled: target?.enabled ?? false,
      priority: chain.indexOf(name) + 1,
      weight: weights[name] ?? 0,
      has_api_key: keys > 0,
      health: healthBody(target, now),
    };
  });
}

/** Weights by provider: those that are set; where none are, all alike. */
export function weightsOf({ settings }: RoutingReport): Readonly<Record<string, number>> {
  const value = settings.weights?.value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, weight]) => [name, Number(weight)]));
}

/** Enabled providers in the order in which `failover` asks them. */
export function chainOf(report: RoutingReport): readonly string[] {
  const { enabled: names, default: first } = report.settings;
  const enabled = Array.isArray(names?.value) ? names.value.map(String) : [];
  const primary = typeof first?.value === "string" ? [first.value] : [];
  return [...primary, ...enabled.filter((name) => !primary.includes(name))];
}

function healthBody(target: RoutingTarget | undefined, now: number): ProviderHealthBody {
  const last_checked = new Date(now).toISOString();
  const message = target?.drained ? "drained" : target?.reason;
  return { status: statusOf(target), ...(message ? { message } : {}), last_checked };
}

function statusOf(target: RoutingTarget | undefined): ProviderHealthBody["status"] {
  switch (target?.state) {
    case "closed":
      return "healthy";
    case "ramping":
    case "half_open":
      return "degraded";
    default:
      return "unhealthy";
  }
}
