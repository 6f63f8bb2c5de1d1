import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import jsonata from "jsonata";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { builtInNames, parseJsonata } from "../../src/workflow/jsonata.ts";
import { referenceText } from "../../src/workflow/reference.ts";
import { define, problemsOf } from "./support/define.ts";

/** What an expression reads, as text; `...` where it may read any step. */
function readsOf(text: string): readonly string[] {
  const { references, isOpen } = parseJsonata(text);
  return [...references.map(({ segments }) => referenceText(segments)), ...(isOpen ? ["..."] : [])];
}

describe("what an expression reads", () => {
  test.each<[string, readonly string[]]>([
    ["steps.a.output.name", ["steps.a.output.name"]],
    ["$$.steps.a.output", ["steps.a.output"]],
    ["$.steps.a.output", ["steps.a.output"]],
    ["steps.`my-step`.output", ["steps.my-step.output"]],
    ['steps."a".output', ["steps.a.output"]],
    ["steps.a.output[0].name", ["steps.a.output[0].name"]],
    ["steps.a.output[price > 3].name", ["steps.a.output"]],
    ["input.a + steps.b.output * -input.c", ["input.a", "steps.b.output", "input.c"]],
    ['{"a": input.a, input.key: steps.b.output}', ["input.a", "input.key", "steps.b.output"]],
    ["[input.a, steps.b.output..input.c]", ["input.a", "steps.b.output", "input.c"]],
    ["input.a ? steps.b.output : steps.c.output", ["input.a", "steps.b.output", "steps.c.output"]],
    ["steps.a.output ?? 1", ["steps.a.output", "steps.a.output"]],
    ["$sum(steps.a.output.price)", ["steps.a.output.price"]],
    ["steps.a.output ~> $sum", ["steps.a.output"]],
    ["($x := steps.a.output; $x.name)", ["steps.a.output"]],
    ["$map(input.list, function($v) { $v + steps.a.output })", ["input.list", "steps.a.output"]],
    ["$$.(steps.a.output)", ["steps.a.output"]],
    ["input.items.(price * qty)", ["input.items"]],
    ["input.items[price > $$.steps.a.output]", ["input.items", "steps.a.output"]],
    ["input.items{name: $sum(price)}", ["input.items"]],
    ["input.items^(>price)", ["input.items"]],
    ["input ~> |items|{'price': 0}|", ["input"]],
    ['"steps.a.output"', []],
    ["1 + 1", []],
  ])("%s", (text, reads) => {
    expect(new Set(readsOf(text))).toEqual(new Set(reads));
  });

  test.each([
    "steps",
    "steps.*.output",
    "**.name",
    "$",
    "$$",
    "$keys(steps)",
    '$lookup(steps, "a")',
    "$eval(input.formula)",
    "$string()",
    "($s := steps; $s.a.output)",
    "input.items.{'whole': %.%}",
    "input.a@$x.steps.a.output",
    "steps[0].a.output",
  ])("%s may be any step", (text) => {
    expect(readsOf(text)).toContain("...");
  });

  test("is all that its value depends on: without the other steps it is the same", async () => {
    const roots = fc.constantFrom("steps", "input", "$$", "$", "$$.steps", "steps.a", "steps.b", "steps.a.output");
    const tails = fc.constantFrom(
      "",
      ".output",
      ".a.output",
      ".*",
      ".**",
      "[0]",
      "[n > 1]",
      ".(n)",
      ".(steps.b.output)",
    );
    const wraps = fc.constantFrom(
      (text: string) => text,
      (text: string) => `$string(${text})`,
      (text: string) => `$map([1,2], function($v) { ${text} })`,
      (text: string) => `($x := ${text}; $x.output)`,
      (text: string) => `{"k": ${text}, "n": $count(${text})}`,
      (text: string) => `input.list.($$.${text.replace(/^\$+\.?/, "") || "input"})`,
      (text: string) => `$exists(${text}) ? ${text} : input`,
      (text: string) => `${text} ~> $string`,
    );
    const steps: Readonly<Record<string, Json>> = {
      a: { output: [{ n: 1 }, { n: 2 }] },
      b: { output: { n: 3, output: "b" } },
      c: { output: "c" },
    };
    const input = { list: [1, 2], n: 5 };
    await fc.assert(
      fc.asyncProperty(roots, tails, wraps, async (root, tail, wrap) => {
        const text = wrap(`${root}${tail}`);
        const { references, isOpen } = parseJsonata(text);
        const read = new Set(references.flatMap(({ segments: [first, id] }) => (first === "steps" ? [id] : [])));
        const kept = Object.fromEntries(Object.entries(steps).filter(([id]) => isOpen || read.has(id)));
        const textOf = async (given: Readonly<Record<string, Json>>): Promise<string> =>
          JSON.stringify(await jsonata(text).evaluate({ input, steps: given })) ?? "";
        expect(await textOf(kept)).toBe(await textOf(steps));
      }),
      { numRuns: 500 },
    );
  });
});

test("every function of JSONata is known, and no other", () => {
  const source = readFileSync(createRequire(import.meta.url).resolve("jsonata"), "utf8");
  const names = [...source.matchAll(/(?:staticFrame|environment)\.bind\('(\w+)'/g)].map(([, name]) => name);
  expect([...builtInNames].sort()).toEqual([...new Set(names)].sort());
});

/** A transform behind two steps, the second of which has a schema. */
function transform(...lines: readonly string[]): string {
  return [
    "name: w",
    "input: { type: object, properties: { n: { type: integer } } }",
    "steps:",
    "  - { id: first, noop: {} }",
    "  - { id: b-1, llm: { prompt: Hi, output: { type: object, properties: { n: { type: integer } } } } }",
    "  - id: t",
    ...lines.map((line) => `    ${line}`),
    "  - { id: after, noop: {} }",
  ].join("\n");
}

function problemLines(source: string): readonly string[] {
  return problemsOf(source).map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe("a transform's mistakes are found before it runs", () => {
  test.each([
    ["an end too early", "transform: 1 +", "7:19 is not valid JSONata: unexpected end of expression."],
    ["a wrong token", "transform: input.n n", '7:24 is not valid JSONata: syntax error: "n".'],
    [
      "an open text",
      `transform: '"abc'`,
      "7:21 is not valid JSONata: string literal must be terminated by a matching quote.",
    ],
    ["an unknown function", "transform: $summ(input.n)", "7:16 nothing here is called $summ. Did you mean $sum?"],
    [
      "an unknown variable",
      "transform: ($total := 1; $totl)",
      "7:30 nothing here is called $totl. Did you mean $total?",
    ],
    [
      "an unknown root",
      "transform: inputs.n",
      "7:16 reads inputs.n, but inputs is not known here; templates read input and steps. Did you mean input?",
    ],
    [
      "an unknown input",
      "transform: input.m",
      "7:16 reads input.m, but the workflow's input has no m. Did you mean input.n?",
    ],
    [
      "an unknown step",
      "transform: steps.unknown.output",
      '7:16 reads steps.unknown.output, but there is no step "unknown".',
    ],
    [
      "a step that has not ended",
      "transform: steps.after.output",
      '7:16 reads steps.after.output, but step "after" need not have ended by then. Add after to the needs of step "t".',
    ],
    [
      "a step's end forgotten",
      "transform: steps.first.name",
      "7:16 reads steps.first.name, which no step produces. Did you mean steps.first.output?",
    ],
    [
      "an unknown field",
      "transform: steps.`b-1`.output.m",
      '7:16 reads steps.b-1.output.m, but the output of step "b-1" has no m. Did you mean steps.b-1.output.n?',
    ],
    [
      "a dash",
      "transform: steps.b-1",
      '7:16 reads steps.b, but there is no step "b". If you mean b-1: JSONata takes a dash for a minus; write steps.`b-1`.',
    ],
    [
      "an environment variable",
      "transform: env.TOKEN",
      "7:16 reads env.TOKEN, but environment variables are out of reach here; only steps of kind http and function can read them.",
    ],
    ["nothing at all", 'transform: ""', "7:16 must not be empty."],
    ["no member", "transform: {}", "7:16 must have at least one member."],
    ["a number", "transform: 7", "7:16 must be a text or an object, not a number."],
    ["a member that is none", "transform: { a: 7 }", "7:21 must be a text, not a number."],
  ])("%s", (_what, line, problem) => {
    expect(problemLines(transform(line))).toContain(problem);
  });

  test("at the line and column of a block, all at once", () => {
    const lines = [
      "transform:",
      "  one: |",
      "    input.n +",
      "      steps.unknown.output",
      "  two: input.n +",
      "  three: $nothing",
    ];
    expect(problemLines(transform(...lines))).toEqual([
      '10:11 reads steps.unknown.output, but there is no step "unknown".',
      "11:21 is not valid JSONata: unexpected end of expression.",
      "12:14 nothing here is called $nothing.",
    ]);
  });

  test("of members that the step does not give", () => {
    const source = `${transform("transform: { total: input.n }")}\noutput: "{{ steps.t.output.totl }}"`;
    expect(problemLines(source)[0]).toContain("has no totl. Did you mean steps.t.output.total?");
  });
});

describe("what a worker loads for a transform", () => {
  const readsIn = (body: Json) => {
    const steps = ["a", "b"].map((id) => ({ id, noop: {} }));
    return define({ name: "w", steps: [...steps, { id: "t", transform: body }, { id: "z", noop: {} }] }).steps.get("t");
  };

  test.each<[Json, readonly string[]]>([
    ["input.n", []],
    ["steps.b.output", ["b"]],
    [{ x: "steps.b.output", y: "steps.a.output + steps.b.output" }, ["b", "a"]],
    ["$keys(steps)", ["a", "b"]],
  ])("%j: the steps that it reads, all before it where it may read any", async (body, reads) => {
    const step = readsIn(body);
    expect(step?.reads).toEqual(reads);
    const scope = { input: { n: 1 }, steps: Object.fromEntries(reads.map((id) => [id, { output: id }])) };
    expect(await step?.render(scope)).toEqual({ expressions: body, data: scope });
  });
});
