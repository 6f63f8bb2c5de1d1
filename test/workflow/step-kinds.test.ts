import { describe, expect, test } from "vitest";
import { problemsOf } from "./support/define.ts";

function problemLines(step: string, rest = ""): readonly string[] {
  const source = `name: w\nsteps:\n  - id: a\n    ${step}\n${rest}`;
  return problemsOf(source).map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe("an http step", () => {
  test.each([
    "http: { url: https://example.com }",
    'http: { url: "{{ input.base }}/x" }',
    'http: { url: "https://{{ input.host }}/x", method: DELETE }',
    "http: { url: http://x, body: { a: 1 }, query: { n: 1, l: [a, b] }, headers: { X-A: b }, success: [2xx, 404] }",
    "http: { url: http://x, body: text, method: PUT, redirects: 0, response_headers: [X-Trace] }",
  ])("takes %s", (step) => {
    expect(problemLines(step)).toEqual([]);
  });

  test.each([
    ["http: {}", "4:5 is missing; it must be a text."],
    ["http: { url: example.com/x }", "4:18 must begin with http:// or https://."],
    ["http: { url: ftp://example.com }", "4:18 must begin with http:// or https://."],
    ['http: { url: "ftp://{{ input.host }}" }', "4:18 must begin with http:// or https://."],
    ["http: { url: https://ada:pw@example.com }", "4:18 holds a user or password; send them in a header."],
    ["http: { url: 'http://[::1' }", "4:18 is not an address that can be read."],
    [
      "http: { url: http://x, method: get }",
      "4:36 must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS. Did you mean GET?",
    ],
    ["http: { url: http://x, method: GET, body: a }", "4:47 a GET request has none; use query, or another method."],
    ["http: { url: http://x, headers: { Host: y } }", "4:45 is set by the connection itself."],
    ["http: { url: http://x, headers: { 'a b': y } }", "4:39 is not a header's name."],
    ["http: { url: http://x, success: [99] }", "4:38 must be a status from 200 to 599, or one of 2xx, 3xx, 4xx, 5xx."],
    ["http: { url: http://x, redirects: 30 }", "4:39 must be at most 20."],
    ["http: { url: http://x, response: { typ: object } }", "4:40 unknown JSON Schema keyword. Did you mean type?"],
    ["http: { url: http://x, header: { a: b } }", "4:28 unknown key. Did you mean headers?"],
    ["http: { url: 'http://x/{{ input.id' }", "4:28 is not valid Liquid"],
  ])("%s is a mistake", (step, problem) => {
    expect(problemLines(step).some((line) => line.startsWith(problem))).toBe(true);
  });

  test("gives status, headers and body, and by its schema what is in it", () => {
    const step = "http: { url: http://x, response: { type: object, properties: { id: { type: integer } } } }";
    const outputs = [
      "{{ steps.a.output.status }}",
      "{{ steps.a.output.headers.etag }}",
      "{{ steps.a.output.body.id }}",
    ];
    expect(problemLines(step, `output: ${JSON.stringify(outputs)}`)).toEqual([]);
    const wrong = ["{{ steps.a.output.code }}", "{{ steps.a.output.body.ids }}"];
    expect(problemLines(step, `output: ${JSON.stringify(wrong)}`)).toEqual([
      expect.stringContaining("has no code. It has status, headers, body."),
      expect.stringContaining("has no ids. Did you mean steps.a.output.body.id?"),
    ]);
  });

  test("has what the defaults say of all requests", () => {
    const defaults = "defaults: { http: { headers: { X-A: '{{ env.TOKEN }}' }, redirects: 1, success: [200] } }";
    expect(problemLines("http: { url: http://x }", defaults)).toEqual([]);
    expect(problemLines("http: { url: http://x }", "defaults: { http: { url: http://x } }")).toHaveLength(1);
  });
});

describe("a function step", () => {
  test.each([
    "function: { module: ./orders.mjs }",
    "function: { module: ./shop/orders.js, export: total, input: { items: '{{ input.items }}' } }",
    "function: { module: ./orders.cjs, input: '{{ input.items }}', output: { type: integer } }",
    "function: { module: lodash, export: sum }",
    "function: { module: '@acme/steps/orders', export: default }",
  ])("takes %s", (step) => {
    expect(problemLines(step)).toEqual([]);
  });

  test.each([
    ["function: {}", "4:5 is missing; it must be a text."],
    [
      "function: { module: orders.mjs }",
      "4:25 must begin with ./ to be a file of the workers' functions folder: ./orders.mjs.",
    ],
    ["function: { module: ../orders.mjs }", "4:25 must begin with ./"],
    ["function: { module: /etc/orders.mjs }", "4:25 must begin with ./"],
    ["function: { module: ./a/../../orders.mjs }", "4:25 must lie below the workers' functions folder"],
    [
      "function: { module: ./orders.ts }",
      "4:25 is TypeScript, which Node 20 cannot load; compile it and name the result: ./orders.js.",
    ],
    [
      "function: { module: ./orders.mts }",
      "4:25 is TypeScript, which Node 20 cannot load; compile it and name the result: ./orders.mjs.",
    ],
    ["function: { module: ./orders }", "4:25 must end in .js, .mjs or .cjs."],
    ["function: { module: 'node:fs' }", "4:25 must be a file of the workers' functions folder"],
    ["function: { module: 'data:text/javascript,1' }", "4:25 must be a file of the workers' functions folder"],
    ["function: { module: '{{ input.module }}' }", "4:25 must be a file of the workers' functions folder"],
    ["function: { module: ./a.mjs, export: a.b }", "4:42 must be the name of an export."],
    ["function: { module: ./a.mjs, output: { typ: x } }", "4:44 unknown JSON Schema keyword. Did you mean type?"],
  ])("%s is a mistake", (step, problem) => {
    const found = problemLines(step);
    expect(
      found.some((line) => line.startsWith(problem)),
      found.join("\n"),
    ).toBe(true);
  });
});
