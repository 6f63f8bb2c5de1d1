import { describe, expect, test } from "vitest";
import { pureHandlers } from "../../../src/cli/tests/pure-handlers.ts";
import { AppError } from "../../../src/core/errors.ts";
import { readTests } from "../../../src/engine/rehearse/read-tests.ts";
import { runTests, testCoverage } from "../../../src/engine/rehearse/run-tests.ts";
import { checkDefinition, defaultKinds as kinds } from "../../../src/workflow/check.ts";

const definition = checkDefinition(`
name: digest
input: { type: object, properties: { files: { type: array } } }
steps:
  - id: each
    map:
      over: input.files
      concurrency: 2
      on_error: continue
      steps:
        - { id: read, retry: { attempts: 2 }, llm: { prompt: "Read {{ input.item }}" } }
        - id: better
          loop:
            until: output contains "good"
            max: 3
            input: { text: "{{ steps.read.output }}" }
            steps: [{ id: write, llm: { prompt: "Round {{ input.index }}: {{ input.text }}" } }]
  - id: judge
    parallel:
      input: { texts: "{{ steps.each.output }}" }
      branches:
        kind: { steps: [{ id: say, llm: { prompt: "{{ input.texts | json }}" } }] }
        stern: { steps: [{ id: say, llm: { prompt: "{{ input.texts | json }}" } }] }
output: "{{ steps.judge.output }}"
`);

const shared = `
steps:
  each.read: { output: A text. }
  each.better.write: { output: good }
  judge.kind.say: { output: Fine., takes: 5s }
  judge.stern.say: { output: No. }
`;

async function told(tests: string) {
  const run = { definition, kinds, tests: readTests(`${shared}${tests}`, { definition, kinds, fileName: "d" }) };
  const results = await runTests({ ...run, pure: pureHandlers() });
  return { unmet: results.flatMap(({ unmet }) => unmet), coverage: testCoverage(run, results) };
}

function problems(tests: string) {
  try {
    readTests(`${shared}${tests}`, { definition, kinds, fileName: "d" });
  } catch (error) {
    if (error instanceof AppError) return (error.problems ?? []).map(({ line, message }) => `${line}: ${message}`);
  }
  return [];
}

describe("steps inside blocks", () => {
  test("give what is written for their path: for all items, by number, by the item, by round", async () => {
    const { unmet, coverage } = await told(`
tests:
  - name: every way
    input: { files: [a, b, c] }
    steps:
      each.read: { output: Text., items: { 1: { error: provider_failed }, c: { output: Third. } } }
      each.better.write: { output: good, items: { 0: { rounds: [{ output: bad }, { output: very good }] } } }
    expect:
      attempts: { each.read: 4, each.better.write: 3 }
      rendered: { each.better.write: ["Round 1: Text.", "Round 0: Third."], judge.stern.say: '["very good",null,"good"]' }
      blocks:
        each:
          output: [very good, null, good]
          runs:
            - { ran: [read, better], blocks: { better: { runs: [{ output: bad }, { output: very good }] } } }
            - { error: { code: provider_failed, step: read } }
            - { blocks: { better: { count: 1 } } }
        judge: { runs: { kind: { output: Fine. }, stern: { output: No. } } }
      output: { kind: Fine., stern: No. }
`);
    expect(unmet).toEqual([]);
    expect(coverage.steps).toEqual({ total: 7, covered: 7, missing: [] });
    expect(coverage.branches.missing).toContain("each.better.write fails");
    expect(coverage.branches.missing).not.toContain("each.read fails");
  });

  test("fail the run where their block does, and end what runs beside it", async () => {
    const { unmet } = await told(`
tests:
  - name: a branch fails
    input: { files: [] }
    steps: { judge.stern.say: { error: { code: provider_failed, retryable: false }, takes: 1s } }
    expect:
      error: { code: child_failed, step: judge, message: "Branch stern: run judge[stern] failed" }
      blocks: { each: { count: 0 }, judge: { runs: { kind: { status: cancelled }, stern: { error: provider_failed } } } }
`);
    expect(unmet).toEqual([]);
  });

  test("what differs is said with its run; a step without a result with its item and round", async () => {
    const { unmet } = await told(`
tests:
  - name: differs
    input: { files: [a] }
    expect: { blocks: { each: { count: 2, runs: { 0: { output: bad }, 4: {} } } } }
  - name: unsaid
    input: { files: [a, b] }
    steps: { each.better.write: { items: [{ rounds: [{ output: bad }] }, { output: good }] } }
`);
    expect(unmet).toEqual([
      { place: "blocks.each.count", message: "expected 2, got 1" },
      { place: "blocks.each.0.output", message: 'expected "bad", got "good"' },
      { place: "blocks.each.4", message: "did not run; these ran: 0" },
      {
        place: "steps.each.better.write",
        message: 'step "each.better.write" ran in item 0, round 1, but the test says no result for it',
      },
    ]);
  });

  test("are not run where the test says what their block gives", async () => {
    const { unmet, coverage } = await told(`
tests:
  - name: whole
    input: { files: [a] }
    steps: { each: { output: [x] } }
    expect: { blocks: { each: { count: 0 } }, rendered: { judge.kind.say: '["x"]' } }
`);
    expect(unmet).toEqual([]);
    expect(coverage.steps.missing).toEqual(["each.read", "each.better", "each.better.write"]);
  });

  test("that a test file names wrongly are reported with their lines and what is allowed", () => {
    const found = problems(`
tests:
  - name: wrong
    steps:
      each.raed: { output: x }
      judge.kind.say: { items: [{ output: x }] }
      each.read: { rounds: [{ output: x }] }
      each.better.write: { items: [{ items: [{ output: x }] }, {}] }
      each: { output: [] }
    expect:
      ran: [each.read]
      blocks:
        each: { runs: { one: {}, 0: { ran: [raed] } } }
        judge: { runs: { kidn: {} } }
`);
    expect(found).toEqual([
      '11: workflow "digest" has no step "each.raed". Did you mean each.read?',
      '12: step "judge.kind.say" is not told apart by items: no map or loop stands around it.',
      '13: stands beside "each": a step with a result of its own runs no block.',
      '13: step "each.read" is not told apart by rounds: around it are items.',
      '14: stands beside "each": a step with a result of its own runs no block.',
      '14: step "each.better.write" is not told apart by items: around it are rounds.',
      "14: needs an output, or an error.",
      '17: workflow "digest" has no step "each.read".',
      '19: must be the number of a run of step "each", from 0.',
      '19: workflow "digest.each" has no step "raed".',
      '20: step "judge" has no block "kidn"; it has kind, stern.',
    ]);
  });
});
