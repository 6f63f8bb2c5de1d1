import { describe, expect, test } from "vitest";
import { isJsonObject } from "../../src/core/json.ts";
import { checkDefinition } from "../../src/workflow/check.ts";
import { blockDefinition, blockName } from "../../src/workflow/kinds/block.ts";
import { isOver } from "../../src/workflow/until.ts";
import { define, failureOf, kinds, problemsOf } from "./support/define.ts";

/** A definition in which only the given lines are of interest. */
function steps(...lines: readonly string[]): string {
  return ["name: w", "steps:", ...lines.map((line) => `  ${line}`)].join("\n");
}

const mistakes = (source: string): readonly string[] =>
  problemsOf(source).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);

describe("a mistake in a block", () => {
  test.each<readonly [name: string, source: string, problem: string]>([
    [
      "an unknown key of a step in it",
      steps("- id: m", "  map: { over: [1], steps: [{ id: a, noop: {}, neds: [] }] }"),
      "4:50 steps.0.map.steps.0.neds: unknown key. Did you mean needs?",
    ],
    [
      "a field that no item has",
      steps("- id: m", "  map:", "    over: [1]", "    steps:", '      - { id: a, noop: { t: "is {{ input.itm }}" } }'),
      "7:38 steps.0.map.steps.0.noop.t: reads input.itm, but the block's input has item, index. Did you mean item?",
    ],
    [
      "an input that nobody gives it",
      steps("- id: p", '  parallel: { branches: { a: { steps: [{ id: a, noop: { t: "{{ input.text }}" } }] } } }'),
      "4:66 steps.0.parallel.branches.a.steps.0.noop.t: reads input.text, but the block is given none. What it is to read, the step's `input` must give it.",
    ],
    [
      "a step around it",
      steps(
        "- { id: first, noop: {} }",
        "- id: m",
        '  map: { over: [1], steps: [{ id: a, noop: { t: "{{ steps.first.output }}" } }] }',
      ),
      '5:55 steps.1.map.steps.0.noop.t: reads steps.first.output, but a block cannot read the steps around it; hand it over: input: { first: "{{ steps.first.output }}" }.',
    ],
    [
      "a misspelt step in its output",
      steps("- id: m", '  map: { over: [1], steps: [{ id: ask, noop: {} }], output: "{{ steps.akk.output }}" }'),
      '4:67 steps.0.map.output: reads steps.akk.output, but there is no step "akk". Did you mean steps.ask.output?',
    ],
    [
      "one in a block in a block",
      steps(
        "- id: m",
        "  map: { over: [1], steps: [{ id: l, loop: { until: output.ok, max: 2, steps: [{ id: a, llm: { prmpt: x } }] } }] }",
      ),
      "4:98 steps.0.map.steps.0.loop.steps.0.llm.prmpt: unknown key. Did you mean prompt?",
    ],
    [
      "steps that wait for each other",
      steps("- id: r", "  race: { branches: { a: { steps: [{ id: x, needs: [x], noop: {} }] } } }"),
      "4:54 steps.0.race.branches.a.steps.0.needs: steps wait for each other and could never start: x needs x.",
    ],
    [
      "its own defaults",
      steps("- id: m", "  map: { over: [1], defaults: { timeout: 3 }, steps: [{ id: a, noop: {} }] }"),
      "4:44 steps.0.map.defaults.timeout: must be a text, not a number.",
    ],
  ])("%s is told with its place in the file", (_name, source, problem) => {
    expect(mistakes(source)).toEqual([problem]);
  });

  test("is told beside those of the step that the block stands in", () => {
    const source = steps("- id: m", "  map: { over: [1], concurency: 2, steps: [{ id: a, llm: { prmpt: x } }] }");
    expect(mistakes(source)).toEqual([
      "4:23 steps.0.map.concurency: unknown key. Did you mean concurrency?",
      "4:62 steps.0.map.steps.0.llm.prmpt: unknown key. Did you mean prompt?",
    ]);
  });
});

describe("a mistake of a step that runs blocks", () => {
  test.each<readonly [name: string, step: string, problem: string]>([
    [
      "nothing to run",
      "map: { over: [1] }",
      "4:10 steps.0.map: needs what to run: workflow (the name of a stored one), or steps.",
    ],
    [
      "two things to run",
      "map: { over: [1], workflow: v, steps: [{ id: a, noop: {} }] }",
      "4:43 steps.0.map.steps: stands beside workflow; keep one of the two.",
    ],
    [
      "a version of steps",
      "map: { over: [1], version: 2, steps: [{ id: a, noop: {} }] }",
      "4:32 steps.0.map.version: belongs to workflow.",
    ],
    [
      "an output of a stored workflow",
      'loop: { until: output, max: 2, workflow: v, output: "x" }',
      "4:57 steps.0.loop.output: belongs to steps.",
    ],
    [
      "an input that the map gives itself",
      "map: { over: [1], input: { item: 1 }, workflow: v }",
      "4:38 steps.0.map.input.item: is the item of the list; give this another name.",
    ],
    [
      "a loop without a bound",
      "loop: { until: output, workflow: v }",
      "4:5 steps.0.loop.max: is missing; it must be a number.",
    ],
    [
      "a bound too high",
      "loop: { until: output, max: 1001, workflow: v }",
      "4:33 steps.0.loop.max: must be at most 1000.",
    ],
    [
      "a misspelt round",
      "loop: { until: outpt.ok, max: 2, workflow: v }",
      "4:20 steps.0.loop.until: reads outpt.ok, but outpt is not known here; until reads output, index and input. Did you mean output?",
    ],
    [
      "an input that the loop has not",
      "loop: { until: output > input.goall, max: 2, input: { goal: 1 }, workflow: v }",
      "4:20 steps.0.loop.until: reads input.goall, but the loop gives goal. Did you mean goal?",
    ],
    [
      "an until with braces",
      'loop: { until: "{{ output }}", max: 2, workflow: v }',
      "4:20 steps.0.loop.until: is an expression as it stands; write it without braces.",
    ],
    [
      "an until that is no expression",
      'loop: { until: "output ==", max: 2, workflow: v }',
      "4:20 steps.0.loop.until: is not valid Liquid: two values stand side by side; an operator is missing.",
    ],
    ["no branch", "parallel: { branches: {} }", "4:27 steps.0.parallel.branches: must have at least one branch."],
    [
      "a branch's name",
      "race: { branches: { a b: { workflow: v } } }",
      "4:25 steps.0.race.branches.a b: must start with a letter and hold only letters, digits, _ and -, at most 64.",
    ],
    [
      "a case with braces",
      'switch: { cases: [{ when: "{{ input.x }}", workflow: v }] }',
      "4:32 steps.0.switch.cases.0.when: is an expression as it stands; write it without braces.",
    ],
    [
      "a case that reads a step that is not there",
      "switch: { cases: [{ when: steps.first.output, workflow: v }] }",
      '4:31 steps.0.switch.cases.0.when: reads steps.first.output, but there is no step "first".',
    ],
  ])("%s is told with its place", (_name, step, problem) => {
    expect(mistakes(steps("- id: s", `  ${step}`))).toEqual([problem]);
  });

  test("a branch that is not there is told to who reads it", () => {
    const source = steps(
      "- id: p",
      "  parallel: { branches: { summary: { workflow: v }, review: { workflow: v } } }",
      '- { id: q, noop: { t: "{{ steps.p.output.sumary }}" } }',
    );
    expect(mistakes(source)).toEqual([
      '5:29 steps.1.noop.t: reads steps.p.output.sumary, but the output of step "p" has no sumary. Did you mean steps.p.output.summary?',
    ]);
  });

  test("a strategy that a block's step names is checked as any other", () => {
    const source = steps(
      "- id: m",
      "  map: { over: [1], steps: [{ id: a, llm: { prompt: x }, route: { strategy: fastest } }] }",
    );
    const failure = failureOf(() => checkDefinition(source, { strategies: ["weighted"] }));
    expect(failure?.message).toContain("steps.0.map.steps.0.route.strategy: is not a strategy of this version");
  });
});

describe("the workflow that a block is", () => {
  const withDefaults = `name: w
input: { type: object, properties: { who: { type: string } } }
defaults:
  llm: { model: smart, temperature: 0, system: "For {{ input.who }}" }
  retry: { attempts: 7 }
steps:
  - id: m
    map:
      over: [1]
      defaults: { llm: { temperature: 1 }, timeout: 1m }
      steps: [{ id: a, llm: { prompt: "{{ input.item }}" }, route: { provider: openai } }]
`;

  test("has the defaults around it under its own, but for what reads the run's input", () => {
    const [step] = checkDefinition(withDefaults, { kinds }).steps;
    expect(isJsonObject(step?.body) && step.body.defaults).toEqual({
      llm: { model: "smart", temperature: 1 },
      retry: { attempts: 7 },
      timeout: "1m",
    });
  });

  test("can be checked by itself, and says what it is given", () => {
    const [step] = checkDefinition(withDefaults, { kinds }).steps;
    const block = isJsonObject(step?.body) ? step.body : {};
    const content = blockDefinition("w.m", { block, input: { item: {}, index: { type: "integer" } } });
    const { checkInput, steps: compiled } = define(content);
    expect(checkInput({ item: "x", index: 0 })).toEqual({ item: "x", index: 0 });
    expect(compiled.get("a")).toMatchObject({ retry: { attempts: 7 }, timeoutMs: 60_000 });
  });

  test("has hints that are known to the workflow around it", () => {
    expect(checkDefinition(withDefaults, { kinds }).routes).toContainEqual({ provider: "openai", model: "smart" });
  });

  test("has a name that is valid whatever the names around it are", () => {
    expect(blockName("report", "Ask-All", "")).toBe("report.ask-all");
    expect(blockName("report", "p", "Left")).toBe("report.p.left");
    const long = blockName("x".repeat(100), "y".repeat(64), "z".repeat(64));
    expect(long).toMatch(/^x{91}-[0-9a-f]{8}$/);
    expect(long).not.toBe(blockName("x".repeat(100), "y".repeat(64), "q".repeat(64)));
  });
});

describe("what a step that runs blocks is given", () => {
  const render = (source: string, step: string, outputs: Readonly<Record<string, unknown>> = {}) =>
    define(source)
      .steps.get(step)
      ?.render({
        input: { list: [1, 2] },
        steps: Object.fromEntries(Object.entries(outputs).map(([id, output]) => [id, { output }])) as never,
      });

  test.each([
    ["an expression", "input.list"],
    ["a template", "'{{ input.list }}'"],
    ["a filtered list", "input.list | sort"],
    ["a list of templates", "['{{ input.list[0] }}', 2]"],
  ])("a map's list may be %s", async (_name, over) => {
    const source = steps("- id: m", `  map: { over: ${over.includes("|") ? `"${over}"` : over}, workflow: v }`);
    expect(await render(source, "m")).toMatchObject({ over: [1, 2] });
  });

  test("a block's own templates are left alone", async () => {
    const source = steps("- id: m", '  map: { over: [1], steps: [{ id: a, noop: { t: "{{ input.item }}" } }] }');
    expect(await render(source, "m")).toMatchObject({ steps: [{ id: "a", noop: { t: "{{ input.item }}" } }] });
  });

  const choosing = steps(
    "- { id: sort, noop: {} }",
    "- id: s",
    "  switch:",
    "    input: { both: 1, own: 1 }",
    "    cases:",
    "      - { when: steps.sort.output.kind == 'a', workflow: of-a, input: { own: '{{ steps.sort.output.why }}' } }",
    "      - { when: steps.sort.output.more.kind == 'b', workflow: of-b }",
    "    default: { workflow: other }",
  );

  test("a switch evaluates no case behind the one that holds, and no other case's input", async () => {
    expect(await render(choosing, "s", { sort: { kind: "a", why: "because" } })).toEqual({
      name: "case-1",
      block: { workflow: "of-a" },
      input: { both: 1, own: "because" },
    });
    expect(await render(choosing, "s", { sort: { kind: "x", more: { kind: "y" } } })).toEqual({
      name: "default",
      block: { workflow: "other" },
      input: { both: 1, own: 1 },
    });
  });

  test("a case that cannot be evaluated fails with its place", async () => {
    await expect(render(choosing, "s", { sort: { kind: "x" } })).rejects.toMatchObject({
      code: "template_failed",
      message: expect.stringContaining('Step "s", switch.cases.1.when'),
    });
  });
});

describe("until", () => {
  const round = { output: { score: 7, ok: true }, index: 2, input: { goal: 7 } };
  test.each([
    ["output.ok", true],
    ["output.score >= input.goal", true],
    ["output.score > input.goal", false],
    ["index == 2 and output.score < 8", true],
    ["input.goal | minus: 7 | at_least: 0 ", true],
    ["output.ok == false", false],
  ])("%s", (until, holds) => {
    expect(isOver(until, round)).toBe(holds);
  });

  test("of what is not there throws", () => {
    expect(() => isOver("output.missing", round)).toThrow("missing");
  });
});
