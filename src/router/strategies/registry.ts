import type { StrategyName } from "../../config/settings.ts";
import { failover } from "./failover.ts";
import { roundRobin } from "./round-robin.ts";
import type { Strategy } from "./strategy.ts";
import { weighted } from "./weighted.ts";

/** Every strategy of this version by the name that settings and hints use. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  weighted,
  round_robin: roundRobin,
  failover,
};
