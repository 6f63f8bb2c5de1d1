import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { idempotencyKeySchema, idempotencyMeanings } from "../idempotency/key.ts";
import type { Route } from "../route.ts";
import { problemDocumentSchema } from "../schemas/errors.ts";
import { type SchemaBook, schemaBook } from "./json-schemas.ts";

/** An OpenAPI document, version 3.1. */
export type OpenApiDocument = JsonObject;

/**
 * The API's description, made of the table of its routes and their schemas. Pure: the same routes give the same document.
 * @param version of the program
 */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const book = schemaBook();
  const problem = book.write(problemDocumentSchema, "output");
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, "{$1}").replace(/\*$/, "{path}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, book) };
  }
  const chapters = [...new Set(routes.map(({ chapter }) => chapter))];
  return {
    openapi: "3.1.1",
    info: {
      title: "Switchyard",
      version,
      summary: "Durable multi-step LLM workflows whose every step is routed to a healthy provider.",
      description:
        "Times are epoch milliseconds, costs USD. An unknown field of a request is an error; answers may get further fields. Every error is a problem document (RFC 9457).",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The server that this document comes from." }],
    tags: chapters.map((name) => ({ name })),
    paths,
    components: {
      schemas: book.components(),
      responses: {
        Problem: { description: "A problem.", content: { "application/problem+json": { schema: problem } } },
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key, where the server has any." },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "The same key in another header." },
      },
    },
  };
}

function operationOf(route: Route, book: SchemaBook): JsonObject {
  const { method, url, summary, chapter, scope } = route;
  const words = url.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  const parameters = parametersOf(route, book);
  const body = bodyOf(route, book);
  return {
    operationId: `${method.toLowerCase()}${name === "" ? "Home" : name}`,
    tags: [chapter],
    summary,
    ...(scope === "none" ? {} : { description: `A key needs the scope \`${scope}\`.` }),
    security: scope === "none" ? [] : [{ bearer: [scope] }, { apiKey: [scope] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: { ...answersOf(route, book), default: errorOf(route) },
  };
}

/** Routes that speak a vendor's format tell errors in its words. */
function errorOf({ problem }: Route): JsonObject {
  if (!problem) return { $ref: "#/components/responses/Problem" };
  return { description: "An error, as the vendor tells its own.", content: { "application/json": { schema: {} } } };
}

/** What stands in path, query and headers. A path's parameters are always there. */
function parametersOf({ url, reads = {}, idempotency }: Route, book: SchemaBook): readonly JsonObject[] {
  const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const params = membersOf(reads.params, book);
  const path = [...inPath, ...(url.endsWith("*") ? ["path"] : [])].map((name) => {
    const { description, ...schema } = params.find((one) => one.name === name)?.schema ?? { type: "string" };
    return { name, in: "path", required: true, ...(description ? { description } : {}), schema };
  });
  const headers = membersOf(reads.headers, book).filter(({ name }) => name !== "idempotency-key");
  const others = [
    ...membersOf(reads.query, book).map((member) => ({ ...member, place: "query" })),
    ...[...headers, ...keyHeader(idempotency, book)].map((member) => ({ ...member, place: "header" })),
  ].map(({ name, place, required, schema: { description, ...schema } }) => ({
    name,
    in: place,
    ...(required ? { required } : {}),
    ...(description ? { description } : {}),
    schema,
  }));
  return [...path, ...others];
}

/** The header Idempotency-Key, where the route makes something. */
function keyHeader(idempotency: Route["idempotency"], book: SchemaBook): readonly Member[] {
  if (!idempotency) return [];
  const described = idempotencyKeySchema.describe(idempotencyMeanings[idempotency]);
  return membersOf(z.object({ "idempotency-key": described }), book);
}

interface Member {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonObject;
}

function membersOf(schema: z.ZodType | undefined, book: SchemaBook): readonly Member[] {
  if (!schema) return [];
  const { properties, required } = book.write(schema, "input");
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties).map(([name, member]) => ({
    name,
    required: Array.isArray(required) && required.includes(name),
    schema: isJsonObject(member) ? member : {},
  }));
}

function bodyOf({ takes, raw, reads = {} }: Route, book: SchemaBook): JsonObject | undefined {
  if (!takes) return undefined;
  const schema = reads.body ? book.write(reads.body, "input") : {};
  const content = takes.map((media) => {
    const isJson = /[/+]json$/.test(media);
    return [media, { schema: isJson || raw ? schema : { type: "string" } }] as const;
  });
  // Where no member must be there, the body need not be either.
  const isNeeded = reads.body ? !reads.body.safeParse({}).success : !raw;
  return { required: isNeeded, content: Object.fromEntries(content) };
}

function answersOf({ answers = {} }: Route, book: SchemaBook): Readonly<Record<string, JsonObject>> {
  const written = Object.entries(answers).map(([status, { text, schema, media, also = [] }]) => {
    const json = schema ? [[media ?? "application/json", { schema: book.write(schema, "output") }] as const] : [];
    const plain = [...(media && !schema ? [media] : []), ...also].map(
      (type) => [type, { schema: { type: "string" } }] as const,
    );
    const content = Object.fromEntries<Json>([...json, ...plain]);
    return [status, { description: text, ...(Object.keys(content).length > 0 ? { content } : {}) }] as const;
  });
  return Object.fromEntries(written);
}
