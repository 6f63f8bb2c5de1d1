import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../src/core/errors.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import type { Scope } from "../../src/workflow/compiled.ts";
import { define } from "./support/define.ts";

const scope: Scope = {
  input: { log: "boom", count: 3, items: [{ name: "a" }, { name: "b" }], none: null },
  steps: { first: { output: { severity: "low", owner: null } }, skipped: { output: null } },
};

const before: readonly JsonObject[] = [
  { id: "first", noop: {} },
  { id: "skipped", noop: {} },
];

/** What the step `last` renders to. */
async function rendered(body: JsonObject, given: Scope = scope): Promise<Json> {
  const { steps } = define({ name: "w", steps: [...before, { id: "last", ...body }] });
  const last = steps.get("last");
  if (!last) throw new Error("no step");
  return last.render(given);
}

async function failure(body: JsonObject): Promise<string> {
  const error: unknown = await rendered(body).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).code).toBe("template_failed");
  return (error as AppError).message;
}

describe("a step's templates", () => {
  test.each<[string, Json]>([
    ["{{ input.count }}", 3],
    ["  {{- input.items -}}\n", [{ name: "a" }, { name: "b" }]],
    ["{{ input.items | map: 'name' }}", ["a", "b"]],
    ["{{ input.count | plus: 1 }}", 4],
    ["{{ input.count > 2 }}", true],
    ["{{ steps.first.output }}", { severity: "low", owner: null }],
    ["{{ steps.skipped.output }}", null],
    ["{{ steps.first.output.absent | default: 'x' }}", "x"],
    ["n: {{ input.count }}", "n: 3"],
    ["{{ input.count }}{{ input.count }}", "33"],
    ["no template", "no template"],
    ["{% raw %}{{ input.count }}{% endraw %}", "{{ input.count }}"],
  ])("render %s with its type", async (text, value) => {
    expect(await rendered({ noop: { value: text } })).toEqual({ value });
  });

  test("make text of a prompt whatever its type, objects and lists as JSON", async () => {
    const body = await rendered({ llm: { prompt: "{{ input.items }}", system: "{{ input.count }}", max_tokens: 5 } });
    expect(body).toEqual({ prompt: '[{"name":"a"},{"name":"b"}]', system: "3", max_tokens: 5 });
  });

  test("render each message and leave the output schema alone", async () => {
    const output = { type: "object", properties: { text: { const: "{{ input.log }}" } } };
    const messages = [
      { role: "user", content: "{{ input.log }}" },
      { role: "assistant", content: "Yes: {{ input.count }}" },
    ];
    expect(await rendered({ llm: { messages, output } })).toEqual({
      messages: [
        { role: "user", content: "boom" },
        { role: "assistant", content: "Yes: 3" },
      ],
      output,
    });
  });

  test("may ask with if for what a skipped step did not give", async () => {
    const prompt = "{% if steps.skipped.output %}Impact: {{ steps.skipped.output }}{% else %}None{% endif %}";
    expect(await rendered({ llm: { prompt } })).toEqual({ prompt: "None" });
  });

  test.each([
    ["{{ steps.first.output.absent }}", "steps.first.output.absent is missing."],
    ["a {{ steps.first.output.x.y }}", "steps.first.output.x.y is missing: there is no steps.first.output.x."],
    ["a\nb {{ input.absent }}", "input.absent is missing (line 2)."],
    ["a {{ steps.skipped.output }}", "{{ steps.skipped.output }} has no value: a skipped step's output is null."],
    ["{{ input.none | raw }}", "{{ input.none | raw }} has no value: a skipped step's output is null."],
    ["{% for item in input.absent %}{% endfor %}", "input.absent is missing."],
    ["{{ input.constructor }}", "input.constructor is missing."],
    ["{% for i in (1..100000000) %}{% endfor %}", "{% for i in (1..100000000) %}: memory alloc limit exceeded."],
  ])("fail on %s and name what is missing", async (prompt, message) => {
    expect(await failure({ llm: { prompt } })).toBe(`Step "last", llm.prompt: ${message}`);
  });

  test("fail on a number that JSON does not know", async () => {
    expect(await failure({ noop: { x: "{{ input.count | divided_by: 0 }}" } })).toMatch(/Infinity is not a number/);
  });

  test("say which steps they read, each once", () => {
    const prompt = "{{ steps.first.output }}{% if steps.skipped.output %}{{ steps.first.output }}{% endif %}";
    const { steps } = define({
      name: "w",
      steps: [...before, { id: "last", when: "steps.first.output", llm: { prompt } }],
    });
    expect(steps.get("last")?.reads).toEqual(["first", "skipped"]);
    expect(steps.get("first")?.reads).toEqual([]);
  });

  test("cannot change what they read", async () => {
    const given = structuredClone(scope);
    await rendered({ llm: { prompt: "{% increment input %}{% assign steps = 1 %}" } }, given);
    expect(given).toEqual(scope);
  });

  test("give any JSON back as it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const given = { ...scope, input: { value: value as Json } };
        expect(await rendered({ noop: { x: "{{ input.value }}" } }, given)).toEqual({ x: value });
      }),
      { numRuns: 50 },
    );
  });

  test("put any text into a prompt as it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const given = { ...scope, input: { text } };
        expect(await rendered({ llm: { prompt: "<{{ input.text }}>" } }, given)).toEqual({ prompt: `<${text}>` });
      }),
      { numRuns: 100 },
    );
  });
});

describe("a run's output", () => {
  const steps = [
    { id: "a", needs: [], noop: {} },
    { id: "b", needs: [], noop: {} },
  ];
  const given: Scope = { input: { n: 1 }, steps: { a: { output: { x: [1] } }, b: { output: "B" } } };

  test("keeps types, at any depth", async () => {
    const workflow = define({
      name: "w",
      steps,
      output: { n: "{{ input.n }}", deep: [{ x: "{{ steps.a.output.x }}" }], c: 5 },
    });
    expect(workflow.outputReads).toEqual(["a"]);
    expect(await workflow.renderOutput(given)).toEqual({ n: 1, deep: [{ x: [1] }], c: 5 });
  });

  test("names its place when a value is missing", async () => {
    const workflow = define({ name: "w", steps, output: { deep: ["{{ steps.a.output.y }}"] } });
    await expect(workflow.renderOutput(given)).rejects.toThrow(
      'Workflow "w", output.deep.0: steps.a.output.y is missing.',
    );
  });

  test("is the only leaf's output by default", async () => {
    const workflow = define({ name: "w", steps: [...steps, { id: "c", needs: ["a", "b"], noop: {} }] });
    expect(workflow.outputReads).toEqual(["c"]);
    expect(await workflow.renderOutput({ input: {}, steps: { c: { output: [1] } } })).toEqual([1]);
  });

  test("is every leaf's output by its id where there are several", async () => {
    expect(await define({ name: "w", steps }).renderOutput(given)).toEqual({ a: { x: [1] }, b: "B" });
  });

  test("is completed by its schema's defaults, or refused with everything that does not fit", () => {
    const output_schema = {
      type: "object",
      required: ["n"],
      properties: { n: { type: "integer" }, unit: { type: "string", default: "cm" } },
    };
    const { checkOutput } = define({ name: "w", steps, output_schema });
    expect(checkOutput({ n: 1 })).toEqual({ n: 1, unit: "cm" });
    expect(() => checkOutput({ n: 1.5, unit: 2 })).toThrow(
      'The output does not fit the output_schema of workflow "w": output.n must be integer; output.unit must be string.',
    );
  });
});
