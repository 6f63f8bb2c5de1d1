import type { StrategyName } from "../../config/settings.ts";
import { costOptimized } from "./cost-optimized.ts";
import { failover } from "./failover.ts";
import { latencyOptimized } from "./latency-optimized.ts";
import { leastBusy } from "./least-busy.ts";
import { roundRobin } from "./round-robin.ts";
import type { Strategy } from "./strategy.ts";
import { weighted } from "./weighted.ts";

/** Every strategy by the name that settings and hints use. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  weighted,
  round_robin: roundRobin,
  failover,
  cost_optimized: costOptimized,
  latency_optimized: latencyOptimized,
  least_busy: leastBusy,
};
