import fastifySwagger, { type StaticDocumentSpec } from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import type { OpenApiDocument } from "./openapi/document.ts";

/** Where the page is. */
const tryItPath = "/docs";

/** What stands in the place of the document until the page asks for it. */
const placeholder = { openapi: "3.1.1", info: { title: "", version: "" }, paths: {} } as StaticDocumentSpec["document"];

/**
 * Adds the page that shows the API and makes requests to it. All of it comes from this server.
 * @param server of the pages that a login opens @param document made when the page asks for it
 */
export async function addTryItPage(server: FastifyInstance, document: () => OpenApiDocument): Promise<void> {
  await server.register(fastifySwagger, { mode: "static", specification: { document: placeholder } });
  await server.register(fastifySwaggerUi, {
    routePrefix: tryItPath,
    transformSpecification: () => document(),
    uiConfig: { docExpansion: "none", deepLinking: true, validatorUrl: null, tryItOutEnabled: true },
    // The bar at the top is for other documents than this one.
    theme: {
      title: "Switchyard's API",
      css: [{ filename: "page.css", content: ".swagger-ui .topbar { display: none !important }" }],
    },
    staticCSP:
      "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  });
}
