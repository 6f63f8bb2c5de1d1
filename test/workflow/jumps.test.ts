import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkDefinition } from "../../src/workflow/check.ts";
import { dagOf } from "../../src/workflow/dag.ts";
import { type Path, pathsOf } from "../../src/workflow/paths/paths.ts";
import { define, kinds, problemsOf } from "./support/define.ts";
import { PureDriver } from "./support/pure-driver.ts";

const broke = { code: "step_failed", message: "It broke." };

/** Runs a workflow in which these steps fail. @returns the steps that ran and that were skipped */
function ran(definition: JsonObject, failing: readonly string[], order: readonly number[] = [0]) {
  const run = new PureDriver(define(definition).machine, {});
  for (let turn = 0; run.running.length > 0; turn++) {
    const step = run.running[(order[turn % order.length] ?? 0) % run.running.length] ?? "";
    const output = failing.includes(step) ? { output: null, error: broke } : { output: 1 };
    run.send({ type: `xstate.done.actor.${step}`, actorId: step, ...output });
  }
  const skipped = run.emitted.map((event) => (event as { readonly step: string }).step).sort();
  return { status: run.status, ran: [...run.started].sort(), skipped };
}

const step = (id: string, more: JsonObject = {}): JsonObject => ({ id, noop: {}, ...more });
const goesTo = (goto: string) => ({ on_error: { goto } });
const workflow = (...steps: JsonObject[]) => ({ name: "w", steps });

describe("a step that goes to another one when it fails", () => {
  test("passes over those between", () => {
    const line = workflow(step("a", goesTo("d")), step("b"), step("c"), step("d"), step("e"));
    expect(ran(line, ["a"])).toEqual({ status: "succeeded", ran: ["a", "d", "e"], skipped: ["b", "c"] });
    expect(ran(line, [])).toEqual({ status: "succeeded", ran: ["a", "b", "c", "d", "e"], skipped: [] });
  });

  test("leaves alone what runs beside it, and runs what follows the other one", () => {
    const fork = workflow(
      step("a", { needs: [], ...goesTo("join") }),
      step("b", { needs: ["a"] }),
      step("side", { needs: [] }),
      step("join", { needs: ["b", "side"] }),
    );
    expect(ran(fork, ["a"])).toEqual({ status: "succeeded", ran: ["a", "join", "side"], skipped: ["b"] });
  });

  test("may go to one that is reached only so, from several places", () => {
    const handled = workflow(
      step("a", goesTo("sorry")),
      step("b", goesTo("sorry")),
      step("c"),
      step("sorry", { needs: [] }),
    );
    expect(ran(handled, [])).toEqual({ status: "succeeded", ran: ["a", "b", "c"], skipped: ["sorry"] });
    expect(ran(handled, ["a"])).toEqual({ status: "succeeded", ran: ["a", "sorry"], skipped: ["b", "c"] });
    expect(ran(handled, ["b"])).toEqual({ status: "succeeded", ran: ["a", "b", "sorry"], skipped: ["c"] });
  });

  test("runs what conditions on its error say", () => {
    const asked = workflow(
      step("a", goesTo("c")),
      step("b"),
      step("c", { when: "steps.a.error" }),
      step("d", { when: "steps.a.error.code == 'other'" }),
    );
    expect(ran(asked, ["a"])).toMatchObject({ ran: ["a", "c"], skipped: ["b", "d"] });
    expect(ran(asked, [])).toMatchObject({ ran: ["a", "b"], skipped: ["c", "d"] });
  });

  test("in any workflow: each step runs or is skipped, and skipped is what comes after it and not after where it goes", () => {
    const drawn = fc.record({
      needs: fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 3, maxLength: 9 }),
      jump: fc.tuple(fc.nat(), fc.nat()),
      order: fc.array(fc.nat(), { minLength: 9, maxLength: 9 }),
    });
    fc.assert(
      fc.property(drawn, ({ needs, jump, order }) => {
        const nodes = needs.map((own, index) => ({
          id: `s${index}`,
          needs: [...new Set(index === 0 ? [] : own.map((need) => `s${need % index}`))],
        }));
        const dag = dagOf(nodes);
        const [from, to] = [`s${jump[0] % nodes.length}`, `s${jump[1] % nodes.length}`];
        fc.pre(from !== to && !dag.runsBefore(to, from));
        const isHandler = !dag.runsBefore(from, to);
        const effective = dagOf(
          nodes.map((node) => (node.id === to ? { id: to, needs: [...node.needs, from] } : node)),
        );
        const steps = nodes.map((node) =>
          step(node.id, { needs: node.needs, ...(node.id === from ? goesTo(to) : {}) }),
        );
        const ids = nodes.map(({ id }) => id).sort();
        const passed = ids.filter((id) => id !== to && effective.runsBefore(from, id) && !effective.runsBefore(to, id));
        const jumped = ran(workflow(...steps), [from], order);
        expect(jumped).toEqual({ status: "succeeded", ran: ids.filter((id) => !passed.includes(id)), skipped: passed });
        const plain = ran(workflow(...steps), [], order);
        expect(plain).toEqual({
          status: "succeeded",
          ran: ids.filter((id) => !isHandler || id !== to),
          skipped: isHandler ? [to] : [],
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("the paths through a workflow whose steps go elsewhere", () => {
  test("are one with the jump and one without", () => {
    const line = workflow(step("a", goesTo("c")), step("b"), step("c"));
    const { paths, isComplete } = pathsOf(define(line).machine, new Set(["a"]));
    const text = ({ choices, end }: Path) =>
      `${choices.map(({ step, outcome }) => `${step} ${outcome}`).join(", ")}: ${end}`;
    expect(isComplete).toBe(true);
    expect(paths.map(text).sort()).toEqual([
      "a fails, c fails: failed",
      "a fails, c succeeds: succeeded",
      "a succeeds, b fails: failed",
      "a succeeds, b succeeds, c fails: failed",
      "a succeeds, b succeeds, c succeeds: succeeded",
    ]);
  });
});

describe("what is wrong with a jump", () => {
  const messages = (definition: JsonObject | string) =>
    problemsOf(definition).map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);

  test("is said with its place and what was meant", () => {
    const text = `name: w
steps:
  - id: first
    noop: {}
  - id: second
    on_error: { goto: firt }
    noop: {}
  - id: third
    on_error: { goto: third }
    noop: {}
  - id: fourth
    on_error: { goto: last }
    noop: {}
  - id: last
    noop: {}
`;
    expect(messages(text)).toEqual([
      '6:23 steps.1.on_error.goto there is no step "firt". Did you mean first?',
      "9:23 steps.2.on_error.goto a step cannot go to itself; retry says how often it is tried.",
    ]);
    expect(messages(text.replace("firt", "first"))[0]).toContain('goes back: step "first" runs before step "second".');
    expect(messages(text.replace("goto: firt", "go_to: last"))[0]).toContain("goto");
  });

  test("two that go to each other's past", () => {
    const circle = workflow(step("a", { needs: [], ...goesTo("b") }), step("b", { needs: [], ...goesTo("a") }));
    expect(problemsOf(circle).map(({ message }) => message)).toEqual([
      'goes back: step "a" runs before step "b". A step can only go on to one that has yet to begin; a loop repeats steps.',
    ]);
  });

  test("reading an error that ends the run", () => {
    const read = workflow(step("a"), step("b", { noop: { x: "{{ steps.a.error.message }}" } }));
    expect(problemsOf(read).map(({ message }) => message)).toEqual([
      'reads steps.a.error.message, but where step "a" fails, the run does. Let it go on: on_error: continue, or { goto: STEP }.',
    ]);
    const misspelt = workflow(step("a", goesTo("b")), step("b", { noop: { x: "{{ steps.a.error.mesage }}" } }));
    expect(problemsOf(misspelt)[0]?.message).toContain("Did you mean steps.a.error.message?");
    const fine = workflow(step("a", goesTo("b")), step("b", { noop: { x: "{{ steps.a.error.message }}" } }));
    expect(checkDefinition(fine, { kinds }).steps.map(({ needs }) => needs)).toEqual([[], ["a"]]);
  });
});

describe("what is wrong with a compensation", () => {
  test("is said with its place and what was meant", () => {
    const text = `name: w
steps:
  - id: before
    noop: {}
  - id: book
    cache: 1h
    noop: {}
    compensate:
      form: start
      needs: [before]
      noop: { a: "{{ steps.book.output }}{{ steps.before.output }}{{ steps.after.output }}{{ steps.bok.output }}" }
  - id: after
    compensate: { retry: { attempts: 0 } }
    noop: { x: "{{ steps.book.compensate }}" }
`;
    const found = problemsOf(text).map(({ line, path, message }) => `${line} ${path}: ${message}`);
    expect(found.join("\n")).toMatchInlineSnapshot(`
      "6 steps.1.cache: stands beside compensate: what is to be undone must have been done. Keep one of the two.
      9 steps.1.compensate.form: unknown key. Known keys: from, retry, timeout, route, llm, agent, http, transform, function, wait, approval, workflow, map, loop, parallel, race, switch, undo, noop.
      10 steps.1.compensate.needs: unknown key. Known keys: from, retry, timeout, route, llm, agent, http, transform, function, wait, approval, workflow, map, loop, parallel, race, switch, undo, noop.
      11 steps.1.compensate.noop.a: reads steps.after.output, but step "after" need not have ended by then. Add after to the needs of step "book".
      11 steps.1.compensate.noop.a: reads steps.bok.output, but there is no step "bok". Did you mean steps.book.output?
      13 steps.2.compensate: needs a kind, one of llm, agent, http, transform, function, wait, approval, workflow, map, loop, parallel, race, switch, undo, noop.
      13 steps.2.compensate.retry.attempts: must be at least 1.
      14 steps.2.noop.x: reads steps.book.compensate, which no step produces. Did you mean steps.book.output?"
    `);
  });
});
