import { describe, expect, test } from "vitest";
import { agentKind } from "../../src/workflow/kinds/agent.ts";
import { define, problemsOf } from "./support/define.ts";

const look = "{ name: look, description: Looks, http: { url: http://x } }";

/** What is wrong with an agent of that body. */
function problemLines(body: string, rest = ""): readonly string[] {
  const source = `name: w\nsteps:\n  - id: a\n    agent: ${body}\n${rest}`;
  return problemsOf(source).map(({ path, message }) => `${path.replace("steps.0.agent", "")} ${message}`);
}

const withTool = (tool: string) => `{ prompt: x, tools: [${tool}] }`;
const withServer = (server: string) => `{ prompt: x, mcp: [{ server: ${server} }] }`;
const schema = "{ type: object, properties: { q: { type: string } } }";

describe("an agent", () => {
  test.each([
    withTool(look),
    withTool(
      "{ name: run, description: Runs, workflow: { name: other, version: 2, input: { q: '{{ args.q }}' } }, input: { type: object } }",
    ),
    withTool(
      "{ name: f, description: F, function: { module: ./f.mjs, input: { n: '{{ env.N }}' } }, timeout: 5s, repeat: false }",
    ),
    withTool("{ name: m, mcp: { server: { command: npx, args: [-y, x], env: { K: '{{ env.K }}' } }, tool: a.b } }"),
    withServer("{ url: 'https://mcp.example.com/mcp', headers: { authorization: 'Bearer {{ secrets.K }}' } }"),
    `{ messages: [{ role: user, content: x }], tools: [${look}], max_turns: 3, max_usd: 1, max_calls: 9, tool_timeout: 5s, max_result: 500, transcript: true, model: smart }`,
    withTool(`{ name: g, description: G, input: ${schema}, http: { url: 'https://x.test/a/{{ args.q }}' } }`),
    withTool(`{ name: g, description: G, input: ${schema}, http: { url: '{{ env.BASE }}/a?q={{ args.q }}' } }`),
  ])("takes %s", (body) => {
    expect(problemLines(body)).toEqual([]);
  });

  test.each([
    ["{ prompt: x }", " needs tools, or mcp. Without them it is an llm step."],
    [`{ tools: [${look}] }`, " needs a prompt, or messages."],
    [`{ prompt: x, tools: [${look}, ${look}] }`, ".tools.1.name there is another tool look."],
    [`{ prompt: x, tools: [${look}], max_turn: 3 }`, " unknown key. Did you mean max_turns?"],
    [`{ prompt: x, tools: [${look}], max_turns: 0 }`, ".max_turns must be at least 1."],
    [`{ prompt: x, tools: [${look}], tool_timeout: soon }`, ".tool_timeout must be a duration"],
    [`{ prompt: x, tools: [${look}], output: { typ: object } }`, ".output.typ unknown JSON Schema keyword."],
    [
      withTool("{ name: look, description: Looks }"),
      ".tools.0 needs what it is, one of http, workflow, function, mcp.",
    ],
    [
      withTool("{ name: look, description: L, http: { url: http://x }, function: { module: ./a.mjs } }"),
      ".tools.0.function stands beside http; a tool is one of the two.",
    ],
    [withTool("{ name: look, http: { url: http://x } }"), ".tools.0 needs a description"],
    [
      withTool("{ name: 'look up', description: L, http: { url: http://x } }"),
      ".tools.0.name must start with a letter",
    ],
    [
      withTool("{ name: l, description: L, input: { type: string }, http: { url: http://x } }"),
      ".tools.0.input must be the schema of an object",
    ],
    [
      withTool("{ name: l, description: L, input: { typ: object }, http: { url: http://x } }"),
      ".tools.0.input.typ unknown JSON Schema keyword.",
    ],
    [withTool("{ name: l, description: L, http: { url: ftp://x } }"), ".tools.0.http.url must begin with http"],
    [withTool("{ name: l, description: L, http: { uri: http://x } }"), ".tools.0.http"],
    [withTool("{ name: l, description: L, function: { module: ./a.ts } }"), ".tools.0.function.module is TypeScript"],
    [
      withTool("{ name: l, mcp: { server: { command: a }, tool: t }, input: { type: object } }"),
      ".tools.0.input is the server's to say.",
    ],
    [withServer("{}"), ".mcp.0.server needs a command (and args), or a url."],
    [withServer("{ command: a, url: http://x }"), ".mcp.0.server.url stands beside command"],
    [withServer("{ url: http://x, args: [a] }"), ".mcp.0.server.args belongs to command."],
    [withServer("{ command: a, headers: { b: c } }"), ".mcp.0.server.headers belongs to url."],
    [withServer("{ url: mcp.example.com }"), ".mcp.0.server.url must begin with http:// or https://."],
  ])("%s is a mistake", (body, problem) => {
    expect(problemLines(body)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });
});

describe("templates of an agent", () => {
  test("of a tool may read the arguments, which its input schema names", () => {
    const tool = (q: string) =>
      withTool(`{ name: l, description: L, input: ${schema}, http: { url: 'http://x/${q}' } }`);
    expect(problemLines(tool("{{ args.q }}"))).toEqual([]);
    expect(problemLines(tool("{{ args.qq }}"))).toEqual([
      ".tools.0.http.url reads args.qq, but the tool's input has no qq. Did you mean args.q?",
    ]);
  });

  test("of the prompt read neither arguments nor environment variables", () => {
    const [args = "", env = ""] = problemLines(`{ prompt: "{{ args.q }} {{ env.KEY }}", tools: [${look}] }`);
    expect(args).toContain(".prompt reads args.q, but args is not known here");
    expect(env).toContain(".prompt reads env.KEY, but environment variables are out of reach here");
  });

  test.each([
    "{{ args.q }}",
    "https://{{ args.q }}/a",
    "https://x.{{ args.q }}.test/a",
    "https://x.test{{ args.q }}",
    "{% assign h = args.q %}https://{{ h }}/a",
    "https://x.test:{{ args.q }}/a",
    "https://{{ args.q | append: '/x' }}",
  ])("never let a model choose the server: %s", (url) => {
    const tool = `{ name: l, description: L, input: ${schema}, http: { url: ${JSON.stringify(url)} } }`;
    expect(problemLines(withTool(tool)).join()).toContain("a model must not choose the server");
  });

  test("that read no arguments are rendered before anything runs; the others wait", async () => {
    const http = {
      url: "http://x/{{ input.place }}/{{ args.q }}",
      headers: { a: "{{ steps.b.output }}", c: "{{ args.q }}" },
    };
    const input = { type: "object", properties: { q: { type: "string" } } };
    const steps = [
      { id: "b", noop: {} },
      { id: "a", agent: { prompt: "{{ input.place }}", tools: [{ name: "l", description: "L", input, http }] } },
    ];
    const step = define({ name: "w", steps }).steps.get("a");
    expect(step?.reads).toEqual(["b"]);
    expect(await step?.render({ input: { place: "here" }, steps: { b: { output: "B" } } })).toMatchObject({
      body: { prompt: "here", tools: [{ http: { url: http.url, headers: { a: "B", c: "{{ args.q }}" } } }] },
      late: [{ path: ["tools", 0, "http", "url"] }, { path: ["tools", 0, "http", "headers", "c"] }],
      data: { input: { place: "here" } },
    });
  });
});

describe("what an agent gives", () => {
  const output = { type: "object", properties: { n: { type: "number" } } };

  test("is text, or an object of its output schema; with a transcript an object of that and the turns", () => {
    const gives = (body: object) => agentKind.outputSchema?.({ prompt: "x", ...body } as never);
    expect(gives({})).toEqual({ type: "string" });
    expect(gives({ output })).toEqual(output);
    expect(gives({ output, transcript: true })).toMatchObject({
      properties: { answer: output, turns: { type: "array" } },
    });
  });

  test("can be read by the steps after it", () => {
    const body = `{ prompt: x, tools: [${look}], transcript: true }`;
    expect(problemLines(body, 'output: "{{ steps.a.output.turns[0].tools[0].tool }}"')).toEqual([]);
    expect(problemLines(body, 'output: "{{ steps.a.output.turn }}"').join()).toContain(
      "Did you mean steps.a.output.turns?",
    );
  });

  test("costs what its hints allow: model and limits of the body are hints, and the route wins", () => {
    const agent = { prompt: "x", tools: [{ name: "l", description: "L", http: { url: "http://x" } }], model: "fast" };
    const step = { id: "a", agent: { ...agent, max_usd: 1, max_calls: 5 }, route: { max_calls: 7 } };
    expect(define({ name: "w", steps: [step] }).steps.get("a")?.route).toEqual({
      model: "fast",
      max_usd: 1,
      max_calls: 7,
    });
  });
});
