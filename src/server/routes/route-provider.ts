import { z } from "zod";
import { changeAnswer, changeBy, changeHeaders } from "../change-by.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { routingChange } from "../schemas/routing.ts";

const paramsSchema = z.object({ name: z.string() });

/** A change of the routing that names one provider. @param word of the address, and what is done */
const switching = (word: "drain" | "undrain", summary: string): Route => ({
  method: "POST",
  url: `/v1/routing/providers/:name/${word}`,
  chapter: "routing",
  scope: "admin",
  fleet: true,
  summary,
  reads: { params: paramsSchema, headers: changeHeaders },
  answers: { 200: { text: "The version that is current now.", schema: routingChange } },
  handler:
    ({ routing }) =>
    async (request, reply) => {
      const { name } = checked(paramsSchema, request.params, "path");
      return changeAnswer(reply, await routing[word](name, changeBy(request)));
    },
});

/** `POST /v1/routing/providers/:name/drain`: the provider gets no new calls; those under way go on. */
export const routeDrain = switching("drain", "Give a provider no new calls; those under way go on.");

/** `POST /v1/routing/providers/:name/undrain`: the provider gets calls again, its share growing. */
export const routeUndrain = switching("undrain", "Give a drained provider calls again; its share grows over 30 s.");

/** `POST /v1/routing/providers/:name/reset`: its breakers, rate limits and refused keys are forgotten. */
export const routeReset: Route = {
  method: "POST",
  url: "/v1/routing/providers/:name/reset",
  chapter: "routing",
  scope: "admin",
  fleet: true,
  summary: "Forget a provider's breakers, rate limits and refused keys.",
  reads: { params: paramsSchema, headers: changeHeaders },
  answers: {
    200: {
      text: "How many of its targets were known.",
      schema: z.strictObject({ provider: z.string(), targets: z.int() }),
    },
  },
  handler:
    ({ routing }) =>
    async (request) => {
      const { name } = checked(paramsSchema, request.params, "path");
      const { author } = changeBy(request);
      const targets = await routing.reset(name);
      request.log.info({ provider: name, author, targets }, "the health of a provider was reset");
      return { provider: name, targets };
    },
};
