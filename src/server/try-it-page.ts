import fastifySwagger, { type StaticDocumentSpec } from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import type { OpenApiDocument } from "./openapi/document.ts";

/** Where the page is. */
const tryItPath = "/docs";

/** Adds the page that shows the API and makes requests to it. All of it comes from this server. @param server of the pages that a login opens */
export async function addTryItPage(server: FastifyInstance, document: OpenApiDocument): Promise<void> {
  const specification = { document: { ...document } as unknown as StaticDocumentSpec["document"] };
  await server.register(fastifySwagger, { mode: "static", specification });
  await server.register(fastifySwaggerUi, {
    routePrefix: tryItPath,
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
