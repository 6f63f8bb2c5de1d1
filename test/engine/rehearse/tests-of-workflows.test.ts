import { describe, expect, test } from "vitest";
import type { Problem } from "../../../src/core/errors.ts";
import { readTests } from "../../../src/engine/rehearse/read-tests.ts";
import { runTests, testCoverage } from "../../../src/engine/rehearse/run-tests.ts";
import { checkDefinition } from "../../../src/workflow/check.ts";
import { failureOf, kinds } from "../../workflow/support/define.ts";

const definition = checkDefinition(
  `name: triage
input: { type: object, required: [ticket], properties: { ticket: { type: string } } }
steps:
  - id: sort
    llm:
      prompt: "{{ input.ticket }}"
      output:
        type: object
        required: [urgency]
        additionalProperties: false
        properties: { urgency: { enum: [low, high] }, team: { type: string, default: support } }
  - id: handover
    when: steps.sort.output.urgency == "high"
    llm: { prompt: "For {{ steps.sort.output.team }}" }
  - id: reply
    llm: { prompt: "Reply to {{ input.ticket }}" }
output: { reply: "{{ steps.reply.output }}", note: "{{ steps.handover.output }}" }
`,
  { kinds },
);
const reading = { definition, kinds, fileName: "triage.test.yaml" };

const problemsIn = (text: string): readonly Problem[] => failureOf(() => readTests(text, reading))?.problems ?? [];
const lines = (text: string) =>
  problemsIn(text).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);

const common = `steps:
  sort: { output: { urgency: high } }
  handover: { output: Look at it }
  reply: { output: Thanks }
`;

async function ran(text: string) {
  const run = { definition, kinds, tests: readTests(text, reading) };
  const results = await runTests(run);
  return { results, coverage: testCoverage(run, results), told: results.map(({ name, unmet }) => [name, unmet]) };
}

describe("the tests of a workflow", () => {
  test("pass where everything is as expected", async () => {
    const { told } = await ran(`${common}
tests:
  - name: urgent
    input: { ticket: Help }
    expect:
      ran: [reply, handover, sort]
      skipped: []
      attempts: { sort: 1 }
      rendered: { handover: For support, reply: [Reply, Help] }
      output: { reply: Thanks, note: Look at it }
  - name: calm
    input: { ticket: Hi }
    steps: { sort: { output: { urgency: low } } }
    expect: { skipped: [handover], output: { reply: Thanks, note: null } }
  - name: broken
    input: { ticket: Hi }
    steps: { reply: { error: { code: content_filtered, message: no such words, retryable: false } } }
    expect: { error: { code: content_filtered, step: reply, message: such words }, failed: [reply], attempts: { reply: 1, sort: 1 } }
  - name: nothing is said, so it must succeed
    input: { ticket: Hi }
`);
    expect(told).toEqual(["urgent", "calm", "broken", "nothing is said, so it must succeed"].map((name) => [name, []]));
  });

  test("say of everything that is not as expected what it is instead", async () => {
    const { told } = await ran(`${common}
tests:
  - name: all wrong
    input: { ticket: Help }
    expect:
      ran: [sort]
      skipped: [handover]
      attempts: { sort: 2 }
      rendered: { reply: Bye }
      output: { reply: "Thanks\\na lot", other: 1 }
  - name: fails instead
    input: { ticket: Help }
    steps: { sort: { error: provider_failed } }
  - name: succeeds instead
    input: { ticket: Help }
    expect: { error: provider_failed }
  - name: another error
    input: { ticket: Help }
    steps: { sort: { error: provider_failed } }
    expect: { error: { code: step_timeout, step: reply, message: slow } }
  - name: nothing was written for it
    input: { ticket: Help }
    steps: { sort: { attempts: [{ error: provider_failed }] } }
`);
    const failure = 'Step "sort": Every provider that could serve the request failed.';
    expect(told).toEqual([
      [
        "all wrong",
        [
          { place: "ran", message: "not expected handover, reply" },
          { place: "skipped", message: "missing handover" },
          { place: "attempts.sort", message: "expected 2, got 1" },
          { place: "rendered.reply", message: 'expected to contain "Bye", got "Reply to Help"' },
          { place: "output.reply", message: 'line 2: expected "a lot", got the end' },
          { place: "output.other", message: "expected 1, but it is missing" },
          { place: "output.note", message: 'not expected, got "Look at it"' },
        ],
      ],
      ["fails instead", [{ place: "status", message: `expected succeeded, got failed (provider_failed: ${failure})` }]],
      ["succeeds instead", [{ place: "status", message: "expected failed, got succeeded" }]],
      [
        "another error",
        [
          { place: "error.code", message: `expected step_timeout, got provider_failed (${failure})` },
          { place: "error.step", message: `expected reply, got sort (${failure})` },
          { place: "error.message", message: `expected to contain "slow", got "${failure}"` },
        ],
      ],
      [
        "nothing was written for it",
        [{ place: "steps.sort", message: 'attempt 2 of step "sort" began, but the test says results for 1 only' }],
      ],
    ]);
  });

  test("are counted against every path, branch and step", async () => {
    const { coverage } = await ran(`${common}
tests:
  - { name: urgent, input: { ticket: x } }
  - name: no reply to a calm one
    input: { ticket: x }
    steps: { sort: { output: { urgency: low } }, reply: { error: provider_failed } }
    expect: { error: provider_failed }
`);
    expect(coverage).toEqual({
      steps: { total: 3, covered: 3, missing: [] },
      branches: { total: 7, covered: 5, missing: ["sort fails", "handover fails"] },
      paths: {
        total: 6,
        covered: 2,
        isSampled: false,
        missing: expect.arrayContaining([
          "sort fails",
          "handover fails",
          "reply fails",
          "handover is skipped, all else succeeds",
        ]),
      },
    });
  });

  test("that cover every path leave nothing to list", async () => {
    const fails = (step: string, urgency: string) =>
      `  - { name: ${step} ${urgency}, input: { ticket: x }, steps: { sort: { output: { urgency: ${urgency} } }, ${step}: { error: step_failed } }, expect: { error: step_failed } }\n`;
    const { coverage } = await ran(
      `${common}tests:
  - { name: high, input: { ticket: x } }
  - { name: low, input: { ticket: x }, steps: { sort: { output: { urgency: low } } } }
  - { name: none, input: { ticket: x }, steps: { sort: { error: step_failed } }, expect: { error: step_failed } }
${fails("handover", "high")}${fails("reply", "high")}${fails("reply", "low")}`,
    );
    expect([coverage.branches.missing, coverage.paths]).toEqual([
      [],
      { total: 6, covered: 6, missing: [], isSampled: false },
    ]);
  });
});

describe("the tests of a workflow whose steps may fail", () => {
  test("go the paths on which the run goes on", async () => {
    const tolerant = checkDefinition({
      name: "tolerant",
      steps: [
        { id: "a", on_error: "continue", llm: { prompt: "x" } },
        { id: "b", llm: { prompt: "x" } },
      ],
    });
    const text =
      "steps: { a: { error: step_failed }, b: { output: B } }\ntests: [{ name: one, expect: { failed: [a], output: B } }]\n";
    const run = { definition: tolerant, kinds, tests: readTests(text, { ...reading, definition: tolerant }) };
    const results = await runTests(run);
    expect(results[0]?.unmet).toEqual([]);
    const { branches, paths } = testCoverage(run, results);
    expect(branches.missing).toEqual(["a succeeds", "b fails"]);
    expect([...paths.missing].sort()).toEqual(["a fails, b fails", "b fails", "every step succeeds"]);
  });
});

describe("a test file", () => {
  test("is refused with everything that is wrong with it, where it stands, and what was meant", () => {
    expect(
      lines(`steps:
  sorrt: { output: { urgency: high } }
  sort: { output: { urgency: hihg, tema: x } }
  reply: {}
tests:
  - name: one
    inputs: {}
  - name: two
    steps:
      reply: { output: a, error: step_failed }
      handover: { error: step_faild, takes: 5x }
    expect: { ran: [sort, repyl] }
  - name: three
    steps:
      sort: { output: 1, attempts: [{}] }
      handover: { error: step_faild }
    expect:
      status: succeeded
      ran: [handover]
      skipped: [reply, handover]
      output: 1
      error: { step: nobody }
      attempts: { sorte: 1 }
`),
    ).toEqual([
      '2:3 steps.sorrt: workflow "triage" has no step "sorrt". Did you mean sort?',
      '3:30 steps.sort.output.urgency: does not fit the output schema of step "sort": must be one of low, high.',
      '3:42 steps.sort.output.tema: does not fit the output schema of step "sort": there is no such field.',
      "4:10 steps.reply: needs an output, or an error.",
      "7:5 tests.0.inputs: unknown key. Did you mean input?",
      "10:14 tests.1.steps.reply: has an output and an error; keep one of the two.",
      '11:19 tests.1.steps.handover.error.code: there is no error code "step_faild". Did you mean step_failed?',
      "11:45 tests.1.steps.handover.takes: must be a duration: a number and ms, s, m, h or d, such as 30s.",
      '12:27 tests.1.expect.ran.1: workflow "triage" has no step "repyl".',
      "15:15 tests.2.steps.sort.output: stands beside attempts; it belongs into one of them.",
      "15:37 tests.2.steps.sort.attempts.0: needs an output, or an error.",
      '16:19 tests.2.steps.handover.error.code: there is no error code "step_faild". Did you mean step_failed?',
      '20:17 tests.2.expect.skipped.0: step "reply" has no when: it is never skipped.',
      '20:24 tests.2.expect.skipped.1: step "handover" cannot have run and be skipped.',
      "21:7 tests.2.expect.output: a run that fails has no output.",
      "22:7 tests.2.expect.error: a run that succeeds has no error.",
      '22:22 tests.2.expect.error.step: workflow "triage" has no step "nobody".',
      '23:19 tests.2.expect.attempts.sorte: workflow "triage" has no step "sorte". Did you mean sort?',
    ]);
  });

  test.each([
    ["", "1:1 : a test file is an object with tests."],
    ["- a", "1:1 : a test file is an object with tests."],
    ["steps: {}", "1:1 tests: is missing; it must be a list."],
    ["tests: []", "1:8 tests: must not be an empty list."],
    ["tests:\n  - name: a\n  - name: a\n", '3:11 tests.1.name: another test above has the name "a".'],
    ["tests:\n  - name: a\n    name: b\n", "3:5 : this key stands here twice."],
  ])("that says %j is refused with %s", (text, line) => {
    expect(lines(text)).toContain(line);
  });

  test("may be JSON", () => {
    const text = JSON.stringify({ tests: [{ name: "a", input: { ticket: "x" } }] });
    expect(readTests(text, reading)).toMatchObject([
      { name: "a", input: { ticket: "x" }, expectation: { status: "succeeded" } },
    ]);
  });

  test("never throws anything but what is wrong with it", () => {
    for (const text of [
      "tests: [1, null, [], {}]",
      "tests: {a: 1}",
      "steps: 1\ntests: 2",
      "steps: {sort: 1}\ntests: [{}]",
    ]) {
      expect(failureOf(() => readTests(text, reading))?.code).toBe("invalid_tests");
    }
  });
});
