import { z } from "zod";
import { openApiDocument } from "../openapi/document.ts";
import type { Route } from "../route.ts";

/** `GET /openapi.json`: the API's description, made of the table of routes at the start. @param routes every route, this one too */
export function openApi(routes: () => readonly Route[]): Route {
  return {
    method: "GET",
    url: "/openapi.json",
    chapter: "server",
    scope: "none",
    summary: "This API as an OpenAPI 3.1 document. `/docs` shows it as a page on which requests can be made.",
    answers: { 200: { text: "The document.", schema: z.record(z.string(), z.unknown()) } },
    handler: ({ version }) => {
      const document = openApiDocument(routes(), version);
      return async () => document;
    },
  };
}
