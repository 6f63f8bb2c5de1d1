import { z } from "zod";
import { type OpenApiDocument, openApiDocument } from "../openapi/document.ts";
import type { Route } from "../route.ts";

/** `GET /openapi.json`: the API's description, made of the table of routes when it is first asked for. @param routes every route, this one too */
export function openApi(routes: () => readonly Route[]): Route {
  return {
    method: "GET",
    url: "/openapi.json",
    chapter: "server",
    scope: "none",
    summary: "This API as an OpenAPI 3.1 document. `/docs` shows it as a page on which requests can be made.",
    answers: { 200: { text: "The document.", schema: z.record(z.string(), z.unknown()) } },
    handler: ({ version }) => {
      // Not at the start: making it takes as long as much of the rest of the start.
      let document: OpenApiDocument | undefined;
      return async () => {
        document ??= openApiDocument(routes(), version);
        return document;
      };
    },
  };
}
