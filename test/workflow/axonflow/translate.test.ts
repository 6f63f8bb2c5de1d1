import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import { checkDefinition } from "../../../src/workflow/check.ts";
import { compileWorkflow } from "../../../src/workflow/compile.ts";

/** A document with these steps, at line 5 and on; two spaces before each line. */
function document(steps: string, spec = ""): string {
  return `apiVersion: axonflow.io/v1
kind: Workflow
metadata: { name: from-axonflow }
spec:
  steps:
${steps.replace(/^(?=.)/gm, "    ")}
${spec.replace(/^(?=.)/gm, "  ")}`;
}

function problemsOf(text: string): readonly string[] {
  try {
    compileWorkflow(checkDefinition(text));
  } catch (error) {
    if (error instanceof AppError) return error.message.split("\n");
    throw error;
  }
  return [];
}

const llm = (name: string, prompt = "Hello") =>
  `- { name: ${name}, type: llm-call, prompt: ${JSON.stringify(prompt)} }`;

describe("a document of AxonFlow's format means", () => {
  const spec = (text: string) => JSON.parse(JSON.stringify(checkDefinition(text)));

  test("its head: name, description, time, retries, tolerance, input and output", () => {
    const text = `apiVersion: axonflow.io/v1
kind: Workflow
metadata: { name: head, description: All of it, version: "1.2" }
spec:
  timeout: 1m30s
  retries: 2
  soft_failure_tolerance: required:a
  input:
    topic: { type: string, required: true, description: What about }
    words: integer
  steps:
    - { name: a, type: llm-call, prompt: "{{input.topic}}", timeout: 20s }
  output: { text: "{{steps.a.output.response}}" }
`;
    expect(spec(text)).toEqual({
      name: "head",
      description: "All of it",
      timeout: "90000ms",
      defaults: { retry: { attempts: 3 } },
      soft_failure: "required:a",
      input: {
        type: "object",
        required: ["topic"],
        properties: { topic: { type: "string", description: "What about" }, words: { type: "integer" } },
      },
      steps: [{ id: "a", timeout: "20s", llm: { prompt: "{{input.topic}}" } }],
      output: { text: "{{steps.a.output}}" },
    });
  });

  test("an input that says type: object is the JSON Schema that it is", () => {
    const schema = { type: "object", required: ["x"], properties: { x: { type: "string" } } };
    expect(spec(document(llm("a"), `input: ${JSON.stringify(schema)}`)).input).toEqual(schema);
  });

  test.each<[string, string, unknown]>([
    [
      "llm-call: an llm step with hints",
      "- { name: a, type: llm-call, provider: openai, model: gpt-4o, max_tokens: 50, prompt: Hi, output_schema: { type: object } }",
      {
        id: "a",
        llm: { prompt: "Hi", max_tokens: 50, output: { type: "object" } },
        route: { provider: "openai", model: "gpt-4o" },
      },
    ],
    [
      "api-call: an http step",
      '- { name: a, type: api-call, output_schema: { type: array }, parameters: { url: "https://a.test/{{input.k}}", method: POST, body: { k: "{{input.k}}" } } }',
      {
        id: "a",
        http: {
          url: "https://a.test/{{input.k}}",
          method: "POST",
          body: { k: "{{input.k}}" },
          response: { type: "array" },
        },
      },
    ],
    [
      "function-call: a function step",
      '- { name: a, type: function-call, function: check, parameters: { module: ./invoice.mjs, input: "{{input.invoice}}" } }',
      { id: "a", function: { module: "./invoice.mjs", export: "check", input: "{{input.invoice}}" } },
    ],
    [
      "connector-call with the request in its parameters: an http step",
      "- { name: a, type: connector-call, parameters: { url: https://a.test/ } }",
      { id: "a", http: { url: "https://a.test/" } },
    ],
  ])("%s", (_, step, expected) => {
    expect(spec(document(step)).steps).toEqual([expected]);
  });

  test("conditional: a switch that gives whether it holds, and a condition on each step that it names", () => {
    const { steps } = spec(
      document(`${llm("sort-it")}
- { name: check, type: conditional, condition: "'{{steps.sort-it.output.response}}' contains 'urgent'", if_true: hurry, if_false: wait }
${llm("hurry")}
${llm("wait")}`),
    );
    expect(steps.slice(1)).toEqual([
      {
        id: "check",
        switch: {
          cases: [
            {
              when: "steps.sort-it.output contains 'urgent'",
              steps: [{ id: "result", transform: "true" }],
            },
          ],
          default: { steps: [{ id: "result", transform: "false" }] },
        },
      },
      { id: "hurry", when: "steps.check.output == true", llm: { prompt: "Hello" } },
      { id: "wait", when: "steps.check.output == false", llm: { prompt: "Hello" } },
    ]);
  });

  test.each([
    ["of a text", llm("a"), "{{steps.a.output}}"],
    [
      "of a checked object",
      "- { name: a, type: llm-call, prompt: x, output_schema: { type: object, properties: { n: {} } } }",
      "{{steps.a.output}}",
    ],
    [
      "where the object has a field of that name",
      "- { name: a, type: llm-call, prompt: x, output_schema: { type: object, properties: { response: {} } } }",
      "{{steps.a.output.response}}",
    ],
    ["of a request", "- { name: a, type: api-call, parameters: { url: https://a.test } }", "{{steps.a.output.body}}"],
  ])(".response %s", (_, step, expected) => {
    expect(spec(document(step, 'output: "{{steps.a.output.response}}"')).output).toBe(expected);
  });

  test("the same as JSON, and as what is stored: that is checked again without the document", () => {
    const definition = checkDefinition(document(llm("a", "{{input.k}}")));
    expect(checkDefinition(JSON.parse(JSON.stringify(definition)))).toMatchObject({ steps: definition.steps });
  });
});

describe("what a document leaves open, or what is not there, is reported at its own place", () => {
  test.each<[string, string, readonly string[]]>([
    [
      "a connector",
      document("- { name: a, type: connector-call, connector: amadeus, operation: search }"),
      ["6:24 spec.steps.0.type: connector-call cannot be run: the file does not say what its connector does."],
    ],
    [
      "a function without a module",
      document("- { name: a, type: function-call, function: add }"),
      ["6:24 spec.steps.0.type: function-call needs parameters.module"],
    ],
    [
      "a misspelt type",
      document("- { name: a, type: llm-cal, prompt: x }"),
      ["6:24 spec.steps.0.type: must be one of llm-call,"],
    ],
    [
      "a misspelt key",
      document("- { name: a, type: llm-call, promt: x }"),
      ["spec.steps.0.prompt: ", "spec.steps.0.promt: unknown key. Did you mean prompt?"],
    ],
    ["a time without its unit", document(llm("a"), "timeout: 30"), ["7:12 spec.timeout: must be a text with its unit"]],
    ["a time that is none", document(llm("a"), "timeout: soon"), ["7:12 spec.timeout: must be a duration"]],
    [
      "a tolerance that is none",
      document(llm("a"), "soft_failure_tolerance: few"),
      ["7:27 spec.soft_failure_tolerance: must be one of none,"],
    ],
    [
      "a tolerance of a step that is not there",
      document(llm("summary"), "soft_failure_tolerance: required:sumary"),
      ['7:27 spec.soft_failure_tolerance: there is no step "sumary". Did you mean summary?'],
    ],
    [
      "an input that says nothing",
      document(llm("a"), "input: { k: what-you-like }"),
      ["7:15 spec.input.k: must be a type"],
    ],
    [
      "a branch that is not there",
      document(`- { name: c, type: conditional, condition: "true", if_true: hury }\n${llm("hurry")}`),
      ['spec.steps.0.if_true: there is no step "hury". Did you mean hurry?'],
    ],
    [
      "a branch that goes back",
      document(`${llm("a")}\n- { name: c, type: conditional, condition: "true", if_true: a }`),
      ["spec.steps.1.if_true: a must stand right behind c: the format does not say how often"],
    ],
    [
      "a branch over other steps",
      document(`- { name: c, type: conditional, condition: "true", if_true: b }\n${llm("a")}\n${llm("b")}`),
      ["spec.steps.0.if_true: b must stand right behind c: the format does not say whether"],
    ],
    [
      "a name that no step can have",
      document(llm("my step".replace(" ", "."))),
      ["6:15 spec.steps.0.name: must start with a letter"],
    ],
    ["another kind", document(llm("a")).replace("Workflow", "Policy"), ["2:7 kind: must be Workflow"]],
    ["another version", document(llm("a")).replace("v1", "v2"), ["1:13 apiVersion: must be axonflow.io/v1"]],
  ])("%s", (_, text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(expected.length);
    for (const [index, part] of expected.entries()) expect(problems[index]).toContain(part);
  });

  test("a reference in a prompt, behind one that was rewritten: at its line and column in the file", () => {
    const text = document(`${llm("first")}
- name: second
  type: llm-call
  prompt: |
    Read this.
    {{steps.first.output.response}} and {{steps.firs.output.response}}`);
    const line = text.split("\n").findIndex((content) => content.includes("firs."));
    const column = (text.split("\n")[line] ?? "").indexOf("steps.firs.");
    const [problem] = problemsOf(text);
    expect(problem).toContain(`${line + 1}:${column + 1} spec.steps.1.prompt: `);
    expect(problem).toContain("Did you mean");
  });

  test("a reference in a condition whose braces are gone", () => {
    const text = document(`${llm("first")}
- name: check
  type: conditional
  condition: "{{steps.first.output.response}} == 'a' and {{steps.firs.output.response}} == 'b'"`);
    const line = text.split("\n").findIndex((content) => content.includes("firs."));
    const [problem] = problemsOf(text);
    const column = (text.split("\n")[line] ?? "").indexOf("steps.firs.");
    expect(problem).toContain(`${line + 1}:${column + 1} spec.steps.1.condition: `);
    expect(problem).toContain("Did you mean");
  });

  test.each<[string, unknown]>([
    ["steps that are none", { spec: { steps: [null, 7, "x", [], {}] } }],
    ["no steps", { spec: { steps: [] } }],
    ["steps that are no list", { spec: { steps: { a: 1 } } }],
    ["no spec", {}],
    ["a spec that is none", { spec: "x" }],
    ["metadata that are none", { metadata: [], spec: { steps: [{ name: "a", type: "llm-call", prompt: "x" }] } }],
    ["an input that is none", { spec: { input: [1], steps: [{ name: "a", type: "llm-call", prompt: "x" }] } }],
    ["parameters that are none", { spec: { steps: [{ name: "a", type: "api-call", parameters: "x" }] } }],
    ["a type that every object has", { spec: { steps: [{ name: "a", type: "constructor" }] } }],
    ["a name that every object has", { spec: { steps: [{ name: "__proto__", type: "conditional" }] } }],
  ])("%s: refused, and nothing worse", (_, parts) => {
    const whole = { apiVersion: "axonflow.io/v1", kind: "Workflow", metadata: { name: "x" }, ...(parts as object) };
    expect(() => checkDefinition(whole as never)).toThrow(expect.objectContaining({ code: "invalid_definition" }));
  });

  test("a text that would begin a tag here", () => {
    const problems = problemsOf(document(llm("a", "100 {% off")));
    expect(problems[0]).toMatch(/^6:\d+ spec\.steps\.0\.prompt: \{% begins a tag/);
  });

  test("everything at once, in the order of the file", () => {
    const text = document(`- { name: a, type: connector-call, connector: x }
- { name: b, type: llm-call, prompt: "{{input.k}} {{steps.c.output.response}}" }
- { name: b, type: lm-call }`);
    expect(problemsOf(text).map((line) => line.split(" ", 2)[1])).toEqual([
      "spec.steps.0.type:",
      "spec.steps.1.prompt:",
      "spec.steps.2.name:",
      "spec.steps.2.type:",
    ]);
  });
});
