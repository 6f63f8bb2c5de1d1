import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler, RouteHandlerMethod } from "fastify";
import type { z } from "zod";
import type { Access } from "../access/access.ts";
import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Principal, Scope } from "../core/principal.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plans } from "../planning/plans.ts";
import type { Router } from "../router/router.ts";
import type { RoutingControl } from "../router/routing-control.ts";
import type { RouteAccess } from "./admission.ts";
import type { Idempotency } from "./idempotency/key.ts";
import { type TurnParts, takeTurns } from "./idempotency/take-turns.ts";
import type { ProviderFacts } from "./provider-facts.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    problem?: Route["problem"];
  }
  interface FastifyRequest {
    /** Who asks. Set before a route's handler sees the request. */
    principal: Principal;
  }
}

/** What the route handlers work with. */
export interface ServerContext {
  /** The engine as the asker's tenant sees it: what is another tenant's is not there. */
  readonly engineOf: (request: FastifyRequest) => Engine;
  /** The engine as the fleet sees it, for what belongs to no tenant: health, deliveries to triggers. */
  readonly engine: Engine;
  /** The plans of the asker's tenant. */
  readonly plansOf: (request: FastifyRequest) => Plans;
  /** Keys, logins, the audit log. */
  readonly access: Access;
  readonly routing: RoutingControl;
  readonly router: Router;
  /** The configured providers, without their secrets. */
  readonly providers: readonly ProviderFacts[];
  readonly version: string;
  /** Fires when the server begins to close: open event streams end, their readers reconnect elsewhere. */
  readonly closing: AbortSignal;
  /** Milliseconds for which the reader of a stream may take nothing of what waits for it, before it is cut. */
  readonly patienceMs: number;
}

/** One line of the route table. One file a handler, under `routes/`. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with `:name` parameters. */
  readonly url: string;
  /** One sentence for `GET /` and the API's document. */
  readonly summary: string;
  /** Chapter of the API's document: `runs`, `workflows`, `routing`, ... */
  readonly chapter: string;
  /** What a key needs for it. `none`: it is answered to anybody. */
  readonly scope: Scope | "none";
  /** It concerns all tenants: only the default tenant's keys may use it. */
  readonly fleet?: boolean;
  /** What its use is to the audit log. Default: `something`; a GET changes nothing. */
  readonly changes?: RouteAccess["changes"];
  /** What it does with an Idempotency-Key. Absent: the header means nothing there, since doing it twice makes nothing twice. */
  readonly idempotency?: Idempotency;
  /** Schemas of what it reads, by part. The handler checks with these very schemas ({@link checked}); the API's document is made from them. */
  readonly reads?: Partial<Readonly<Record<"params" | "query" | "headers" | "body", z.ZodType>>>;
  /** What it answers when all is well, by status: a sentence, and a schema where it is JSON. Problems need no mention. */
  readonly answers?: Readonly<
    Record<
      number,
      {
        readonly text: string;
        readonly schema?: z.ZodType;
        /** Default: JSON, where there is a schema. */
        readonly media?: string;
        /** Other media types that can be asked for. */
        readonly also?: readonly string[];
      }
    >
  >;
  /** Media types that its body may have. Absent: it reads no body. */
  readonly takes?: readonly string[];
  /** Errors in a vendor's shape, for whose clients the route is. Absent: problem documents. */
  readonly problem?: (error: AppError) => { readonly status: number; readonly body: JsonObject };
  /** Its body is handed over as bytes, as it came. */
  readonly raw?: boolean;
  handler(context: ServerContext): RouteHandlerMethod;
}

/** Adds a table of routes to the server. @param turns what those need that carry out an Idempotency-Key once */
export function addRoutes(
  server: FastifyInstance,
  routes: readonly Route[],
  context: ServerContext,
  turns: TurnParts,
): void {
  server.decorateRequest("turn");
  for (const route of routes) {
    if (!route.raw) add(server, route, context, turns);
    // What a server registers has parsers of its own.
    else
      server.register(async (bytes) => {
        bytes.removeAllContentTypeParsers();
        bytes.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
        add(bytes, route, context, turns);
      });
  }
}

function add(server: FastifyInstance, route: Route, context: ServerContext, turns: TurnParts): void {
  const { method, url, takes, problem, scope, fleet, changes, idempotency = "own" } = route;
  const guard = takes ? { onRequest: bodyGuard(takes) } : {};
  const config = { problem, access: { scope, fleet, changes } };
  const handler = route.handler(context);
  if (idempotency === "own") {
    server.route({ method, url, handler, config, ...guard });
    return;
  }
  const { around, ...hooks } = takeTurns({ method, url, idempotency }, turns);
  server.route({ method, url, handler: around(handler), config, ...guard, ...hooks });
}

/** Refuses a body of another type before it is read. @throws AppError unsupported_media_type */
function bodyGuard(takes: readonly string[]): onRequestAsyncHookHandler {
  return async ({ method, url, headers }) => {
    const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    const given = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
    if (!hasBody || (given && takes.includes(given))) return;
    const came = given ? `this one came as ${given}` : "this one has no content-type header";
    const path = url.split("?", 1)[0];
    throw new AppError("unsupported_media_type", {
      message: `${method} ${path} takes a body of ${takes.join(" or ")}; ${came}.`,
      details: { takes },
    });
  };
}
