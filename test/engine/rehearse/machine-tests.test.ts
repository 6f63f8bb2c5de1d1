import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AnyStateMachine, assign, createMachine, emit, fromPromise, raise, setup } from "xstate";
import { llm } from "../../../src/actors/index.ts";
import { readTests } from "../../../src/engine/rehearse/read-tests.ts";
import { machineTestCoverage, runTests } from "../../../src/engine/rehearse/run-tests.ts";
import { defaultKinds } from "../../../src/workflow/check.ts";
import type { CheckedDefinition } from "../../../src/workflow/checked.ts";
import { ownPaths, pathGone } from "../../../src/workflow/paths/own-paths.ts";
import { failureOf } from "../../workflow/support/define.ts";

function reading(loaded: AnyStateMachine) {
  const definition = {
    name: "own",
    steps: [],
    routes: [],
    tolerance: { type: "none" },
    machine: { loaded },
    source: { name: "own" },
    toJSON: () => ({}),
  } as unknown as CheckedDefinition;
  return { definition, kinds: defaultKinds, fileName: "own.test.yaml" };
}

async function ran(machine: AnyStateMachine, tests: string) {
  const how = reading(machine);
  const run = { ...how, tests: readTests(`tests:\n${tests}`, how) };
  const results = await runTests(run);
  return {
    told: Object.fromEntries(
      results.map(({ name, unmet }) => [name, unmet.map(({ place, message }) => `${place}: ${message}`)]),
    ),
    results,
    coverage: machineTestCoverage(run, results),
  };
}

const mistakes = (machine: AnyStateMachine, text: string) =>
  failureOf(() => readTests(text, reading(machine)))?.problems?.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );

const work = fromPromise(async () => 1);
const packer = setup({ actors: { work } }).createMachine({
  id: "packer",
  initial: "packing",
  states: { packing: { invoke: { id: "work", src: "work", onDone: "packed" } }, packed: { type: "final" } },
  output: { packed: true },
});

/** Asks until it is told enough; then two things side by side, one of which can be put on hold. */
const review = setup({ actors: { llm, packer } }).createMachine({
  id: "review",
  initial: "asking",
  context: { asked: 0 },
  states: {
    asking: {
      invoke: {
        id: "ask",
        src: "llm",
        input: { prompt: "?", output: { type: "object", required: ["ok"], properties: { ok: { type: "boolean" } } } },
        onDone: "weighing",
        onError: "failed",
      },
    },
    weighing: {
      entry: assign({ asked: ({ context }) => context.asked + 1 }),
      always: [{ guard: ({ context }) => context.asked < 2, target: "asking" }, { target: "both" }],
    },
    both: {
      type: "parallel",
      states: {
        left: { initial: "open", states: { open: { on: { LEFT: "done" } }, done: { type: "final" } } },
        right: {
          initial: "waiting",
          states: {
            waiting: { on: { HOLD: "held", AGAIN: { target: "waiting", reenter: true } }, after: { 5000: "done" } },
            held: { on: { GO: "waiting" } },
            done: { type: "final", entry: emit({ type: "right_done" }) },
          },
        },
      },
      onDone: "packing",
    },
    packing: { entry: raise({ type: "NOTHING" }), invoke: { id: "box", src: "packer", onDone: "done" } },
    done: { type: "final" },
    failed: { type: "final" },
  },
  output: ({ context }) => context,
});

const answers = "ask: { in_turn: [{ output: { ok: false } }, { output: { ok: true }, takes: 2s }] }";

describe("the tests of an XState machine", () => {
  test("go through its states, those that it leaves at once too, and through those of its child machines", async () => {
    const { told, results } = await ran(
      review,
      `
  - name: through all
    steps: { ${answers}, box.work: { output: 3 } }
    signals:
      - { name: HOLD, in: both, after: 1s }
      - { name: GO, in: both.right.held, after: 1h }
      - { name: AGAIN, in: both.right.waiting }
      - { name: LEFT, after: 4s }
    expect:
      states: [asking, weighing, asking, weighing, both.left.open, both.right.waiting, both.right.held, both.right.waiting, both.right.waiting, both.left.done, both.right.done, packing, done]
      machines: { box: [packing, packed] }
      emitted: [right_done]
      attempts: { ask: 2, box.work: 1 }
      output: { asked: 2 }
  - name: it waits where nobody says anything
    steps: { ${answers} }
    expect: { status: waiting, ran: [ask], emitted: [{ type: right_done }] }
  - name: it is left before the timer is due
    until: 6s
    steps: { ${answers} }
    expect: { status: waiting, emitted: [] }
`,
    );
    expect(told).toEqual({
      "through all": [],
      "it waits where nobody says anything": [],
      "it is left before the timer is due": [],
    });
    // An hour's wait and two timers go by on the run's own clock.
    expect(results[0]?.run.steps.find(({ id }) => id === "ask")).toMatchObject({ startedAt: 0, finishedAt: 2_000 });
  });

  test("say what is not as expected", async () => {
    const { told } = await ran(
      review,
      `
  - name: other states
    steps: { ${answers} }
    signals: [{ name: GO, in: done }]
    expect: { states: [asking], machines: { box: [packing] }, emitted: [other] }
  - name: asked too often
    steps: { ask: { in_turn: [{ output: { ok: true } }] } }
  - name: what no model could say
    steps: { ask: { output: { ok: maybe } } }
`,
    );
    expect(told).toEqual({
      "other states": [
        "status: expected succeeded, got waiting in both.left.open and both.right.done",
        "states: expected asking; got asking, weighing, asking, weighing, both.left.open, both.right.waiting, both.right.done",
        "machines.box: expected packing; got none",
        'emitted.0: expected "other", got "right_done"',
        'signals.0: GO was not sent: the machine waits before it came to state "done"',
      ],
      "asked too often": ['steps.ask: step "ask" ran, for the second time, but the test says no result for that'],
      "what no model could say": [
        'steps.ask: step "ask" ran, but its output does not fit the output schema that it was given: ok: must be boolean',
      ],
    });
  });

  test("are read with everything that is wrong at once", () => {
    const text = `tests:
  - name: a
    steps: { aks: { output: 1 }, ask: { in_turn: [{}] } }
    signals: [{ name: LEFFT }, { name: LEFT, in: held }]
    expect:
      states: [asking, both, dne]
      machines: { bax: [packing], box: [packd] }
      skipped: [ask]
`;
    expect(mistakes(review, text)).toEqual([
      '3:14 workflow "own" has no step "aks".',
      "3:51 needs an output, or an error.",
      '4:23 the machine takes no event "LEFFT". Did you mean LEFT? It takes LEFT, HOLD, AGAIN, GO.',
      '4:50 the machine has no state "held". Did you mean both.right.held? Its states: asking, weighing, both, both.left, both.left.open, both.left.done, both.right, both.right.waiting, both.right.held, both.right.done, packing, done, failed.',
      '6:24 state "both" has states inside; name these: both.left, both.left.open, both.left.done, both.right, both.right.waiting, both.right.held, both.right.done.',
      expect.stringContaining('6:30 the machine has no state "dne".'),
      '7:19 the machine has no child machine "bax". Did you mean box? It has box.',
      '7:41 the machine has no state "packd". Did you mean packed? Its states: packing, packed.',
      '8:17 step "ask" has no when: it is never skipped.',
    ]);
  });

  test("end where a machine would go on for ever", async () => {
    const ticking = createMachine({ initial: "a", states: { a: { after: { 10: "b" } }, b: { after: { 10: "a" } } } });
    const { told } = await ran(
      ticking,
      "  - { name: forever }\n  - { name: a while, until: 25ms, expect: { status: waiting, states: [a, b, a] } }",
    );
    expect(told.forever?.[0]).toMatch(/did not end within 5000 happenings.*until says when to stop/);
    expect(told["a while"]).toEqual([]);
  });
});

describe("the coverage of an XState machine", () => {
  test("lists states, transitions and paths that no test goes through", async () => {
    const { coverage } = await ran(
      review,
      `
  - name: it fails at once
    steps: { ask: { error: { code: step_failed, retryable: false } } }
    expect: { output: { asked: 0 } }
  - name: through all but the child machine
    steps: { ${answers}, box.work: { error: step_failed } }
    signals: [{ name: HOLD, in: both }, { name: GO }, { name: LEFT }]
    expect: { status: failed }
`,
    );
    expect(coverage.steps).toEqual({ total: 2, covered: 2, missing: [] });
    expect(coverage.states).toMatchObject({ total: 15, missing: ["done", "packer/packed"] });
    expect(coverage.transitions.missing).toEqual([
      "both.right.waiting: AGAIN -> both.right.waiting",
      "packing: box is done -> done",
      "packer/packing: work is done -> packed",
    ]);
    // Rounds (asked again, held) are no paths of their own; of what is side by side the order makes none.
    expect(coverage.paths).toEqual({
      total: 2,
      covered: 1,
      isFree: true,
      missing: [
        "asking: ask is done -> weighing; weighing: always, else -> both; both.left.open: LEFT -> both.left.done; both.right.waiting: after 5.0 s -> both.right.done; packing: box is done -> done",
      ],
    });
  });

  test("says so where there are too many paths, and walks none", () => {
    const states = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [
        `s${at}`,
        { on: Object.fromEntries(Array.from({ length: 12 }, (__, to) => [`TO_${to}`, `s${to}`])) },
      ]),
    );
    const mesh = createMachine({
      initial: "s0",
      states: { ...states, s0: { ...states.s0, on: { ...states.s0?.on, END: "end" } }, end: { type: "final" } },
    } as never);
    const found = ownPaths(mesh as unknown as AnyStateMachine, { states: 100, work: 10_000 });
    expect(found).toEqual({ isComplete: false, paths: [], isFree: false });
  });

  test("finds each way that a run goes to its end among the paths", async () => {
    const known = new Map(ownPaths(review).paths.map(({ key, text }) => [key, text]));
    const signal = fc.record({
      name: fc.constantFrom("LEFT", "HOLD", "GO", "AGAIN"),
      after: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(signal, { maxLength: 8 }), fc.boolean(), async (signals, fails) => {
        const ask = fails ? "{ error: { code: step_failed, retryable: false } }" : "{ output: { ok: true } }";
        const sent = signals.map(({ name, after }) => `{ name: ${name}, after: ${after}s }`);
        const { results } = await ran(
          review,
          `  - { name: a, steps: { ask: ${ask}, box.work: { output: 1 } }, signals: [${sent.join(", ")}] }`,
        );
        const run = results[0]?.run;
        const own = run?.machine?.machines.find(([path]) => path === "")?.[1];
        if (run?.status === "succeeded") expect([...known.keys()]).toContain(pathGone(review, own?.ways ?? []).key);
        else expect(run?.status).toBe("waiting");
      }),
      { numRuns: 20 },
    );
  });
});
