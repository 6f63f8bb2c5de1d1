import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import { anyModel, type ModelOffer } from "../../router/model-hints.ts";
import { checked } from "../checked.ts";
import { openaiError } from "../proxy/openai-error.ts";
import type { Route } from "../route.ts";

const modelSchema = z.strictObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  switchyard: z.strictObject({ alias: z.boolean(), providers: z.array(z.string()) }),
});

/** `GET /v1/models`: what requests may name as their model, in OpenAI's shape. */
export const listModels: Route = {
  method: "GET",
  url: "/v1/models",
  chapter: "proxy",
  scope: "read",
  summary: "Models and aliases that requests may name, and `auto`, in OpenAI's shape.",
  answers: {
    200: { text: "The models.", schema: z.strictObject({ object: z.literal("list"), data: z.array(modelSchema) }) },
  },
  problem: openaiError,
  handler:
    ({ router }) =>
    async () => ({ object: "list", data: (await offersOf(router)).map(toModel) }),
};

const paramsSchema = z.object({ id: z.string().min(1) });

/** `GET /v1/models/:id`: one of them. `PROVIDER/MODEL` is found as well. */
export const showModel: Route = {
  method: "GET",
  url: "/v1/models/:id",
  chapter: "proxy",
  scope: "read",
  summary: "One model or alias, in OpenAI's shape.",
  reads: { params: paramsSchema },
  answers: { 200: { text: "The model.", schema: modelSchema } },
  problem: openaiError,
  handler:
    ({ router }) =>
    async (request) => {
      const { id } = checked(paramsSchema, request.params, "address");
      const offers = await offersOf(router);
      const { provider, model = anyModel } = id === anyModel ? {} : router.modelHints(id);
      const offer = offers.find(
        (one) => one.id === model && (provider === undefined || one.providers.includes(provider)),
      );
      if (offer) return toModel({ ...offer, id, providers: provider === undefined ? offer.providers : [provider] });
      const known = offers.map((one) => one.id);
      const message = `No model is called ${id.slice(0, 100)}.${didYouMean(id, known)} GET /v1/models lists them.`;
      throw new AppError("not_found", { message, details: { known } });
    },
};

async function offersOf(router: Parameters<Route["handler"]>[0]["router"]): Promise<readonly ModelOffer[]> {
  const offers = await router.models();
  const providers = [...new Set(offers.flatMap((offer) => offer.providers))].sort();
  return [{ id: anyModel, isAlias: true, providers }, ...offers];
}

function toModel({ id, isAlias, providers }: ModelOffer): JsonObject {
  const [only] = providers;
  const owner = !isAlias && providers.length === 1 && only !== undefined ? only : "switchyard";
  // Vendors say when a model was made; of the settings' names nobody knows.
  return { id, object: "model", created: 0, owned_by: owner, switchyard: { alias: isAlias, providers } };
}
