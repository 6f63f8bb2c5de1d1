import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { isJsonObject } from "../../src/core/json.ts";
import { openApiDocument } from "../../src/server/openapi/document.ts";
import { routes } from "../../src/server/routes.ts";

const document = openApiDocument(routes, "1.2.3");
const operations = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
  (path) => Object.values(path),
);

describe("the API's document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  test("has every route, each under a name of its own", () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids).toHaveLength(routes.length);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(routes.map((route) => [`${route.method} ${route.url}`, route] as const))(
    "%s says what it reads and what it answers",
    (_, { url, answers = {}, takes, raw, reads = {}, method }) => {
      expect(Object.keys(answers), "answers").not.toEqual([]);
      if (url.includes(":")) expect(reads.params, "reads.params").toBeDefined();
      if (takes && !raw) expect(reads.body, "reads.body").toBeDefined();
      for (const [status, { schema, media, text }] of Object.entries(answers)) {
        expect(text).not.toBe("");
        if (status !== "204") expect(schema ?? media, `answers.${status}: schema or media`).toBeDefined();
      }
      expect(method).toMatch(/^[A-Z]+$/);
    },
  );

  test("refers to nothing that is not there", () => {
    const { schemas } = document.components as { schemas: Record<string, unknown> };
    const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(names.filter((name) => !schemas[name ?? ""])).toEqual([]);
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(["Run", "Event", "Problem", "Hints"]));
  });

  test("lets answers have further fields, and requests have none", () => {
    const { schemas } = document.components as { schemas: Record<string, { additionalProperties?: unknown }> };
    expect(schemas.Run?.additionalProperties).toBeUndefined();
    expect(schemas.HintsInput?.additionalProperties ?? schemas.Hints?.additionalProperties).toBe(false);
  });

  test("keeps apart what has one name and two shapes", () => {
    const one = z.object({ a: z.string().default("x") }).meta({ id: "Thing" });
    const route = {
      method: "POST",
      url: "/things",
      summary: "s",
      chapter: "c",
      scope: "read",
      takes: ["application/json"],
      reads: { body: one },
      answers: { 200: { text: "t", schema: one } },
      handler: () => () => undefined,
    } as const;
    const { components } = openApiDocument([route], "1");
    const names = Object.keys((isJsonObject(components) && (components.schemas as object)) || {});
    expect(names.filter((name) => name.startsWith("Thing"))).toHaveLength(2);
  });
});
