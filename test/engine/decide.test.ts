import { describe, expect, test } from "vitest";
import { type AnyStateMachine, assign, createMachine, emit, fromPromise, setup } from "xstate";
import { toErrorRecord } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { createDriver } from "../../src/engine/drive.ts";
import type { Delivery, RunState } from "../../src/engine/state.ts";
import { define } from "../workflow/support/define.ts";

const now = Date.parse("2026-01-01T12:00:00Z");
const broke = { code: "provider_failed", message: "nobody answered" };

/** A run's decisions as the engine makes them: the state goes through JSON between any two. */
function decisions(machine: AnyStateMachine, input: JsonObject = {}) {
  const driver = createDriver(machine);
  const stored = (state: RunState): RunState => JSON.parse(JSON.stringify(state));
  return {
    driver,
    start: () => decideStart(driver, input, now),
    next: (state: RunState, deliveries: readonly Delivery[], at = now) =>
      decideNext(driver, stored(state), deliveries, at),
  };
}

/** What the definition's steps, all of kind `noop`, compile to. */
function workflow(steps: readonly JsonObject[], more: JsonObject = {}): AnyStateMachine {
  return define({ name: "w", steps: steps.map((step) => ({ noop: {}, ...step })), ...more }).machine;
}

function head(state: RunState, actor: string) {
  return { actor, epoch: state.active[actor]?.epoch ?? 0 };
}

function done(state: RunState, step: string): Delivery {
  const event = { type: "step.succeeded", step, attempt: 1, served: null, calls: [] } as const;
  return { ...head(state, step), type: "done", output: `output of ${step}`, event };
}

function failed(state: RunState, step: string): Delivery {
  const event = { type: "step.failed", step, attempt: 1, error: broke, calls: [] } as const;
  return { ...head(state, step), type: "error", error: broke, event };
}

function fired(state: RunState, timer: string): Delivery {
  return { ...head(state, timer), type: "timer" };
}

function timersOf(state: RunState): readonly string[] {
  return Object.keys(state.active).filter((actor) => state.active[actor]?.kind === "timer");
}

const stepsOf = (events: readonly object[]) =>
  events.flatMap((event) => ("step" in event && "type" in event ? [`${event.type} ${event.step}`] : []));

const fork = [{ id: "a" }, { id: "b", needs: [] }, { id: "c", needs: [] }, { id: "join", needs: ["a", "b", "c"] }];

describe("decideStart", () => {
  test("opens the first steps, each with an epoch of its own, and says so in the history", () => {
    const { state, opened, events, closed, ending } = decisions(workflow(fork)).start();
    expect(opened).toEqual([
      { actor: "a", epoch: 1, kind: "noop", dueAt: 0 },
      { actor: "b", epoch: 2, kind: "noop", dueAt: 0 },
      { actor: "c", epoch: 3, kind: "noop", dueAt: 0 },
    ]);
    expect(stepsOf(events)).toEqual(["step.queued a", "step.queued b", "step.queued c"]);
    expect([state.epoch, closed, ending]).toEqual([3, [], null]);
  });

  test("ends a run at once whose steps are all skipped", () => {
    const { opened, events, ending } = decisions(workflow([{ id: "a", when: "false" }])).start();
    expect([opened, stepsOf(events), ending]).toEqual([[], ["step.skipped a"], { status: "succeeded" }]);
  });

  test("fails a run whose machine cannot even begin, rather than throwing", () => {
    const machine = createMachine({
      context: ({ input }) => {
        if ((input as JsonObject).broken) throw new Error("no context");
        return {};
      },
    });
    const { ending, state } = decisions(machine, { broken: true }).start();
    expect(ending).toEqual({ status: "failed", error: { code: "internal", message: "no context" } });
    expect([state.active, state.epoch]).toEqual([{}, 0]);
  });
});

describe("decideNext", () => {
  test("takes a step's output, writes its line of history, and opens what follows", () => {
    const run = decisions(workflow([{ id: "a" }, { id: "b" }]));
    const { state } = run.start();
    const after = run.next(state, [done(state, "a")]);
    expect(after.outputs).toEqual({ a: "output of a" });
    expect(stepsOf(after.events)).toEqual(["step.succeeded a", "step.queued b"]);
    expect([after.closed, after.opened]).toEqual([["a"], [{ actor: "b", epoch: 2, kind: "noop", dueAt: 0 }]]);
    expect(run.next(after.state, [done(after.state, "b")])).toMatchObject({
      ending: { status: "succeeded" },
      state: { active: {} },
    });
  });

  test("fails the run with the step's own error, the step named, and cancels its siblings", () => {
    const run = decisions(workflow(fork));
    const { state } = run.start();
    const { ending, events, closed, opened } = run.next(state, [failed(state, "b")]);
    expect(ending).toEqual({
      status: "failed",
      error: { code: "provider_failed", message: 'Step "b": nobody answered', details: { step: "b" } },
    });
    expect(stepsOf(events).sort()).toEqual(["step.cancelled a", "step.cancelled c", "step.failed b"]);
    expect([[...closed].sort(), opened]).toEqual([["a", "b", "c"], []]);
  });

  test("folds several deliveries in one go: the join is opened once, by the last of them", () => {
    const run = decisions(workflow(fork));
    const { state } = run.start();
    const { outputs, opened, events, closed } = run.next(state, [done(state, "c"), done(state, "a"), done(state, "b")]);
    expect(Object.keys(outputs)).toEqual(["c", "a", "b"]);
    expect(opened).toEqual([{ actor: "join", epoch: 4, kind: "noop", dueAt: 0 }]);
    expect(stepsOf(events)).toEqual(["step.succeeded c", "step.succeeded a", "step.succeeded b", "step.queued join"]);
    expect([...closed].sort()).toEqual(["a", "b", "c"]);
  });

  test("ignores the delivery of an actor that an earlier one of the same inbox has cancelled", () => {
    const run = decisions(workflow(fork));
    const { state } = run.start();
    const alone = run.next(state, [failed(state, "a")]);
    const followed = run.next(state, [failed(state, "a"), done(state, "b"), failed(state, "c")]);
    expect(followed).toEqual(alone);
    expect(followed.outputs).toEqual({});
  });

  test("ignores the delivery of another dispatch of the same actor, and one that comes twice", () => {
    const run = decisions(workflow(fork));
    const { state } = run.start();
    const nothing = run.next(state, []);
    expect(run.next(state, [{ ...done(state, "a"), epoch: 99 }])).toEqual(nothing);
    expect(nothing).toMatchObject({ outputs: {}, events: [], opened: [], closed: [], ending: null });
    const twice = run.next(state, [done(state, "a"), done(state, "a")]);
    expect(twice).toEqual(run.next(state, [done(state, "a")]));
  });

  test("leaves a state that nothing happens to as it is", () => {
    const run = decisions(workflow(fork));
    const { state } = run.start();
    expect(run.next(state, []).state).toEqual(JSON.parse(JSON.stringify(state)));
  });

  test("says the same for the same arguments, and changes none of them", () => {
    const run = decisions(workflow(fork, { timeout: "1h" }));
    expect(run.start()).toEqual(run.start());
    const { state } = run.start();
    const kept = JSON.stringify(state);
    const deliveries = [done(state, "b"), done(state, "a")];
    expect(JSON.stringify(run.next(state, deliveries))).toBe(JSON.stringify(run.next(state, deliveries)));
    expect(JSON.stringify(state)).toBe(kept);
  });

  test("counts epochs up and never gives one twice, also when a step is entered again", () => {
    const machine = setup({ actors: { job: fromPromise(async () => undefined) } }).createMachine({
      initial: "trying",
      states: {
        trying: { invoke: { id: "try", src: "job", onDone: "resting", onError: { target: "trying", reenter: true } } },
        resting: { invoke: { id: "rest", src: "job", onDone: "trying" } },
      },
    });
    const run = decisions(machine);
    const epochs: number[] = [];
    let { state, opened } = run.start();
    for (let turn = 0; turn < 12; turn++) {
      epochs.push(...opened.map(({ epoch }) => epoch));
      const [actor = ""] = Object.keys(state.active);
      const delivery = turn % 3 === 2 && actor === "try" ? failed(state, actor) : done(state, actor);
      const before = state;
      ({ state, opened } = run.next(state, [delivery]));
      expect(run.next(state, [delivery]).state).toEqual(state);
      expect(state.epoch).toBeGreaterThan(before.epoch);
    }
    expect(epochs).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  test("closes and opens nothing for an actor that begins and is cancelled within one fold", () => {
    const run = decisions(workflow([{ id: "a" }, { id: "b" }, { id: "x", needs: [] }]));
    const { state } = run.start();
    const { opened, closed, events, state: after } = run.next(state, [done(state, "a"), failed(state, "x")]);
    expect([opened, [...closed].sort(), after.active]).toEqual([[], ["a", "x"], {}]);
    expect(stepsOf(events)).toEqual(["step.succeeded a", "step.queued b", "step.failed x", "step.cancelled b"]);
  });

  test("makes events of the notices that the machine emits", () => {
    const steps = [{ id: "a" }, { id: "b", when: "false" }, { id: "c", when: "steps.a.output.x > 1" }];
    const run = decisions(workflow(steps));
    const { state } = run.start();
    const { events, ending } = run.next(state, [{ ...head(state, "a"), type: "done", output: { x: 0 } }]);
    expect(stepsOf(events)).toEqual(["step.skipped b", "step.skipped c"]);
    expect(ending).toEqual({ status: "succeeded" });
  });

  test("fails a run whose guard throws, cancels what is active, and does not throw", () => {
    const machine = setup({
      actors: { job: fromPromise(async () => undefined) },
      guards: {
        broken: () => {
          throw new Error("the guard is broken");
        },
      },
    }).createMachine({
      type: "parallel",
      states: {
        one: {
          initial: "busy",
          states: {
            busy: { invoke: { id: "one", src: "job", onDone: { guard: "broken", target: "over" } } },
            over: {},
          },
        },
        two: { initial: "busy", states: { busy: { invoke: { id: "two", src: "job" } } } },
      },
    });
    const run = decisions(machine);
    const { state } = run.start();
    const { ending, events, state: after } = run.next(state, [done(state, "one")]);
    expect(ending).toMatchObject({ status: "failed", error: { code: "internal" } });
    expect(ending?.status === "failed" && ending.error.message).toContain("the guard is broken");
    expect(stepsOf(events)).toEqual(["step.succeeded one", "step.cancelled two"]);
    expect(after.active).toEqual({});
  });

  test("a decision that broke leaves nothing behind for the next run of the same workflow", () => {
    const machine = setup({
      types: {} as { emitted: { type: "step.skipped"; step: string } },
      actors: { job: fromPromise(async () => undefined) },
      guards: {
        broken: () => {
          throw new Error("the guard is broken");
        },
      },
    }).createMachine({
      initial: "first",
      states: {
        first: { invoke: { id: "first", src: "job", onDone: "second" } },
        second: {
          entry: emit({ type: "step.skipped", step: "leftover" }),
          always: { guard: "broken", target: "first" },
        },
      },
    });
    const run = decisions(machine);
    const before = run.start();
    expect(run.next(before.state, [done(before.state, "first")]).ending?.status).toBe("failed");
    expect(run.start()).toEqual(before);
  });

  test("fails a run whose machine knows no answer to a failed step", () => {
    const machine = setup({ actors: { job: fromPromise(async () => undefined) } }).createMachine({
      initial: "only",
      states: { only: { invoke: { id: "only", src: "job" } } },
    });
    const run = decisions(machine);
    const { state } = run.start();
    expect(run.next(state, [failed(state, "only")])).toMatchObject({
      ending: { status: "failed" },
      state: { active: {} },
    });
  });
});

describe("timers", () => {
  const reminding = setup({
    actors: { job: fromPromise(async () => undefined) },
    delays: { grace: 5_000 },
  }).createMachine({
    context: { reminders: 0 },
    initial: "waiting",
    states: {
      waiting: {
        invoke: { id: "answer", src: "job", onDone: "over" },
        after: {
          grace: { target: "reminded", actions: assign({ reminders: ({ context }) => context.reminders + 1 }) },
        },
      },
      reminded: { after: { 60000: "over" } },
      over: { type: "final" },
    },
  });

  test("`after` opens an actor that is due when the time is over", () => {
    const { state, opened } = decisions(reminding).start();
    const [timer = ""] = timersOf(state);
    expect(opened).toContainEqual({ actor: timer, epoch: expect.any(Number), kind: "timer", dueAt: now + 5_000 });
  });

  test("a timer's delivery sends its event, cancels what it ends, and opens the next timer from that moment", () => {
    const run = decisions(reminding);
    const { state } = run.start();
    const [timer = ""] = timersOf(state);
    const after = run.next(state, [fired(state, timer)], now + 5_200);
    expect(stepsOf(after.events)).toEqual(["step.cancelled answer"]);
    expect([...after.closed].sort()).toEqual(["answer", timer].sort());
    expect(after.opened).toEqual([
      { actor: timersOf(after.state)[0], epoch: expect.any(Number), kind: "timer", dueAt: now + 65_200 },
    ]);
    const [second = ""] = timersOf(after.state);
    expect(run.next(after.state, [fired(after.state, second)]).ending).toEqual({ status: "succeeded" });
  });

  test("a timer whose state is left is closed, and its late delivery changes nothing", () => {
    const run = decisions(reminding);
    const { state } = run.start();
    const [timer = ""] = timersOf(state);
    const answered = run.next(state, [done(state, "answer")]);
    expect([...answered.closed].sort()).toEqual(["answer", timer].sort());
    expect(run.next(state, [done(state, "answer"), fired(state, timer)])).toEqual(answered);
  });

  test("a timer that is set again in one fold is a new dispatch", () => {
    const machine = createMachine({
      initial: "beating",
      states: { beating: { after: { 1000: { target: "beating", reenter: true } } } },
    });
    const run = decisions(machine);
    const { state } = run.start();
    const [timer = ""] = timersOf(state);
    const after = run.next(state, [fired(state, timer)], now + 1_000);
    expect(after.opened).toEqual([{ actor: timer, epoch: 2, kind: "timer", dueAt: now + 2_000 }]);
    expect(after.closed).toEqual([]);
    expect(run.next(after.state, [fired(state, timer)]).opened).toEqual([]);
  });

  test("the workflow's timeout fails the run and cancels its running steps", () => {
    const run = decisions(workflow(fork, { timeout: "2s" }));
    const { state } = run.start();
    const [timer = ""] = timersOf(state);
    expect(state.active[timer]?.timer?.dueAt).toBe(now + 2_000);
    const { ending, events } = run.next(state, [fired(state, timer)]);
    expect(ending).toMatchObject({ status: "failed", error: { code: "run_timeout" } });
    expect(stepsOf(events).sort()).toEqual(["step.cancelled a", "step.cancelled b", "step.cancelled c"]);
  });

  test("the timeout's timer is closed with the run", () => {
    const run = decisions(workflow([{ id: "a" }], { timeout: "2s" }));
    const { state } = run.start();
    const { ending, closed, state: after } = run.next(state, [done(state, "a")]);
    expect(ending).toEqual({ status: "succeeded" });
    expect([closed.length, after.active]).toEqual([2, {}]);
  });
});

describe("an error that is no record", () => {
  test("becomes one in the run's ending", () => {
    const run = decisions(workflow([{ id: "a" }]));
    const { state } = run.start();
    const error = toErrorRecord("a plain text");
    const { ending } = run.next(state, [{ ...head(state, "a"), type: "error", error }]);
    expect(ending).toMatchObject({ error: { code: "internal", details: { step: "a" } } });
  });
});
