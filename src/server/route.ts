import type { FastifyInstance, onRequestAsyncHookHandler, RouteHandlerMethod } from "fastify";
import { AppError } from "../core/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { Router } from "../router/router.ts";
import type { RoutingControl } from "../router/routing-control.ts";

/** What the route handlers work with. */
export interface ServerContext {
  readonly engine: Engine;
  readonly routing: RoutingControl;
  readonly router: Pick<Router, "spend" | "shadows">;
  readonly version: string;
  /** Fires when the server begins to close: open event streams end, their readers reconnect elsewhere. */
  readonly closing: AbortSignal;
}

/** One line of the route table. One file a handler, under `routes/`. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with `:name` parameters. */
  readonly url: string;
  /** One sentence for `GET /`. */
  readonly summary: string;
  /** Media types that its body may have. Absent: it reads no body. */
  readonly takes?: readonly string[];
  /** Its body is handed over as bytes, as it came. */
  readonly raw?: boolean;
  handler(context: ServerContext): RouteHandlerMethod;
}

/** Adds a table of routes to the server. */
export function addRoutes(server: FastifyInstance, routes: readonly Route[], context: ServerContext): void {
  for (const route of routes) {
    if (!route.raw) add(server, route, context);
    // What a server registers has parsers of its own.
    else
      server.register(async (bytes) => {
        bytes.removeAllContentTypeParsers();
        bytes.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
        add(bytes, route, context);
      });
  }
}

function add(server: FastifyInstance, { method, url, takes, handler }: Route, context: ServerContext): void {
  const guard = takes ? { onRequest: bodyGuard(takes) } : {};
  server.route({ method, url, handler: handler(context), ...guard });
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
