import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { RoutingTarget } from "../../core/routing.ts";
import { didYouMean } from "../../core/suggest.ts";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import type { Route, ServerContext } from "../route.ts";
import { routingTarget } from "../schemas/routing.ts";

const paramsSchema = z.object({ name: z.string() });

/** `GET /v1/providers`: every configured provider with its own model, and how it stands. */
export const listProviders: Route = {
  method: "GET",
  url: "/v1/providers",
  chapter: "providers",
  scope: "read",
  summary: "The configured providers, each with its own model, its health and what of its limits is used.",
  answers: {
    200: { text: "In the order of the settings.", schema: z.strictObject({ providers: z.array(routingTarget) }) },
  },
  handler:
    ({ routing }) =>
    async () => ({ providers: (await routing.show()).targets }),
};

/** `GET /v1/providers/:name`: one of them. */
export const showProvider: Route = {
  method: "GET",
  url: "/v1/providers/:name",
  chapter: "providers",
  scope: "read",
  summary: "A provider: its own model, its health, what of its limits is used.",
  reads: { params: paramsSchema },
  answers: { 200: { text: "The provider.", schema: routingTarget } },
  handler: (context) => async (request) =>
    (await found(context, checked(paramsSchema, request.params, "path").name)).target,
};

/** `POST /v1/providers/:name/test`: asks a provider whether it is up, and records that like a call. */
export const testProvider: Route = {
  method: "POST",
  url: "/v1/providers/:name/test",
  chapter: "providers",
  scope: "operate",
  summary: "Ask a provider whether it is up; what it says counts for its health.",
  reads: { params: paramsSchema, headers: authorHeaders },
  answers: {
    200: {
      text: "What came of it, and how it stands now.",
      schema: z.strictObject({
        result: z
          .enum(["up", "down", "skipped"])
          .describe("`skipped`: it is drained, not enabled or out, or has nothing that can be asked."),
        provider: routingTarget,
      }),
    },
  },
  handler: (context) => async (request) => {
    const { name } = checked(paramsSchema, request.params, "path");
    changeBy(request);
    await found(context, name);
    const result = await context.router.check(name);
    return { result, provider: (await found(context, name)).target };
  },
};

/** @throws AppError unknown_provider */
async function found({ routing }: ServerContext, name: string): Promise<{ readonly target: RoutingTarget }> {
  const { targets } = await routing.show();
  const target = targets.find(({ provider }) => provider === name);
  if (target) return { target };
  const known = targets.map(({ provider }) => provider);
  const list = known.length > 0 ? `Known: ${known.join(", ")}.` : "No provider is configured.";
  const message = `No provider is called ${name.slice(0, 100)}. ${list}${didYouMean(name, known)}`;
  throw new AppError("unknown_provider", { message, details: { provider: name.slice(0, 100), known } });
}
