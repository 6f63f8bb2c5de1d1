import { applyOverrides, untoldRouting } from "./apply-overrides.ts";
import { checkTogether } from "./check-together.ts";
import type { Problems } from "./problems.ts";
import { namesVariables, type RoutingWorld, readRoutingKeys } from "./read-routing.ts";
import type { RoutingSettings } from "./settings.ts";
import type { Source } from "./source.ts";

/** Reads how requests are routed. Every name must be one that a configured provider bears. */
export function readRouting(
  source: Source,
  world: RoutingWorld,
  problems: Problems,
  warnings: string[],
): RoutingSettings {
  const configured = world.providers.map(({ name }) => name);
  const said = readRoutingKeys(source, world, problems);
  const routing = applyOverrides(untoldRouting(configured), said, configured);
  const variables: Readonly<Record<string, string | undefined>> = namesVariables;
  checkTogether(
    {
      routing,
      said,
      primary: said.default ?? null,
      configured,
      originOf: (key) => source.find(variables[key], ["routing", key]),
    },
    problems,
    warnings,
  );
  return routing;
}
