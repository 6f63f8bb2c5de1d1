import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { define } from "./support/define.ts";
import { PureDriver } from "./support/pure-driver.ts";

interface RandomStep {
  readonly id: string;
  readonly needs: readonly string[];
  /** Absent: no `when`. `of` names a step that it asks, whose output says yes or no; without it the input is asked. */
  readonly when?: { readonly of?: string; readonly yes: boolean };
}

interface RandomRun {
  readonly steps: readonly RandomStep[];
  /** Which of the running steps ends next, over and over. */
  readonly picks: readonly number[];
}

/** Steps that may need any of those drawn before them, in shuffled order of definition. */
const randomRun: fc.Arbitrary<RandomRun> = fc
  .integer({ min: 1, max: 14 })
  .chain((size) =>
    fc.record({
      needs: fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: size, maxLength: size }),
      whens: fc.array(fc.option(fc.record({ yes: fc.boolean(), asks: fc.boolean() }), { freq: 2 }), {
        minLength: size,
        maxLength: size,
      }),
      order: fc.shuffledSubarray([...Array(size).keys()], { minLength: size, maxLength: size }),
      picks: fc.array(fc.nat(), { minLength: size, maxLength: size }),
    }),
  )
  .map(({ needs, whens, order, picks }) => {
    const steps = needs.map((drawn, index): RandomStep => {
      const own = [...new Set(index === 0 ? [] : drawn.map((pick) => `s${pick % index}`))];
      const when = whens[index];
      const [of] = own;
      return {
        id: `s${index}`,
        needs: own,
        ...(when ? { when: { yes: when.yes, ...(when.asks && of ? { of } : {}) } } : {}),
      };
    });
    return { steps: order.flatMap((index) => steps[index] ?? []), picks };
  });

function machineOf(steps: readonly RandomStep[]) {
  const definition = steps.map(({ id, needs, when }): JsonObject => {
    const asked =
      when?.of === undefined ? `input.${id}` : `steps.${when.of}.output.${id} or steps.${when.of}.output == nil`;
    return { id, needs: [...needs], noop: {}, ...(when ? { when: asked } : {}) };
  });
  return define({ name: "w", steps: definition }).machine;
}

/** The answers that a run's input, or each step's output, gives to the conditions. */
function answers(steps: readonly RandomStep[]): JsonObject {
  return Object.fromEntries(steps.map(({ id, when }) => [id, when?.yes ?? true]));
}

/** Runs it to its end. @param failing the step that fails when it is its turn */
function drive({ steps, picks }: RandomRun, options: { readonly persisting: boolean; readonly failing?: string }) {
  const run = new PureDriver(machineOf(steps), answers(steps), options.persisting);
  const ended: string[] = [];
  const startedAfter = new Map<string, readonly string[]>();
  const look = () => {
    for (const step of run.running) if (!startedAfter.has(step)) startedAfter.set(step, [...ended, ...skipped(run)]);
  };
  look();
  for (let turn = 0; run.running.length > 0; turn++) {
    const step = run.running[(picks[turn] ?? 0) % run.running.length] ?? "";
    if (step === options.failing) run.fail(step);
    else run.succeed(step, answers(steps));
    ended.push(step);
    look();
  }
  return { run, ended, startedAfter };
}

function skipped(run: PureDriver): string[] {
  return run.emitted.map((event) => (event as { readonly step: string }).step);
}

/** The steps that run, by the definition's own words. */
function expectedToRun(steps: readonly RandomStep[]): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const runs = (id: string): boolean => {
    const when = byId.get(id)?.when;
    if (!when) return true;
    return when.yes || (when.of !== undefined && !runs(when.of));
  };
  return steps.map(({ id }) => id).filter(runs);
}

describe("the machine of any workflow", () => {
  test("starts every step that is to run exactly once, after all that it needs, and succeeds", () => {
    fc.assert(
      fc.property(randomRun, (random) => {
        const { run, ended, startedAfter } = drive(random, { persisting: true });
        const expected = expectedToRun(random.steps).sort();
        expect([...run.started].sort()).toEqual(expected);
        expect([...ended].sort()).toEqual(expected);
        expect(skipped(run).sort()).toEqual(
          random.steps
            .map(({ id }) => id)
            .filter((id) => !expected.includes(id))
            .sort(),
        );
        for (const { id, needs } of random.steps) {
          if (startedAfter.has(id)) expect(startedAfter.get(id)).toEqual(expect.arrayContaining([...needs]));
        }
        expect([run.status, run.snapshot.context.error]).toEqual(["succeeded", null]);
      }),
      { numRuns: 300 },
    );
  });

  test("never waits longer than needed: whatever has all its needs ended is running", () => {
    fc.assert(
      fc.property(randomRun, ({ steps, picks }) => {
        const plain = steps.map(({ id, needs }) => ({ id, needs }));
        const run = new PureDriver(machineOf(plain), {});
        const ended = new Set<string>();
        for (let turn = 0; run.running.length > 0; turn++) {
          const ready = plain.filter(({ id, needs }) => !ended.has(id) && needs.every((need) => ended.has(need)));
          expect(run.running).toEqual(ready.map(({ id }) => id).sort());
          const step = run.running[(picks[turn] ?? 0) % run.running.length] ?? "";
          run.succeed(step);
          ended.add(step);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("does the same whether or not it is stored and restored between events", () => {
    fc.assert(
      fc.property(randomRun, (random) => {
        const kept = drive(random, { persisting: false });
        const restored = drive(random, { persisting: true });
        expect(restored.run.persisted()).toEqual(kept.run.persisted());
        expect(restored.run.started).toEqual(kept.run.started);
        expect(restored.run.emitted).toEqual(kept.run.emitted);
      }),
      { numRuns: 150 },
    );
  });

  test("fails with the error of the step that fails, and starts nothing after it", () => {
    fc.assert(
      fc.property(randomRun, fc.nat(), (random, pick) => {
        const candidates = expectedToRun(random.steps);
        const failing = candidates[pick % candidates.length];
        fc.pre(failing !== undefined);
        const { run, ended, startedAfter } = drive(random, { persisting: true, failing });
        expect(run.status).toBe("failed");
        expect(run.snapshot.context.error).toMatchObject({ step: failing, error: { code: "provider_failed" } });
        expect([ended.at(-1), run.running]).toEqual([failing, []]);
        expect([...startedAfter.values()].flat()).not.toContain(failing);
      }),
      { numRuns: 150 },
    );
  });
});
