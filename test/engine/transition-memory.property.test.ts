import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { createDriver, type Driver } from "../../src/engine/drive.ts";
import type { Delivery, RunState, Transition } from "../../src/engine/state.ts";
import { unreadEvents } from "../../src/engine/transition-memory.ts";
import { define } from "../workflow/support/define.ts";

const now = Date.parse("2026-01-01T12:00:00Z");

interface RandomStep {
  readonly id: string;
  readonly needs: readonly string[];
  readonly when: "none" | "input" | "step" | "skipped";
  readonly undone: "no" | "success" | "start";
  readonly onError: "fail" | "continue";
}

/** One run: who ends next, and what comes of it. */
interface RandomPlay {
  readonly says: boolean;
  readonly turns: readonly {
    readonly pick: number;
    readonly outcome: "yes" | "no" | "fails" | "reused";
    /** Whether the state is stored and read before it; else it stays in memory. */
    readonly stored: boolean;
  }[];
}

const randomSteps: fc.Arbitrary<readonly RandomStep[]> = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(), { maxLength: 2 }),
      when: fc.constantFrom<RandomStep["when"]>("none", "none", "none", "input", "step", "skipped"),
      undone: fc.constantFrom<RandomStep["undone"]>("no", "no", "success", "start"),
      onError: fc.constantFrom<RandomStep["onError"]>("fail", "continue"),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((drawn) =>
    drawn.map(({ needs, ...step }, index) => ({
      ...step,
      id: `s${index}`,
      needs: [...new Set(index === 0 ? [] : needs.map((need) => `s${need % index}`))],
    })),
  );

const randomPlay: fc.Arbitrary<RandomPlay> = fc.record({
  says: fc.boolean(),
  turns: fc.array(
    fc.record({
      pick: fc.nat(),
      outcome: fc.constantFrom("yes", "yes", "yes", "no", "fails", "reused"),
      stored: fc.boolean(),
    }),
    { minLength: 7, maxLength: 7 },
  ),
});

function machineOf(steps: readonly RandomStep[]) {
  const whenOf = ({ when, needs: [of] }: RandomStep) => {
    if (when === "input" || (when === "step" && of === undefined)) return { when: "input.says" };
    if (when === "step") return { when: `steps.${of}.output.ok == true` };
    return when === "skipped" ? { when: "false" } : {};
  };
  const written = steps.map(
    (step): JsonObject => ({
      id: step.id,
      needs: [...step.needs],
      noop: {},
      ...whenOf(step),
      ...(step.onError === "continue" ? { on_error: "continue" } : {}),
      ...(step.undone === "no" ? {} : { compensate: { from: step.undone, noop: {} } }),
    }),
  );
  return define({ name: "w", steps: written, timeout: "1h" }).machine;
}

const broke = { code: "provider_failed", message: "It broke." };

function ended(step: RandomStep | undefined, actor: string, epoch: number, outcome: string): Delivery {
  const tried = { step: actor, attempt: 1, calls: [] } as const;
  if (outcome === "fails") {
    const event = { type: "step.failed", ...tried, error: broke } as const;
    return step?.onError === "continue"
      ? { actor, epoch, type: "done", output: null, event: { ...event, tolerated: true } }
      : { actor, epoch, type: "error", error: broke, event };
  }
  const output: Json = { ok: outcome === "yes" };
  if (outcome === "reused") {
    return {
      actor,
      epoch,
      type: "done",
      output,
      event: { type: "step.reused", step: actor, run: "run_1", served: null },
    };
  }
  return { actor, epoch, type: "done", output, event: { type: "step.succeeded", ...tried, served: null } };
}

/** All transitions of a run. @param driver for each of its decisions */
function played(steps: readonly RandomStep[], { says, turns }: RandomPlay, driver: () => Driver): Transition[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const all = [decideStart(driver(), { says }, now)];
  for (const { pick, outcome, stored } of turns) {
    const last = all.at(-1) as Transition;
    if (last.ending) break;
    const state = stored ? (JSON.parse(JSON.stringify(last.state)) as RunState) : last.state;
    const running = Object.entries(state.active).filter(([, { kind }]) => kind !== "timer");
    const [actor = "", { epoch } = { epoch: 0 }] = running[pick % running.length] ?? [];
    all.push(decideNext(driver(), state, [ended(byId.get(actor), actor, epoch, outcome)], now));
  }
  return all;
}

describe("a machine that remembers its transitions", () => {
  test("does in every run what one without a past does", () => {
    fc.assert(
      fc.property(randomSteps, fc.array(randomPlay, { minLength: 2, maxLength: 8 }), (steps, plays) => {
        const machine = machineOf(steps);
        const old = createDriver(machine);
        for (const play of plays) {
          expect(played(steps, play, () => old)).toEqual(played(steps, play, () => createDriver(machine)));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("steps the machine once for all runs that go the same way", () => {
    const { machine } = define({ name: "w", steps: ["a", "b", "c"].map((id) => ({ id, noop: {} })) });
    const driver = createDriver(machine);
    const turns = Array.from({ length: 3 }, () => ({ pick: 0, outcome: "yes" as const, stored: true }));
    const steps = ["a", "b", "c"].map(
      (id): RandomStep => ({ id, needs: [], when: "none", undone: "no", onError: "fail" }),
    );
    const [first, second] = [1, 2].map(() => played(steps, { says: true, turns }, () => driver));
    const snapshots = (transitions: readonly Transition[] | undefined) =>
      transitions?.slice(1).map(({ state }) => state.snapshot);
    for (const [index, snapshot] of (snapshots(first) ?? []).entries())
      expect(snapshots(second)?.[index]).toBe(snapshot);
  });

  test("asks a condition again each time: what it says may change", () => {
    const when = '"now" | date: "%Y" | split: "0" | shift | first';
    const { machine } = define({
      name: "w",
      steps: [
        { id: "a", noop: {} },
        { id: "b", when, noop: {} },
      ],
    });
    const driver = createDriver(machine);
    const steps: RandomStep[] = [{ id: "a", needs: [], when: "none", undone: "no", onError: "fail" }];
    const turns = [{ pick: 0, outcome: "yes" as const, stored: true }];
    const opened = () =>
      played(steps, { says: true, turns }, () => driver)
        .at(-1)
        ?.opened.map(({ actor }) => actor);
    vi.useFakeTimers({ now: Date.parse("2026-06-01T00:00:00Z") });
    try {
      expect(opened()).toEqual(["b"]);
      vi.setSystemTime(Date.parse("1999-06-01T00:00:00Z"));
      expect(opened()).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("what a machine remembers", () => {
  const plain = { name: "w", steps: ["a", "b", "c"].map((id) => ({ id, noop: {} })) };
  /** Runs that differ by what a condition reads. */
  const asking = {
    name: "w",
    steps: [
      { id: "a", noop: {} },
      { id: "b", when: "input.n == 1", noop: {} },
    ],
  };
  const driverOf = (definition: JsonObject) => createDriver(define(definition).machine);
  const stored = (value: Json) => JSON.parse(JSON.stringify(value)) as Json;
  const end = (step: string) => ({ type: `xstate.done.actor.${step}`, actorId: step, output: 1 });

  test("is one snapshot of a content, whether a run has come to it or it was read", () => {
    const driver = driverOf(plain);
    const first = driver.restore(stored(driver.persist(driver.start({}).snapshot)));
    const { snapshot } = driver.next(first, end("a"));
    expect(driver.restore(stored(driver.persist(snapshot)))).toBe(snapshot);
    expect(driver.next(first, end("a")).snapshot).toBe(snapshot);
    expect(driver.persist(snapshot)).toBe(driver.persist(snapshot));
  });

  test("does not depend on what came with the end of a step", () => {
    const secret = (step: string) =>
      new Proxy(end(step), {
        get(target, field) {
          if (field === "type") return target.type;
          throw new Error(`${String(field)} is read`);
        },
      });
    fc.assert(
      fc.property(randomSteps, (steps) => {
        const machine = machineOf(steps);
        const unread = unreadEvents(machine);
        const driver = createDriver(machine);
        let { snapshot } = driver.start({ says: true });
        for (const { id } of steps) if (unread.has(end(id).type)) ({ snapshot } = driver.next(snapshot, secret(id)));
      }),
      { numRuns: 100 },
    );
  });

  test("begins anew when it is full, if it was of use", () => {
    const driver = driverOf(asking);
    const states = Array.from({ length: 301 }, (_, n) => stored(driver.persist(driver.start({ n }).snapshot)));
    const seen = (state: Json | undefined) => driver.restore(stored(state ?? null));
    const before = seen(states[0]);
    for (const state of states.slice(0, 300)) expect(seen(state)).toBe(seen(state));
    expect(seen(states[0])).toBe(before);
    seen(states[300]);
    const after = seen(states[0]);
    expect(after).not.toBe(before);
    expect(seen(states[0])).toBe(after);
    expect(driver.next(before, end("a")).snapshot.value).toEqual(driver.next(after, end("a")).snapshot.value);
  });

  test("is nothing any more where it was of no use", () => {
    const driver = driverOf(asking);
    for (let n = 0; n <= 300; n++) driver.restore(stored(driver.persist(driver.start({ n }).snapshot)));
    const state = driver.persist(driver.start({ n: 5 }).snapshot);
    expect(driver.restore(stored(state))).not.toBe(driver.restore(stored(state)));
  });

  test("has no snapshots of many states", () => {
    const fan = (width: number) =>
      driverOf({ name: "w", steps: Array.from({ length: width }, (_, n) => ({ id: `s${n}`, needs: [], noop: {} })) });
    const isKept = (driver: Driver) => {
      const state = driver.persist(driver.start({}).snapshot);
      const [once, again] = [1, 2].map(() => driver.restore(stored(state)));
      return once === again;
    };
    expect([isKept(fan(5)), isKept(fan(40))]).toEqual([true, false]);
  });
});
