import type { Route } from "../route.ts";
import { executionRoutes } from "./executions.ts";
import { planRoutes } from "./plans.ts";
import { gatewayRoutes } from "./pre-check.ts";
import { providerRoutes } from "./providers.ts";
import { axonFlowRequest } from "./request.ts";
import { weightRoutes } from "./weights.ts";

/** What AxonFlow's clients call, in its own shapes: an application moves by changing its endpoint. */
export const axonFlowRoutes: readonly Route[] = [
  axonFlowRequest,
  ...planRoutes,
  ...gatewayRoutes,
  ...weightRoutes,
  ...providerRoutes,
  ...executionRoutes,
];
