import type { FastifyInstance } from "fastify";

/** For answers that are no pages: a browser that shows one loads and runs nothing. */
const answerPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** For pages that bring their own scripts: all of it comes from this server, and no other site shows them in a frame. */
export const pagePolicy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'self'";

/** Says on every answer what a browser may make of it; a page's own policy stands over this one. To be added first, so that refusals have it too. */
export function addSecurityHeaders(server: FastifyInstance): void {
  server.addHook("onRequest", (_request, reply, done) => {
    reply.header("x-content-type-options", "nosniff").header("content-security-policy", answerPolicy);
    done();
  });
}

/** As {@link addSecurityHeaders}, for the pages of a server. */
export function addPageHeaders(pages: FastifyInstance): void {
  pages.addHook("onRequest", async (_request, reply) => {
    reply
      .header("content-security-policy", pagePolicy)
      .header("referrer-policy", "same-origin")
      .header("x-frame-options", "DENY");
  });
}
