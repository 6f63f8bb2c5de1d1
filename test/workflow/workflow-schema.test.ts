import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { checkDefinition, defaultKinds } from "../../src/workflow/check.ts";
import { schemaText, workflowSchema } from "../../src/workflow/schema/workflow-schema.ts";
import { failureOf } from "./support/define.ts";

const root = new URL("../../", import.meta.url);
const file = new URL("docs/reference/workflow.schema.json", root);
const schema = workflowSchema(defaultKinds);
const validate = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false }).compile(
  schema,
);

/** What the schema says is wrong: places and words. */
function mistakes(text: string): readonly string[] {
  if (validate(parse(text))) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath} ${message} ${JSON.stringify(params)}`;
  });
}

const shipped = readdirSync(new URL("workflows/", root)).filter((name) => /^(?!.*\.test\.).*\.yaml$/.test(name));
const examples = readdirSync(new URL("docs/reference/", root))
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) => {
    const text = readFileSync(new URL(`docs/reference/${name}`, root), "utf8");
    return [...text.matchAll(/^```yaml\n((?:#.*\n)*name:[\s\S]*?)^```$/gm)].map(([, yaml = ""], index) => ({
      example: `${name}, workflow ${index + 1}`,
      yaml,
    }));
  });

/** Every property that a schema names, by its place. */
function* properties(value: Json | undefined, place: string): Generator<readonly [string, JsonObject]> {
  if (!isJsonObject(value)) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === "properties" && isJsonObject(member)) {
      for (const [name, property] of Object.entries(member)) {
        if (isJsonObject(property)) yield [`${place}.${name}`, property];
        yield* properties(property, `${place}.${name}`);
      }
    } else if (isJsonObject(member)) yield* properties(member, `${place}.${key}`);
    else if (Array.isArray(member)) for (const item of member) yield* properties(item, place);
  }
}

describe("the JSON Schema of workflows", () => {
  test("in the docs is the one that the program makes: `node scripts/write-reference.mjs`", () => {
    expect(readFileSync(file, "utf8")).toBe(schemaText(schema));
  });

  test("has every kind, and a sentence for each of them and for every key", () => {
    const definitions = schema.definitions as JsonObject;
    for (const { name } of defaultKinds) expect(definitions[name]).toMatchObject({ description: expect.any(String) });
    const silent = [...properties(schema, "")].filter(([, { description, $ref }]) => !description && !$ref);
    expect(silent.map(([place]) => place)).toEqual([]);
  });

  test.each(shipped)("takes %s, which names it for editors", (name) => {
    const text = readFileSync(new URL(`workflows/${name}`, root), "utf8");
    expect(mistakes(text)).toEqual([]);
    const [, hint = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect(existsSync(new URL(hint, new URL("workflows/", root))) && hint).toMatch(/workflow\.schema\.json$/);
  });

  test.each(examples)("takes $example of the reference", ({ yaml }) => {
    expect(mistakes(yaml)).toEqual([]);
  });

  const step = (text: string) => `name: a\nsteps:\n  - ${text}\n`;
  test.each([
    ["a workflow without steps", "name: a\n", "must have required property 'steps'"],
    ["an empty list of steps", "name: a\nsteps: []\n", "must NOT have fewer than 1 items"],
    ["a misspelt key", `nam: a\n${step("{ id: b, llm: { prompt: x } }")}`, '"additionalProperty":"nam"'],
    ["a name with capitals", step("{ id: b, llm: { prompt: x } }").replace("name: a", "name: A"), "must match pattern"],
    ["an id that begins with a digit", step("{ id: 1b, llm: { prompt: x } }"), "/steps/0/id must match pattern"],
    ["a step without a kind", step("{ id: b }"), "/steps/0 must match exactly one schema in oneOf"],
    [
      "a step with two kinds",
      step("{ id: b, llm: { prompt: x }, transform: input.x }"),
      'in oneOf {"passingSchemas":[0,',
    ],
    ["a misspelt key of a step", step("{ id: b, llm: { prompt: x }, whne: x }"), '"additionalProperty":"whne"'],
    ["a misspelt key of a kind", step("{ id: b, llm: { promt: x } }"), '"additionalProperty":"promt"'],
    ["a prompt and messages", step("{ id: b, llm: { prompt: x, messages: [{ role: user, content: x }] } }"), "oneOf"],
    ["a role that is none", step("{ id: b, llm: { messages: [{ role: system, content: x }] } }"), "allowedValues"],
    ["a temperature out of range", step("{ id: b, llm: { prompt: x, temperature: 3 } }"), "must be <= 2"],
    [
      "a duration without a unit",
      step('{ id: b, llm: { prompt: x }, timeout: "30" }'),
      "/steps/0/timeout must match pattern",
    ],
    [
      "a duration that is a number",
      step("{ id: b, llm: { prompt: x }, timeout: 30 }"),
      "/steps/0/timeout must be string",
    ],
    ["too many attempts", step("{ id: b, llm: { prompt: x }, retry: { attempts: 101 } }"), "must be <= 100"],
    ["needs that are a text", step("{ id: b, llm: { prompt: x }, needs: a }"), "/steps/0/needs must be array"],
    ["defaults of no kind", `defaults: { lmm: { model: x } }\n${step("{ id: b, llm: { prompt: x } }")}`, '"lmm"'],
    ["a prompt as a default", `defaults: { llm: { prompt: x } }\n${step("{ id: b, llm: { prompt: x } }")}`, '"prompt"'],
    [
      "a schema that is none",
      step("{ id: b, llm: { prompt: x, output: { type: strin } } }"),
      "/steps/0/llm/output/type",
    ],
    [
      "an input schema that is none",
      `input: { required: a }\n${step("{ id: b, llm: { prompt: x } }")}`,
      "/input/required",
    ],
    ["a request without an address", step("{ id: b, http: { method: GET } }"), "must have required property 'url'"],
    ["a transform that is a number", step("{ id: b, transform: 1 }"), "/steps/0/transform must be"],
    ["an approval without words", step("{ id: b, approval: { who: [Ada] } }"), "must have required property 'message'"],
    ["a wait for two things", step("{ id: b, wait: { for: 1m, signal: go } }"), "/steps/0/wait must match exactly one"],
  ])("refuses %s, as the program does", (_what, text, mistake) => {
    expect(mistakes(text).join("\n")).toContain(mistake);
    expect(failureOf(() => checkDefinition(text))?.code).toBe("invalid_definition");
  });
});
