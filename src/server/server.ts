import { setMaxListeners } from "node:events";
import type { Queue } from "bullmq";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { Access } from "../access/access.ts";
import { catalogue } from "../core/catalogue.ts";
import type { AppError } from "../core/errors.ts";
import { tokenSource } from "../core/ids.ts";
import { isJsonObject } from "../core/json.ts";
import type { FleetEngine } from "../engine/engine.ts";
import { tenantEngines } from "../engine/tenant-engine.ts";
import type { PlansOf } from "../planning/plans.ts";
import type { Router } from "../router/router.ts";
import type { RoutingControl } from "../router/routing-control.ts";
import { addPages, admitRequests, pathOf } from "./admission.ts";
import { auditChanges } from "./audit.ts";
import type { KeptAnswers } from "./idempotency/kept-answers.ts";
import { linesTypes, yamlTypes } from "./media-types.ts";
import { limitNesting } from "./nesting.ts";
import { routeNotFound } from "./not-found.ts";
import { openApiDocument } from "./openapi/document.ts";
import { allowOrigins } from "./origins.ts";
import { problemDocument, problemMediaType, retryAfterSeconds, toAppError } from "./problem.ts";
import type { ProviderFacts } from "./provider-facts.ts";
import { addQueueBoard } from "./queue-board.ts";
import { limitRates, type RateLimitOptions } from "./rate-limit.ts";
import { addRoutes, type Route, type ServerContext } from "./route.ts";
import { routes } from "./routes.ts";
import { addSecurityHeaders } from "./security-headers.ts";
import { addTryItPage } from "./try-it-page.ts";

/** What the API server stands on. */
export interface ServerOptions {
  readonly engine: FleetEngine;
  readonly plans: PlansOf;
  readonly routing: RoutingControl;
  readonly router: Router;
  /** Who may do what. */
  readonly access: Access;
  readonly providers: readonly ProviderFacts[];
  /** Shown by Bull Board at /queues. */
  readonly queues: readonly Queue[];
  readonly log: FastifyBaseLogger;
  readonly version: string;
  /** Largest accepted request body. */
  readonly bodyLimitBytes: number;
  /** Whose pages may use the API besides this server's own. */
  readonly origins: readonly string[];
  /** Milliseconds for which the reader of a stream may take nothing of what waits for it, before it is cut. */
  readonly patienceMs: number;
  /** What requests with an Idempotency-Key were answered. */
  readonly answers: KeptAnswers;
  /** Absent: any number of requests is taken. */
  readonly rates?: RateLimitOptions | undefined;
}

/** The API server, ready to listen. Closing it ends its event streams; it does not close the engine. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { engine, plans, routing, router, providers, access, queues, log, version, bodyLimitBytes } = options;
  const { origins, patienceMs, rates, answers } = options;
  const server: FastifyInstance = Fastify({
    loggerInstance: log,
    bodyLimit: bodyLimitBytes,
    // Time in which a request must have come, not that of its answer: Node's default, which Fastify takes away.
    requestTimeout: 300_000,
    // Longer ones are no name of anything; the default of 100 is less than a workflow's full name may have.
    routerOptions: { maxParamLength: 500 },
    logController: new LogController({ disableRequestLogging: true }),
    // An address that is no address, such as a broken percent escape.
    frameworkErrors: (error, _request, reply) => void answer(reply, toAppError(error)),
  });
  // A page of any website may send text/plain to this address without asking first.
  server.removeContentTypeParser("text/plain");
  server.addContentTypeParser([...yamlTypes, ...linesTypes], { parseAs: "string" }, (_request, body, done) =>
    done(null, body),
  );
  answerErrors(server);
  const closing = new AbortController();
  // Each open stream listens.
  setMaxListeners(0, closing.signal);
  server.addHook("preClose", async () => closing.abort());
  server.addHook("onSend", (_request, reply, _payload, done) => {
    // A closing server waits for connections that it could not see idle when it began to.
    if (closing.signal.aborted) reply.header("connection", "close");
    done();
  });
  server.addHook("onResponse", (request, reply, done) => {
    if (log.level === "debug" || log.level === "trace") {
      const { method, url } = request;
      const durationMs = Math.round(reply.elapsedTime);
      request.log.debug({ method, url, status: reply.statusCode, durationMs }, "answered");
    }
    done();
  });
  addSecurityHeaders(server);
  await allowOrigins(server, origins);
  admitRequests(server, { gate: access.gate, origins });
  if (rates) await limitRates(server, rates);
  limitNesting(server);
  auditChanges(server, access.audit);
  // It shows the jobs of all tenants, and can retry and remove them.
  const ofFleet = { fleet: true, page: true };
  const board = { look: { scope: "read", ...ofFleet }, change: { scope: "operate", ...ofFleet } } as const;
  await addPages(server, board, (pages) => addQueueBoard(pages, queues));
  const tryIt = { look: { scope: "read", page: true } } as const;
  await addPages(server, tryIt, (pages) => addTryItPage(pages, () => openApiDocument(routes, version)));
  const engines = tenantEngines(engine);
  const engineOf: ServerContext["engineOf"] = ({ principal }) => engines(principal.tenant);
  const plansOf: ServerContext["plansOf"] = (request) => plans(request.principal.tenant, engineOf(request));
  const context = { engine, plansOf, access, routing, router, providers, version, patienceMs };
  addRoutes(
    server,
    routes,
    { ...context, engineOf, closing: closing.signal },
    { answers, token: tokenSource(), closing: closing.signal },
  );
  return server;
}

function answerErrors(server: FastifyInstance): void {
  server.setErrorHandler((thrown, request, reply) => {
    const error = toAppError(thrown);
    if (error.status >= 500) logFailure(request, thrown, error);
    return answer(reply, error, request.routeOptions.config.problem);
  });
  server.setNotFoundHandler((request, reply) => {
    const error = routeNotFound(request.method, request.url.split("?", 1)[0] ?? "/", routes);
    const { allow } = error.details;
    if (Array.isArray(allow)) reply.header("allow", allow.join(", "));
    return answer(reply, error);
  });
}

/** What calls to providers have said stays with the answer: it may repeat what they were sent. */
function logFailure(request: FastifyRequest, thrown: unknown, error: AppError): void {
  const { code, details } = error;
  const url = pathOf(request);
  if (!Array.isArray(details.calls)) {
    // What is Switchyard's own fault is an error; what others are not there for passes.
    request.log[code === "internal" ? "error" : "warn"]({ err: thrown, code, url }, error.message);
    return;
  }
  const calls = details.calls.map((call) => (isJsonObject(call) ? { ...call, message: undefined } : {}));
  request.log.warn({ code, url, calls }, catalogue[code].summary);
}

function answer(reply: FastifyReply, error: AppError, inVendorsShape?: Route["problem"]): FastifyReply {
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== undefined) reply.header("retry-after", retryAfter);
  if (inVendorsShape) {
    const { status, body } = inVendorsShape(error);
    return reply.code(status).send(body);
  }
  return reply.code(error.status).type(problemMediaType).send(problemDocument(error));
}
