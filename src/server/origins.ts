import cors from "@fastify/cors";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** What a page may read of an answer besides its body. */
const exposed = [
  "etag",
  "location",
  "retry-after",
  "www-authenticate",
  "idempotency-replayed",
  "x-request-id",
  "x-switchyard-provider",
  "x-switchyard-model",
  "x-switchyard-calls",
  "x-switchyard-cost-usd",
  "x-switchyard-decision",
];

/** How long a browser remembers that it may ask: the longest time that all of them take. */
const maxAgeSeconds = 7_200;

/**
 * Lets pages of other origins use the API: browsers are told so, and their preflight requests are answered before a key is asked for, which these never have. Cookies
 * are not let in: such a page shows a key. No origin: nothing is added.
 */
export async function allowOrigins(server: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  server.addHook("onRoute", (route) => {
    // A request that is no page's preflight: not found, as without all this.
    if (route.method === "OPTIONS") route.config = { ...route.config, access: { scope: "none" } };
  });
  await server.register(cors, {
    origin: (origin, done) => done(null, origin !== undefined && origins.includes(origin)),
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposedHeaders: exposed,
    maxAge: maxAgeSeconds,
  });
}

/** Whether a browser sent the request for a page that is none of this server's. Browsers name the page's origin in each such request, or say at least that it is another one. */
export function isFromElsewhere({ headers }: FastifyRequest): boolean {
  const { origin, host, "sec-fetch-site": site } = headers;
  if (origin === undefined) return site === "cross-site" || site === "same-site";
  return !(URL.canParse(origin) && new URL(origin).host === host);
}
