import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { didYouMean } from "../../core/suggest.ts";
import { changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route, ServerContext } from "../route.ts";
import { asError, resourceProblem } from "./failure.ts";
import { chainOf, type ProviderBody, providerBodies, weightsOf } from "./provider-body.ts";
import { allHealth, oneHealth, oneProvider, providerList, refused, tested } from "./schemas.ts";

const shared = { chapter: "axonflow", problem: resourceProblem } as const;
const params = z.object({ name: z.string().min(1).max(200) });
const page = z.coerce.number().int().min(1);
const querySchema = z.object({
  type: z.string().min(1).optional(),
  enabled: z.stringbool().optional(),
  page: page.max(1e6).default(1),
  page_size: page.max(100).default(20),
});

const list: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/llm-providers",
  scope: "read",
  summary: "AxonFlow's clients: listProviders (?type, ?enabled, ?page, ?page_size).",
  reads: { query: querySchema },
  answers: { 200: { text: "The configured providers, and how they stand.", schema: providerList } },
  handler: (context) => async (request) => {
    const { type, enabled, page, page_size: size } = checked(querySchema, request.query, "query");
    const all = (await bodies(context)).filter(
      (one) => (type === undefined || one.type === type) && (enabled === undefined || one.enabled === enabled),
    );
    return {
      providers: all.slice((page - 1) * size, page * size),
      pagination: { page, page_size: size, total_items: all.length, total_pages: Math.ceil(all.length / size) },
    };
  },
};

const statuses: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/llm-providers/status",
  scope: "read",
  summary: "AxonFlow's clients: how all providers stand.",
  answers: { 200: { text: "Health by provider.", schema: allHealth } },
  handler: (context) => async () => ({
    providers: Object.fromEntries((await bodies(context)).map(({ name, health }) => [name, health])),
  }),
};

const show: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/llm-providers/:name",
  scope: "read",
  summary: "AxonFlow's clients: one provider.",
  reads: { params },
  answers: { 200: { text: "The provider, and how it stands.", schema: oneProvider } },
  handler: (context) => async (request) => ({
    provider: await bodyOf(checked(params, request.params, "path").name, context),
  }),
};

const health: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/llm-providers/:name/health",
  scope: "read",
  summary: "AxonFlow's clients: how a provider stands.",
  reads: { params },
  answers: { 200: { text: "Its health, by the calls of the whole fleet.", schema: oneHealth } },
  handler: (context) => async (request) => {
    const { name, health: found } = await bodyOf(checked(params, request.params, "path").name, context);
    return { name, health: found };
  },
};

const testSchema = z.looseObject({ prompt: z.string().min(1).max(10_000).default("Answer with one word: ok") });
const testMs = 30_000;

const test: Route = {
  ...shared,
  method: "POST",
  url: "/api/v1/llm-providers/:name/test",
  scope: "operate",
  idempotency: "answer",
  summary: "AxonFlow's clients: makes one small call to the provider ({prompt}).",
  takes: jsonTypes,
  reads: { params, body: testSchema },
  answers: { 200: { text: "It has answered.", schema: tested } },
  handler: (context) => async (request) => {
    const { name } = await bodyOf(checked(params, request.params, "path").name, context);
    const { prompt } = checked(testSchema, request.body, "body");
    const outcome = await context.router.call(
      { messages: [{ role: "user", content: prompt }], maxTokens: 64 },
      {
        hints: { provider: name, strict_provider: true, max_calls: 1 },
        signal: AbortSignal.any([AbortSignal.timeout(testMs), context.closing]),
        idempotencyKey: `test-${request.id}`,
        deadline: Date.now() + testMs,
        tenant: request.principal.tenant,
      },
    );
    if (outcome.type !== "answered") throw asError(outcome.error);
    const { served, answer, calls } = outcome;
    return {
      success: true,
      status: "healthy",
      provider: served.provider,
      model: served.modelServed,
      response: answer.text,
      latency_ms: calls.at(-1)?.durationMs ?? 0,
      cost: served.costUsd,
    };
  },
};

const updateSchema = z.looseObject({
  enabled: z.boolean().optional(),
  weight: z.number().min(0).max(1e6).optional(),
  priority: z.int().min(1).max(1_000).optional(),
});
const fixed = [
  "api_key",
  "api_key_secret_arn",
  "endpoint",
  "model",
  "region",
  "rate_limit",
  "timeout_seconds",
  "settings",
  "type",
];

const update: Route = {
  ...shared,
  method: "PUT",
  url: "/api/v1/llm-providers/:name",
  scope: "admin",
  fleet: true,
  summary:
    "AxonFlow's clients: enable or disable a provider, weigh it, move it in the order ({enabled, weight, priority}).",
  takes: jsonTypes,
  reads: { params, body: updateSchema },
  answers: { 200: { text: "The provider as it stands now. The whole fleet follows at once.", schema: oneProvider } },
  handler: (context) => async (request) => {
    const { name } = await bodyOf(checked(params, request.params, "path").name, context);
    const { enabled, weight, priority, ...others } = checked(updateSchema, request.body, "body");
    const refused = Object.keys(others).filter((key) => fixed.includes(key));
    if (refused.length > 0) throw configured(`${refused.join(", ")} of ${name} cannot be set at run time.`);
    const { routing } = context;
    const report = await routing.show();
    const enabledNow = chainOf(report).filter((one) => one !== name);
    const at = priority === undefined ? chainOf(report).indexOf(name) : priority - 1;
    const isEnabled = enabled ?? chainOf(report).includes(name);
    const order = isEnabled ? enabledNow.toSpliced(at < 0 ? enabledNow.length : at, 0, name) : enabledNow;
    const patch = {
      ...(enabled === undefined && priority === undefined ? {} : { enabled: order, default: order[0] ?? null }),
      ...(weight === undefined ? {} : { weights: { ...weightsOf(report), [name]: weight } }),
    };
    if (Object.keys(patch).length > 0) await routing.change(patch, changeBy(request));
    return { provider: await bodyOf(name, context) };
  },
};

/** What would make or remove a provider: refused, with the way that there is. */
function refusing(method: "POST" | "DELETE", url: string, summary: string, how: string): Route {
  return {
    ...shared,
    method,
    url,
    scope: "admin",
    fleet: true,
    summary,
    ...(method === "POST"
      ? { takes: jsonTypes, reads: { body: z.looseObject({}).optional() } }
      : { reads: { params } }),
    answers: { 405: { text: "Always.", schema: refused } },
    handler: () => async () => {
      throw configured(how);
    },
  };
}

const create = refusing(
  "POST",
  "/api/v1/llm-providers",
  "AxonFlow's clients: refused, for providers are configured where the servers start.",
  "A provider cannot be made over HTTP: its key would have to go with it.",
);

const remove = refusing(
  "DELETE",
  "/api/v1/llm-providers/:name",
  "AxonFlow's clients: refused, for providers are configured where the servers start; they can be disabled.",
  'A provider cannot be removed over HTTP; PUT {"enabled": false} there gives it no more calls.',
);

function configured(message: string): AppError {
  return new AppError("providers_configured", { message });
}

async function bodies({ providers, routing }: ServerContext): Promise<readonly ProviderBody[]> {
  return providerBodies(providers, await routing.show(), Date.now());
}

/** @throws AppError not_found, with the known names */
async function bodyOf(asked: string, context: ServerContext): Promise<ProviderBody> {
  const name = asked.toLowerCase();
  const found = (await bodies(context)).find((one) => one.name === name);
  if (found) return found;
  const known = context.providers.map((one) => one.name);
  const message = `No provider is called ${asked.slice(0, 100)}. Known: ${known.join(", ")}.${didYouMean(name, known)}`;
  throw new AppError("not_found", { message });
}

/** Providers as AxonFlow's clients know them. */
export const providerRoutes: readonly Route[] = [list, create, statuses, show, update, remove, health, test];
