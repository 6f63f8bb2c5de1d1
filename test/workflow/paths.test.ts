import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choiceEvent } from "../../src/workflow/paths/path-machine.ts";
import { type Path, pathsOf } from "../../src/workflow/paths/paths.ts";
import { define } from "./support/define.ts";

interface Shape {
  readonly id: string;
  readonly needs: readonly string[];
  readonly isConditional: boolean;
}

const workflow = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), isConditional: fc.boolean() }), {
    minLength: 1,
    maxLength: 7,
  })
  .map((shapes) =>
    shapes.map(({ needs, isConditional }, index): Shape => {
      const known = index === 0 ? [] : needs.map((need) => `s${need % index}`);
      return { id: `s${index}`, needs: [...new Set(known)], isConditional };
    }),
  );

function machineOf(shapes: readonly Shape[]) {
  const steps = shapes.map(({ id, needs, isConditional }) => ({
    id,
    needs,
    noop: {},
    ...(isConditional ? { when: "input.x" } : {}),
  }));
  return define({ name: "a", input: { type: "object" }, steps }).machine;
}

function subsets([first, ...others]: readonly string[]): readonly (readonly string[])[] {
  if (first === undefined) return [[]];
  return subsets(others).flatMap((set) => [set, [first, ...set]]);
}

function ancestors(shapes: readonly Shape[], id: string): ReadonlySet<string> {
  const needs = shapes.find((shape) => shape.id === id)?.needs ?? [];
  return new Set(needs.flatMap((need) => [need, ...ancestors(shapes, need)]));
}

const stepsOf = ({ choices }: Path, outcome: string) =>
  choices.filter((choice) => choice.outcome === outcome).map(({ step }) => step);

describe("the paths through a workflow", () => {
  test("are those on which every set of conditions holds, and on each of them those on which one step fails", () => {
    fc.assert(
      fc.property(workflow, (shapes) => {
        const { isComplete, total, paths } = pathsOf(machineOf(shapes));
        expect([isComplete, total]).toEqual([true, paths.length]);
        const conditional = shapes.filter(({ isConditional }) => isConditional).map(({ id }) => id);
        const succeeded = paths.filter(({ end }) => end === "succeeded").map((path) => stepsOf(path, "skipped").sort());
        expect(succeeded.map(String).sort()).toEqual(
          subsets(conditional)
            .map((set) => String([...set].sort()))
            .sort(),
        );
        for (const { id } of shapes) {
          const before = ancestors(shapes, id);
          const failed = paths.filter((path) => path.end === "failed" && path.choices.at(-1)?.step === id);
          const skipped = failed.map((path) =>
            String(
              stepsOf(path, "skipped")
                .filter((step) => before.has(step))
                .sort(),
            ),
          );
          const expected = subsets(conditional.filter((step) => before.has(step))).map((set) =>
            String([...set].sort()),
          );
          expect([...new Set(skipped)].sort()).toEqual(expected.sort());
        }
      }),
      { numRuns: 150 },
    );
  });

  test("have no step that begins before what it needs has ended, and no choice after a failure", () => {
    fc.assert(
      fc.property(workflow, (shapes) => {
        for (const { choices } of pathsOf(machineOf(shapes)).paths) {
          const ended = new Set<string>();
          for (const [index, { step, outcome }] of choices.entries()) {
            const needs = shapes.find(({ id }) => id === step)?.needs ?? [];
            expect(needs.filter((need) => !ended.has(need))).toEqual([]);
            if (outcome === "succeeds" || outcome === "skipped") ended.add(step);
            if (outcome === "fails") expect(index).toBe(choices.length - 1);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test("of a long sequence are found: one to each step's failure, and one to the end", () => {
    const shapes = Array.from({ length: 120 }, (_, index) => ({
      id: `s${index}`,
      needs: index === 0 ? [] : [`s${index - 1}`],
      isConditional: false,
    }));
    const { isComplete, paths } = pathsOf(machineOf(shapes));
    expect([isComplete, paths.length]).toEqual([true, 121]);
  });

  test("go on after a step whose failure does not end the run", () => {
    const shapes = [
      { id: "a", needs: [], isConditional: false },
      { id: "b", needs: ["a"], isConditional: false },
    ];
    const { paths } = pathsOf(machineOf(shapes), new Set(["a"]));
    const told = paths.map(({ choices, end }) => `${choices.map(choiceEvent).join(", ")}: ${end}`);
    expect(told.sort()).toEqual([
      "fails a, fails b: failed",
      "fails a, succeeds b: succeeded",
      "succeeds a, fails b: failed",
      "succeeds a, succeeds b: succeeded",
    ]);
  });

  test("that are too many to walk are counted, and each choice still has one", () => {
    const shapes = Array.from({ length: 40 }, (_, index) => ({
      id: `s${index}`,
      needs: index === 0 ? [] : [`s${index - 1}`],
      isConditional: true,
    }));
    const { isComplete, total, paths } = pathsOf(machineOf(shapes));
    expect(isComplete).toBe(false);
    // On each way through the first n steps, step n+1 can fail; and all ways lead to the end.
    expect(total).toBe(2 ** 40 + (2 ** 40 - 1));
    const walked = new Set(paths.flatMap(({ choices }) => choices.map(choiceEvent)));
    const outcomes = ["runs", "skipped", "succeeds", "fails"] as const;
    const all = shapes.flatMap(({ id }) => outcomes.map((outcome) => choiceEvent({ step: id, outcome })));
    expect(all.filter((choice) => !walked.has(choice))).toEqual([]);
  });

  test("whose states are too many are not walked at all", () => {
    const shapes = [{ id: "a", needs: [], isConditional: true }];
    expect(pathsOf(machineOf(shapes), new Set(), { states: 1, work: 1 })).toEqual({
      isComplete: false,
      total: undefined,
      paths: [],
    });
  });
});
