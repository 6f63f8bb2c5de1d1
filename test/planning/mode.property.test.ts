import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type PlanMode, planModes } from "../../src/core/plan.ts";
import { balancedWidth, inMode } from "../../src/planning/mode.ts";
import { factsOf } from "../../src/planning/step-facts.ts";
import { checkDefinition, defaultKinds } from "../../src/workflow/check.ts";
import { dagOf } from "../../src/workflow/dag.ts";

/** Steps s0, s1, ...: some think, some ask, some send; each may need some before it, and read some of these. */
const plans = fc
  .array(
    fc.record({
      kind: fc.constantFrom("llm", "llm", "llm", "approval", "http"),
      needs: fc.array(fc.nat(7), { maxLength: 3 }),
      reads: fc.nat(3),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map(
    (steps): JsonObject => ({
      name: "planned",
      steps: steps.map(({ kind, needs, reads }, index) => {
        const before = [...new Set(needs.filter((need) => need < index))].map((need) => `s${need}`);
        const text = ["Do it.", ...before.slice(0, reads).map((id) => `{{ steps.${id}.output | json }}`)].join(" ");
        const body =
          kind === "llm"
            ? { llm: { prompt: text } }
            : kind === "http"
              ? { http: { url: "https://example.com", method: "POST", body: text } }
              : { approval: { message: text } };
        return { id: `s${index}`, needs: before, ...body };
      }),
    }),
  );

const factsIn = (definition: JsonObject) => factsOf(checkDefinition(definition), defaultKinds);
const as = (definition: JsonObject, mode: PlanMode) => inMode(definition, factsIn(definition), mode);

describe("inMode", () => {
  test("whatever the mode, the plan is a workflow without mistakes, each step runs after all that it reads, and the output is the same", () => {
    fc.assert(
      fc.property(plans, fc.constantFrom(...planModes), (definition, mode) => {
        const given = factsIn(definition);
        const made = as(definition, mode);
        const dag = dagOf(factsIn(made));
        for (const { id, reads } of given) for (const read of reads) expect(dag.runsBefore(read, id)).toBe(true);
        const leaves = dagOf(given).leaves.map((id) => `{{ steps.${id}.output }}`);
        if (mode !== "auto") expect(Object.values(outputOf(made))).toEqual(leaves);
      }),
      { numRuns: 150 },
    );
  });

  test("all modes but parallel keep every dependency; parallel keeps those of steps that ask or act, before and after", () => {
    fc.assert(
      fc.property(plans, fc.constantFrom(...planModes), (definition, mode) => {
        const given = factsIn(definition);
        const before = dagOf(given);
        const after = dagOf(factsIn(as(definition, mode)));
        for (const one of given) {
          for (const other of given) {
            if (!before.runsBefore(other.id, one.id)) continue;
            if (mode === "parallel" && one.onlyThinks && other.onlyThinks) continue;
            expect(after.runsBefore(other.id, one.id)).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test("confirm adds an approval before each step that does not ask itself, step before each but the first, the others none", () => {
    fc.assert(
      fc.property(plans, fc.constantFrom(...planModes), (definition, mode) => {
        const given = factsIn(definition);
        const made = factsIn(as(definition, mode));
        const added = made.filter(({ id }) => !given.some((one) => one.id === id));
        const asked = given.filter(({ asks }) => !asks);
        const [first] = dagOf(given).order;
        const expected = mode === "confirm" ? asked : mode === "step" ? asked.filter(({ id }) => id !== first) : [];
        expect(added.map(({ id }) => id)).toEqual(expected.map(({ id }) => `approve-${id}`));
        for (const { id } of expected) expect(made.find((one) => one.id === id)?.needs).toContain(`approve-${id}`);
      }),
      { numRuns: 150 },
    );
  });

  test("sequential runs one step at a time, balanced no more than its width", () => {
    fc.assert(
      fc.property(plans, (definition) => {
        expect(mostAtOnce(as(definition, "sequential"))).toBe(1);
        expect(mostAtOnce(as(definition, "balanced"))).toBeLessThanOrEqual(balancedWidth);
      }),
      { numRuns: 100 },
    );
  });

  test("parallel runs side by side what only stood in a row", () => {
    const row = { name: "row", steps: ["a", "b", "c", "d"].map((id) => ({ id, llm: { prompt: "Do it." } })) };
    expect(mostAtOnce(as(row, "parallel"))).toBe(4);
  });

  test("a word said once is not kept for other runs, and a rejection is not tolerated", () => {
    const cached = {
      name: "cached",
      defaults: { cache: "1h", on_error: "continue", retry: { attempts: 2 } },
      steps: [{ id: "a", llm: { prompt: "Do it." } }],
    };
    const made = as(cached, "confirm");
    expect(made.defaults).toEqual({ on_error: "continue", retry: { attempts: 2 } });
    const [approval, step] = checkDefinition(made).steps;
    expect(approval).toMatchObject({ kind: "approval", cacheMs: null, onError: { type: "fail" } });
    expect(step).toMatchObject({ id: "a", cacheMs: 3_600_000 });
  });

  test("an approval gets an id that no step has", () => {
    const taken = {
      name: "taken",
      steps: [
        { id: "a", llm: { prompt: "Do it." } },
        { id: "approve-a", llm: { prompt: "Do it." } },
      ],
    };
    const ids = (as(taken, "confirm").steps as readonly JsonObject[]).map(({ id }) => id);
    expect(ids).toEqual(["approve-a-2", "a", "approve-approve-a", "approve-a"]);
  });
});

function outputOf({ output }: JsonObject): object {
  return typeof output === "string" ? [output] : (output as JsonObject);
}

/** The most steps of which none runs before another. */
function mostAtOnce(definition: JsonObject): number {
  const facts = factsIn(definition);
  const dag = dagOf(facts);
  const ordered = (a: string, b: string) => dag.runsBefore(a, b) || dag.runsBefore(b, a);
  const grow = (chosen: readonly string[], rest: readonly string[]): number => {
    const [next, ...others] = rest;
    if (next === undefined) return chosen.length;
    const without = grow(chosen, others);
    return chosen.some((one) => ordered(one, next)) ? without : Math.max(without, grow([...chosen, next], others));
  };
  return grow(
    [],
    facts.map(({ id }) => id),
  );
}
