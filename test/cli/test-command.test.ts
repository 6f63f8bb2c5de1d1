import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const program = resolve("dist/cli/main.js");
const workflows = resolve(import.meta.dirname, "../../workflows");
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-test-"));
  mkdirSync(join(cwd, "wf"));
  for (const file of ["hello.yaml", "hello.test.yaml"]) cpSync(join(workflows, file), join(cwd, "wf", file));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const file = (name: string, text: string) => writeFileSync(join(cwd, name), text);

function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { PATH } = process.env;
  return new Promise((done) => {
    const child = execFile(process.execPath, [program, "test", ...args], { cwd, env: { PATH } }, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

describe("switchyard test", () => {
  test("runs the tests beside a workflow", async () => {
    const { code, out, err } = await run("wf/hello.yaml");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^hello wf\/hello\.test\.yaml\n {2}✔ greets whoever is named\n/);
    expect(out).toMatch(/\n {2}5 tests: 5 passed\n$/);
  });

  test("finds the workflow of a test file, by its name or by what it names", async () => {
    expect((await run("wf/hello.test.yaml")).out).toContain("5 tests: 5 passed");
    file("elsewhere.yaml", "workflow: wf/hello.yaml\ntests: [{ name: a, steps: { greet: { output: Hi } } }]\n");
    expect(await run("elsewhere.yaml")).toMatchObject({
      code: 0,
      out: expect.stringContaining("hello elsewhere.yaml\n  ✔ a"),
    });
  });

  test("ends with 1 where a test fails, and shows what differs", async () => {
    file(
      "fails.yaml",
      "workflow: wf/hello.yaml\ntests: [{ name: a, steps: { greet: { output: Hi } }, expect: { output: Ho } }]\n",
    );
    const { code, out } = await run("fails.yaml", "wf/hello.yaml");
    expect(code).toBe(1);
    expect(out).toContain(
      '  ✖ a\n      output: expected "Ho", got "Hi"\n  1 test: 0 passed, 1 failed\nhello wf/hello.test.yaml\n',
    );
  });

  test("lists with --coverage what no test goes through", async () => {
    file("part.yaml", "workflow: wf/hello.yaml\ntests: [{ name: a, steps: { greet: { output: Hi } } }]\n");
    expect((await run("part.yaml", "--coverage")).out).toContain(
      "  coverage steps 1 of 1, branches 1 of 2, paths 1 of 2\n  branches that no test takes:\n    ○ greet fails\n  paths that no test goes:\n    ○ greet fails\n",
    );
  });

  test("answers machines with --json", async () => {
    file(
      "json.yaml",
      "workflow: wf/hello.yaml\ntests: [{ name: a, steps: { greet: { output: Hi } }, expect: { output: Ho } }]\n",
    );
    const { code, out } = await run("json.yaml", "--json", "--coverage");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      passed: false,
      files: [
        {
          workflow: "hello",
          file: "json.yaml",
          tests: [
            {
              name: "a",
              passed: false,
              unmet: [{ place: "output", message: 'expected "Ho", got "Hi"' }],
              run: { status: "succeeded", output: "Hi", steps: [{ id: "greet", status: "succeeded", attempts: 1 }] },
            },
          ],
          coverage: { branches: { total: 2, covered: 1, missing: ["greet fails"] } },
        },
      ],
    });
  });

  test("runs the tests of XState machines, in modules and written as data", async () => {
    const parcel = await run(join(workflows, "machines/parcel.yaml"), "--coverage");
    expect(parcel).toMatchObject({ code: 0, err: "" });
    expect(parcel.out).toMatch(
      /3 tests: 3 passed\n {2}coverage steps 1 of 1, states 6 of 6, transitions 9 of 9, paths 2 of 2\n$/,
    );
    file(
      "late.yaml",
      `workflow: ${join(workflows, "machines/refund.yaml")}\ntests: [{ name: a, input: { text: x }, steps: { read: { output: y } }, expect: { states: [reading] } }]\n`,
    );
    const { code, out } = await run("late.yaml", "--coverage");
    expect(code).toBe(1);
    expect(out).toContain("      states: expected reading; got reading, deciding, refused\n");
    expect(out).toContain("    ○ deciding: DECIDE, if event.refund == true -> refunded\n");
    expect(JSON.parse((await run("late.yaml", "--coverage", "--json")).out).files[0].coverage).toMatchObject({
      transitions: { total: 5, covered: 2 },
      paths: { total: 4, covered: 1, isFree: true },
    });
  });

  test("executes transform steps, whose expressions are part of the workflow", async () => {
    file("sum.yaml", "name: sum\ninput: { type: object }\nsteps: [{ id: total, transform: $sum(input.prices) }]\n");
    file("sum.test.yaml", "tests: [{ name: a, input: { prices: [1, 2, 39] }, expect: { output: 42 } }]\n");
    expect(await run("sum.yaml")).toMatchObject({ code: 0, out: expect.stringContaining("1 passed") });
  });

  test("runs the workflows that a workflow calls, where their files are beside it, and names the steps in them", async () => {
    file(
      "inner.yaml",
      'name: inner\ninput: { type: object, properties: { item: {}, index: {}, tone: { default: loud } } }\nsteps:\n  - { id: say, llm: { prompt: "Say {{ input.item }}, {{ input.tone }}" } }\n  - { id: up, transform: $uppercase(steps.say.output) }\n',
    );
    file(
      "outer.yaml",
      'name: outer\nsteps:\n  - { id: all, map: { over: [a, b], workflow: inner, input: { tone: calm } } }\n  - { id: one, workflow: { name: inner, input: { item: z } } }\n  - { id: far, workflow: { name: not-here } }\noutput: ["{{ steps.all.output }}", "{{ steps.one.output }}"]\n',
    );
    file(
      "outer.test.yaml",
      `steps: { far: { output: null } }
tests:
  - name: a
    steps: { all.say: { output: x, items: [{ output: y }] }, one.say: { output: w } }
    expect:
      output: [[Y, X], W]
      rendered: { one.say: "Say z, loud", all.say: ["Say a, calm", "Say b, calm"] }
      blocks: { one: { runs: [{ output: W }] } }
  - { name: b, steps: { all: { output: [] }, one.say: { error: provider_failed } }, expect: { error: { step: one } } }
`,
    );
    expect((await run("outer.yaml")).out).toContain("2 tests: 2 passed");
  });

  test("lists every mistake of a test file with its place, and runs nothing", async () => {
    file(
      "wrong.yaml",
      "workflow: wf/hello.yaml\ntests:\n  - names: a\n    steps: { great: { output: x } }\n  - name: b\n    expect: { ran: [great] }\n",
    );
    const { code, out, err } = await run("wrong.yaml");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(
      "error [invalid_tests] The test file has mistakes.\n  wrong.yaml:3:5 tests.0.name: is missing; it must be a text.\n  wrong.yaml:3:5 tests.0.names: unknown key. Did you mean name?\n  wrong.yaml:4:14 ",
    );
    expect(err).toContain(
      'wrong.yaml:6:21 tests.1.expect.ran.0: workflow "hello" has no step "great". Did you mean greet?',
    );
  });

  test("says which files it looked for", async () => {
    file("alone.yaml", "name: alone\nsteps: [{ id: a, llm: { prompt: x } }]\n");
    expect((await run("alone.yaml")).err).toContain(
      "alone.yaml has no tests: there is no alone.test.yaml, alone.test.yml, alone.test.json.",
    );
    file("orphan.test.yaml", "tests: [{ name: a }]\n");
    expect((await run("orphan.test.yaml")).err).toContain(
      "orphan.test.yaml names no workflow: there is no orphan.yaml, orphan.yml, orphan.json.",
    );
    file("lost.yaml", "workflow: none.yaml\ntests: [{ name: a }]\n");
    expect(await run("lost.yaml")).toMatchObject({
      code: 2,
      err: expect.stringContaining("lost.yaml names none.yaml: there is no none.yaml."),
    });
  });
});
