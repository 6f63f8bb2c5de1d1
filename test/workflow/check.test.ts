import { describe, expect, test } from "vitest";
import { checkDefinition } from "../../src/workflow/check.ts";
import { failureOf, kinds, problemsOf } from "./support/define.ts";

/** A definition in which only the given lines are of interest. */
function steps(...lines: readonly string[]): string {
  return ["name: w", "steps:", ...lines.map((line) => `  ${line}`)].join("\n");
}

const sorted = [
  "- id: sort",
  "  llm:",
  "    prompt: Sort it",
  "    output: { type: object, properties: { severity: { enum: [low, high] }, parts: { type: array, items: { type: string } } } }",
];

const bad: readonly (readonly [name: string, source: string, where: string, message: string])[] = [
  [
    "broken YAML",
    "name: [",
    "1:8",
    "Flow sequence in block collection must be sufficiently indented and end with a ].",
  ],
  ["a duplicate key", "name: w\nname: v\nsteps: [{ id: a, noop: {} }]", "2:1", "this key stands here twice."],
  ["tabs", "name: w\nsteps:\n\t- id: a", "3:1", "tabs cannot indent YAML; use spaces."],
  [
    "a second document",
    `${steps("- { id: a, noop: {} }")}\n---\nname: v`,
    "4:1",
    "a definition is one YAML document; a second one begins here.",
  ],
  ["an unknown tag", "name: !secret w\nsteps: [{ id: a, noop: {} }]", "1:7", "Unresolved tag: !secret."],
  ["no object", "- a", "1:1", "a workflow is an object with name and steps."],
  [
    "a number that is none",
    steps("- { id: a, noop: { n: .inf } }"),
    "3:25",
    "steps.0.noop.n: must be a finite number: JSON knows no other.",
  ],
  [
    "a bad name",
    "name: My Flow\nsteps: [{ id: a, noop: {} }]",
    "1:7",
    "name: must start with a small letter or digit and hold only small letters, digits, . _ and -, at most 100.",
  ],
  ["no steps", "name: w\nsteps: []", "2:8", "steps: must not be an empty list."],
  ["a wrong type", steps("- { id: a, noop: {}, needs: b }"), "3:31", "steps.0.needs: must be a list, not a text."],
  [
    "an unknown key",
    "name: w\nsteps: [{ id: a, noop: {} }]\noutputs: 3",
    "3:1",
    "outputs: unknown key. Did you mean output?",
  ],
  [
    "an unknown key of a kind",
    steps("- id: a", "  llm: { prmpt: Hi, prompt: Hi }"),
    "4:12",
    "steps.0.llm.prmpt: unknown key. Did you mean prompt?",
  ],
  ["an unknown kind", steps("- { id: a, nop: {} }"), "3:14", "steps.0.nop: unknown key. Did you mean noop?"],
  [
    "no kind",
    steps("- { id: a }"),
    "3:5",
    `steps.0: needs a kind, one of ${kinds.flatMap(({ name, onlyUndoes }) => (onlyUndoes ? [] : [name])).join(", ")}.`,
  ],
  [
    "two kinds",
    steps("- { id: a, llm: { prompt: Hi }, noop: {} }"),
    "3:35",
    "steps.0.noop: a step has one kind; this one has llm and noop.",
  ],
  ["no id", steps("- { noop: {} }"), "3:5", "steps.0.id: is missing; it must be a text."],
  [
    "an id with a dot",
    steps("- { id: a.b, noop: {} }"),
    "3:11",
    "steps.0.id: must start with a letter and hold only letters, digits, _ and -, at most 64.",
  ],
  [
    "an id twice",
    steps("- { id: a, noop: {} }", "- { id: a, noop: {} }"),
    "4:11",
    "steps.1.id: another step above has the id a; each id stands once.",
  ],
  [
    "an unknown need",
    steps("- { id: first, noop: {} }", "- { id: b, needs: [frist], noop: {} }"),
    "4:22",
    'steps.1.needs.0: there is no step "frist".',
  ],
  [
    "a near need",
    steps("- { id: classify, noop: {} }", "- { id: b, needs: [clasify], noop: {} }"),
    "4:22",
    'steps.1.needs.0: there is no step "clasify". Did you mean classify?',
  ],
  [
    "a cycle",
    steps("- { id: a, needs: [b], noop: {} }", "- { id: b, noop: {} }"),
    "3:21",
    "steps.0.needs: steps wait for each other and could never start: a needs b needs a.",
  ],
  [
    "a duration without unit",
    steps("- { id: a, timeout: 30, noop: {} }"),
    "3:23",
    "steps.0.timeout: must be a text, not a number.",
  ],
  [
    "an unknown unit",
    steps("- { id: a, timeout: 3x, noop: {} }"),
    "3:23",
    "steps.0.timeout: must be a duration: a number and ms, s, m, h or d, such as 30s.",
  ],
  [
    "a timeout past a timer's reach",
    steps("- { id: a, timeout: 25h, noop: {} }"),
    "3:23",
    "steps.0.timeout: must be more than 0s and at most 1d.",
  ],
  [
    "too many attempts",
    steps("- { id: a, retry: { attempts: 101 }, noop: {} }"),
    "3:33",
    "steps.0.retry.attempts: must be at most 100.",
  ],
  [
    "a backoff over its maximum",
    steps("- { id: a, retry: { backoff: 9s, max_backoff: 1s }, noop: {} }"),
    "3:21",
    "steps.0.retry: max_backoff is shorter than backoff.",
  ],
  [
    "a misspelt schema keyword",
    `input: { type: object, requird: [a] }\n${steps("- { id: a, noop: {} }")}`,
    "1:24",
    "input.requird: unknown JSON Schema keyword. Did you mean required?",
  ],
  [
    "an unknown schema type",
    `input: { properties: { a: { type: strin } } }\n${steps("- { id: a, noop: {} }")}`,
    "1:35",
    "input.properties.a.type: must be one of array, boolean, integer, null, number, object, string.",
  ],
  [
    "a dangling $ref",
    `input: { $ref: "#/$defs/x" }\n${steps("- { id: a, noop: {} }")}`,
    "1:8",
    "input: is not valid JSON Schema: can't resolve reference #/$defs/x from id #.",
  ],
  [
    "a schema that is none in an output",
    steps("- id: a", "  llm: { prompt: Hi, output: { type: object, propertis: {} } }"),
    "4:48",
    "steps.0.llm.output.propertis: unknown JSON Schema keyword. Did you mean properties?",
  ],
  [
    "prompt and messages",
    steps("- id: a", "  llm: { prompt: Hi, messages: [{ role: user, content: Hi }] }"),
    "4:34",
    "steps.0.llm.messages: stands beside prompt; keep one of the two.",
  ],
  ["neither of them", steps("- id: a", "  llm: { model: smart }"), "4:10", "steps.0.llm: needs a prompt, or messages."],
  [
    "an unknown role",
    steps("- id: a", "  llm: { messages: [{ role: system, content: Hi }] }"),
    "4:31",
    "steps.0.llm.messages.0.role: must be one of user, assistant.",
  ],
  [
    "a strict_provider that says nothing",
    steps("- { id: a, route: { strict_provider: maybe }, noop: {} }"),
    "3:40",
    "steps.0.route.strict_provider: must be true or false (also yes, no, on, off, 1, 0).",
  ],
  [
    "a bad default",
    `defaults: { llm: { max_tokens: many } }\n${steps("- { id: a, noop: {} }")}`,
    "1:32",
    "defaults.llm.max_tokens: must be a number, not a text.",
  ],
  [
    "Liquid that is not closed",
    steps("- id: a", '  llm: { prompt: "a {{ input.log" }'),
    "4:23",
    'steps.0.llm.prompt: is not valid Liquid: output "{{ input.log" not closed.',
  ],
  [
    "Liquid in a block",
    steps("- id: a", "  llm:", "    prompt: |", "      one", "      two {% if %}x{% endif %}"),
    "7:18",
    "steps.0.llm.prompt: is not valid Liquid: an expression is missing.",
  ],
  [
    "an unknown filter",
    steps("- id: a", '  llm: { prompt: "{{ input.log | shout }}" }'),
    "4:21",
    "steps.0.llm.prompt: is not valid Liquid: there is no filter shout.",
  ],
  [
    "a template that reads files",
    steps("- id: a", `  llm: { prompt: "{% include 'x' %}" }`),
    "4:21",
    "steps.0.llm.prompt: is not valid Liquid: tag include reads files, which no template here can.",
  ],
  [
    "a when with braces",
    steps("- id: a", '  when: "{{ input.x }}"', "  noop: {}"),
    "4:11",
    "steps.0.when: is an expression as it stands; write it without braces.",
  ],
  [
    "a when with a single =",
    steps("- id: a", "  when: input.x = 3", "  noop: {}"),
    "4:20",
    'steps.0.when: is not valid Liquid: expected "|" before filter.',
  ],
  [
    "an unknown root",
    steps("- id: a", '  llm: { prompt: "{{ inputs.log }}" }'),
    "4:24",
    "steps.0.llm.prompt: reads inputs.log, but inputs is not known here; templates read input and steps. Did you mean input?",
  ],
  [
    "an unknown input",
    `input: { properties: { audience: {} } }\n${steps("- id: a", '  llm: { prompt: "Hi {{ input.audiense }}" }')}`,
    "5:27",
    "steps.0.llm.prompt: reads input.audiense, but the workflow's input has no audiense. Did you mean input.audience?",
  ],
  [
    "an unknown step",
    steps(
      "- id: first",
      "  noop: {}",
      "- id: b",
      '  llm: { prompt: "{{ steps.fisrt1.output }} {{ steps.firs.output }}" }',
    ),
    "6:50",
    'steps.1.llm.prompt: reads steps.firs.output, but there is no step "firs". Did you mean steps.first.output?',
  ],
  [
    "a step without output",
    steps("- id: a", "  noop: {}", "- id: b", '  llm: { prompt: "{{ steps.a.out }}" }'),
    "6:24",
    "steps.1.llm.prompt: reads steps.a.out, which no step produces. Did you mean steps.a.output?",
  ],
  [
    "a later step",
    steps("- id: a", '  llm: { prompt: "{{ steps.b.output }}" }', "- id: b", "  noop: {}"),
    "4:24",
    'steps.0.llm.prompt: reads steps.b.output, but step "b" need not have ended by then. Add b to the needs of step "a".',
  ],
  [
    "the step itself",
    steps("- id: a", '  llm: { prompt: "{{ steps.a.output }}" }'),
    "4:24",
    "steps.0.llm.prompt: reads steps.a.output: a step cannot read its own output.",
  ],
  [
    "a computed step",
    steps("- id: a", '  llm: { prompt: "{{ steps[input.x].output }}" }'),
    "4:24",
    "steps.0.llm.prompt: reads steps[...].output; name the step: steps.ID.output.",
  ],
  [
    "an unknown field of an output",
    steps(...sorted, "- id: b", "  when: steps.sort.output.severty", "  noop: {}"),
    "8:11",
    'steps.1.when: reads steps.sort.output.severty, but the output of step "sort" has no severty. Did you mean steps.sort.output.severity?',
  ],
  [
    "a field of a list's item",
    steps(...sorted, "- id: b", "  when: steps.sort.output.parts[0].name", "  noop: {}"),
    "8:11",
    "steps.1.when: reads steps.sort.output.parts[0].name, but steps.sort.output.parts[0] is a single value and has no fields.",
  ],
  [
    "a field of a text",
    `${steps("- id: a", "  llm: { prompt: Hi }")}\noutput: { x: ["{{ steps.a.output.text }}"] }`,
    "5:19",
    'output.x.0: reads steps.a.output.text, but the output of step "a" is a single value and has no fields.',
  ],
];

describe("checkDefinition", () => {
  test.each(bad)("points at %s", (_, source, where, message) => {
    const lines = failureOf(() => checkDefinition(source, { kinds, fileName: "f.yaml" }))?.message.split("\n");
    expect(lines).toContain(`f.yaml:${where} ${message}`);
  });

  test("reports every problem at once, in the order of the file", () => {
    const source = steps(
      "- { id: 1a, noop: {} }",
      "- { id: b, nop: {} }",
      "- { id: c, needs: [x], noop: {} }",
      "- id: d",
      '  llm: { prompt: "{{ nowhere }}" }',
    );
    expect(problemsOf(source).map(({ line }) => line)).toEqual([3, 4, 5, 7]);
  });

  test("names paths without lines for a definition that came as an object", () => {
    expect(problemsOf({ name: "w", steps: [{ id: "a", noop: {}, retry: { atempts: 3 } }] })).toEqual([
      { path: "steps.0.retry.atempts", message: "unknown key. Did you mean attempts?" },
    ]);
  });

  test("reads JSON, indented with tabs, as well as YAML", () => {
    const source = '{\n\t"name": "w",\n\t"steps": [\n\t\t{ "id": "a", "noop": {} }\n\t]\n}';
    expect(checkDefinition(source, { kinds }).steps.map(({ id }) => id)).toEqual(["a"]);
  });

  test.each([
    [
      "aliases of aliases",
      [
        "a: &a [1,1,1,1]",
        "b: &b [*a,*a,*a,*a]",
        ...[..."cdefgh"].map((key, i) => `${key}: &${key} [${Array(9).fill(`*${"bcdefg"[i]}`).join(",")}]`),
      ].join("\n"),
      /resource exhaustion/,
    ],
    ["brackets in brackets", "[".repeat(50_000), /nested too deeply/],
    ["a text of megabytes", "#".repeat(3_000_000), /at most 2000000/],
  ])("refuses %s", (_, source, message) => {
    expect(failureOf(() => checkDefinition(source))?.message).toMatch(message);
  });

  test("refuses an object nested without end", () => {
    let deep: unknown = {};
    for (let level = 0; level < 20_000; level++) deep = [deep];
    expect(problemsOf({ name: "w", output: deep as never })).toMatchObject(
      [{ message: /nested too deeply/ }].map(() => ({})),
    );
  });

  test("follows aliases to the place that they stand for", () => {
    const source = ["name: w", "x: &body { prmpt: Hi, prompt: Hi }", "steps: [{ id: a, llm: *body }]"].join("\n");
    expect(problemsOf(source).find(({ path }) => path === "steps.0.llm.prmpt")).toMatchObject({ line: 2, column: 12 });
  });

  test("lets through what Liquid makes itself", () => {
    const prompt = [
      "{% assign a = input.x %}{{ a }}{% capture b %}x{% endcapture %}{{ b }}",
      "{% for item in input.items %}{{ forloop.index }}{{ item.name }}{% endfor %}",
      "{% increment c %}{{ c }}{% tablerow t in input.items %}{{ tablerowloop.col }}{{ t }}{% endtablerow %}",
    ].join("\n");
    expect(problemsOf({ name: "w", steps: [{ id: "a", llm: { prompt } }] })).toEqual([]);
  });

  test.each([
    ["no properties", { type: "object" }],
    ["additionalProperties: true", { properties: { a: {} }, additionalProperties: true }],
    ["a schema for the others", { properties: { a: {} }, additionalProperties: { type: "string" } }],
    ["alternatives", { anyOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }],
  ])("lets any input be read when the schema has %s", (_, input) => {
    expect(problemsOf({ name: "w", input, steps: [{ id: "a", llm: { prompt: "{{ input.other }}" } }] })).toEqual([]);
  });
});

describe("a strategy in a route", () => {
  const source = `name: w
defaults: { route: { strategy: cost_optimized } }
steps:
  - id: a
    route: { strategy: wieghted }
    noop: {}
  - id: b
    route: { strategy: failover }
    noop: {}`;

  test("is refused with line, column and what was probably meant, where the strategies are known", () => {
    const failure = failureOf(() => checkDefinition(source, { kinds, strategies: ["weighted", "failover"] }));
    const known = "is not a strategy of this version; it must be one of weighted, failover.";
    expect(failure?.message.split("\n")).toEqual([
      `2:32 defaults.route.strategy: ${known}`,
      `5:24 steps.0.route.strategy: ${known} Did you mean weighted?`,
    ]);
  });

  test("is left to the router where they are not", () => {
    expect(failureOf(() => checkDefinition(source, { kinds }))).toBeUndefined();
  });
});

describe("a checked definition", () => {
  test("has every default filled in", () => {
    const [step] = checkDefinition({ name: "w", steps: [{ id: "a", llm: { prompt: "Hi" } }] }).steps;
    expect(step).toEqual({
      id: "a",
      kind: "llm",
      body: { prompt: "Hi" },
      needs: [],
      retry: { attempts: 3, backoffMs: 1_000, maxBackoffMs: 60_000, on: null },
      onError: { type: "fail" },
      cacheMs: null,
      maxWaitMs: 3_600_000,
      timeoutMs: 120_000,
      route: {},
    });
  });

  test.each([
    [
      "the step's route",
      { route: { model: "d1" }, llm: { model: "d2" } },
      { route: { model: "s1" }, llm: { prompt: "Hi", model: "s2" } },
      "s1",
    ],
    ["the step's llm", { route: { model: "d1" }, llm: { model: "d2" } }, { llm: { prompt: "Hi", model: "s2" } }, "s2"],
    ["the defaults' route", { route: { model: "d1" }, llm: { model: "d2" } }, { llm: { prompt: "Hi" } }, "d1"],
    ["the defaults' llm", { llm: { model: "d2" } }, { llm: { prompt: "Hi" } }, "d2"],
  ])("takes the model of %s first", (_, defaults, step, model) => {
    const checked = checkDefinition({ name: "w", defaults, steps: [{ id: "a", ...step }] });
    expect(checked.steps[0]?.route).toEqual({ model });
  });

  test("takes every hint that a run takes", () => {
    const route = {
      ...{ provider: "x", model: "m", strict_provider: true, strategy: "failover", allow: ["x"] },
      ...{ max_calls: 2, max_usd: 0.5, max_seconds: 0.5, caller: "ada", on_content_filter: "next" },
    };
    const checked = checkDefinition({ name: "w", steps: [{ id: "a", route, llm: { prompt: "Hi" } }] });
    expect(checked.steps[0]?.route).toEqual(route);
  });

  test("lays the defaults under each step", () => {
    const defaults = {
      llm: { max_tokens: 5, temperature: 1 },
      retry: { attempts: 9 },
      timeout: "5s",
      route: { strict_provider: "yes", provider: "x" },
    };
    const checked = checkDefinition({
      name: "w",
      defaults,
      steps: [{ id: "a", retry: { backoff: "2m" }, llm: { prompt: "Hi", temperature: 0 } }],
    });
    expect(checked.steps[0]).toMatchObject({
      body: { prompt: "Hi", max_tokens: 5, temperature: 0 },
      retry: { attempts: 9, backoffMs: 120_000, maxBackoffMs: 120_000, on: null },
      timeoutMs: 5_000,
      route: { strict_provider: true, provider: "x" },
    });
  });

  test("is the author's definition again as JSON", () => {
    const source = { name: "w", steps: [{ id: "a", timeout: "5s", noop: { x: 1 } }] };
    expect(JSON.parse(JSON.stringify(checkDefinition(source, { kinds })))).toEqual(source);
  });
});

describe("a mistake", () => {
  test("hides no other one in the same step", () => {
    const source = steps(
      "- id: a",
      "  retry: { attempts: 0 }",
      "  on_error: { goto: nobody }",
      '  http: { url: "ftp://{{ input.at }}/{{ steps.no.output }}", method: FETCH }',
      '- { id: b, llm: { promt: Hi, system: "{{ steps.c.output }}", temperature: 5 } }',
    );
    const found = problemsOf(source).map(({ path }) => path);
    expect(found).toEqual([
      "steps.0.retry.attempts",
      "steps.0.on_error.goto",
      "steps.0.http.url",
      "steps.0.http.method",
      "steps.1.llm.promt",
      "steps.1.llm.system",
      "steps.1.llm.temperature",
    ]);
  });
});
