import type { Origin, Problems } from "./problems.ts";
import type { RoutingOverrides } from "./routing-overrides.ts";
import type { RoutingSettings } from "./settings.ts";

/** A routing as it comes out, what was said last about it, and where. */
export interface Outcome {
  readonly routing: RoutingSettings;
  readonly said: RoutingOverrides;
  /** The first choice of failover before it is dropped for not being enabled. */
  readonly primary: string | null;
  readonly configured: readonly string[];
  /** Where a key was said; undefined: it was not. */
  readonly originOf: (key: keyof RoutingOverrides) => Origin | undefined;
}

/** Checks that the keys of a routing go together. What is wrong is told of the key that was said, or else of the one that made it wrong. */
export function checkTogether(outcome: Outcome, problems: Problems, warnings: string[]): void {
  const { routing, said, primary, configured, originOf } = outcome;
  const { enabled, weights, drained } = routing;
  const at = (...keys: readonly (keyof RoutingOverrides)[]): Origin =>
    keys.map(originOf).find((origin) => origin !== undefined) ?? { path: `routing.${keys[0]}` };
  const enabling = at("enabled").path;
  const isOff = (name: string) => configured.includes(name) && !enabled.includes(name);

  if (primary !== null && isOff(primary) && enabled.length > 0) {
    const names = `${enabling} enables ${enabled.join(", ")}`;
    problems.add(at("default", "enabled"), `The default ${primary} is not enabled; ${names}.`);
  }
  if (enabled.length > 0 && enabled.every((name) => (weights[name] ?? 0) === 0)) {
    const names = enabled.join(", ");
    problems.add(
      at("weights", "enabled"),
      `Every enabled provider (${names}) weighs 0, so none would be drawn; give one of them more than 0.`,
    );
  }
  if (enabled.length > 0 && enabled.every((name) => drained.includes(name))) {
    problems.add(
      at("drained", "enabled"),
      `Every enabled provider (${enabled.join(", ")}) is drained, so none would be called; leave one of them out.`,
    );
  }
  for (const name of Object.keys(said.weights ?? {}).filter(isOff))
    warnings.push(`${at("weights").path} weighs ${name}, which ${enabling} does not enable.`);
  for (const name of (said.drained ?? []).filter(isOff))
    warnings.push(`${at("drained").path} drains ${name}, which ${enabling} does not enable.`);
}
