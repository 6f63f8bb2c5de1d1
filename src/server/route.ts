import type { Queue } from "bullmq";
import type { FastifyBaseLogger, FastifyInstance, RouteHandlerMethod } from "fastify";
import type { Engine } from "../engine/engine.ts";

/** What the route handlers work with. */
export interface ServerContext {
  readonly engine: Engine;
  /** Shown by Bull Board. */
  readonly queues: readonly Queue[];
  readonly log: FastifyBaseLogger;
  readonly version: string;
  /** Fires when the server begins to close: open event streams end, their readers reconnect elsewhere. */
  readonly closing: AbortSignal;
}

/** One line of the route table. One file a handler, under `routes/`. */
export interface Route {
  readonly method: "GET" | "POST";
  /** Path with `:name` parameters. */
  readonly url: string;
  /** One sentence for `GET /`. */
  readonly summary: string;
  handler(context: ServerContext): RouteHandlerMethod;
}

/** Adds a table of routes to the server. */
export function addRoutes(server: FastifyInstance, routes: readonly Route[], context: ServerContext): void {
  for (const { method, url, handler } of routes) server.route({ method, url, handler: handler(context) });
}
