import { z } from "zod";
import { changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route, ServerContext } from "../route.ts";
import { resourceProblem } from "./failure.ts";
import { chainOf, weightsOf } from "./provider-body.ts";
import { weights as weightsAnswer } from "./schemas.ts";

const shared = { url: "/api/v1/llm-providers/routing", chapter: "axonflow", problem: resourceProblem } as const;
const answers = { 200: { text: "Strategy, weights and order in force.", schema: weightsAnswer } };
const bodySchema = z.looseObject({
  weights: z.record(z.string(), z.number().min(0)).optional(),
  strategy: z.string().min(1).optional(),
  default_provider: z.string().min(1).nullable().optional(),
});

const show: Route = {
  ...shared,
  method: "GET",
  scope: "read",
  summary: "AxonFlow's clients: weights and strategy in force.",
  answers,
  handler: (context) => () => inForce(context),
};

const set: Route = {
  ...shared,
  method: "PUT",
  scope: "admin",
  fleet: true,
  summary: "AxonFlow's clients: set weights, strategy, default_provider for the whole fleet, at once.",
  takes: jsonTypes,
  reads: { body: bodySchema },
  answers,
  handler: (context) => async (request) => {
    const { weights, strategy, default_provider: first } = checked(bodySchema, request.body, "body");
    const patch = {
      ...(weights === undefined ? {} : { weights }),
      ...(strategy === undefined ? {} : { strategy }),
      ...(first === undefined ? {} : { default: first }),
    };
    if (Object.keys(patch).length > 0) await context.routing.change(patch, changeBy(request));
    return inForce(context);
  },
};

async function inForce({ routing }: ServerContext) {
  const report = await routing.show();
  return {
    strategy: report.settings.strategy?.value ?? null,
    weights: weightsOf(report),
    default_provider: report.settings.default?.value ?? null,
    providers: chainOf(report),
    version: report.version,
  };
}

/** The routing as AxonFlow's clients know it. */
export const weightRoutes: readonly Route[] = [show, set];
