import { PlanStore } from "./plan-store.ts";
import type { PlansOf } from "./plans.ts";
import type { PlansParts } from "./plans-parts.ts";
import { TenantPlans } from "./tenant-plans.ts";

/** The plans of an installation, tenant by tenant. */
export function createPlans(parts: PlansParts): PlansOf {
  return (tenant, engine) => new TenantPlans(parts, new PlanStore(parts.redis, parts.keys, tenant), engine, tenant);
}
