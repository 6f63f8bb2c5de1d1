import fc from "fast-check";
import jsonata from "jsonata";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { type Evaluated, type Evaluation, Evaluator } from "../../src/steps/evaluator.ts";
import type { StepOutcome } from "../../src/steps/handler.ts";
import { transformHandler } from "../../src/steps/transform.ts";
import { describeHandler, workOf } from "./handler-suite.ts";

const maxOutputBytes = 100_000;
const nowMs = Date.UTC(2026, 10, 22, 12);

/** Never ends, and does not grow. */
const endless = "($f := function($n){ $f($n + 1) }; $f(0))";

/** Tells when it is given work. */
class WatchedEvaluator extends Evaluator {
  given = 0;

  override evaluate(evaluation: Evaluation, signal: AbortSignal): Promise<Evaluated> {
    if (!signal.aborted) this.given += 1;
    return super.evaluate(evaluation, signal);
  }
}

describeHandler(
  "transform",
  async () => {
    const evaluator = new WatchedEvaluator({ maxBytes: maxOutputBytes, timeMs: 300 });
    const patient = new WatchedEvaluator({ maxBytes: maxOutputBytes });
    const with_ = (which: Evaluator) => transformHandler({ evaluator: which, maxOutputBytes, clock: () => nowMs });
    const data = { input: { items: [1, 2] }, steps: {} };
    let expressions = "";
    let handler = with_(evaluator);
    const say = async (text: string, which: Evaluator = evaluator) => {
      expressions = text;
      handler = with_(which);
    };
    return {
      get handler() {
        return handler;
      },
      get body() {
        return { expressions, data };
      },
      heal: () => say("$sum(input.items)"),
      breakForGood: () => say('input.items + "x"'),
      breakForNow: () => say(endless),
      async hang() {
        await say(endless, patient);
        const before = patient.given;
        return () => patient.given > before;
      },
      async close() {
        await evaluator.close();
        await patient.close();
      },
    };
  },
  { waits: false },
);

let evaluator: Evaluator;
beforeAll(() => {
  evaluator = new Evaluator({ maxBytes: maxOutputBytes, timeMs: 1_000, memoryMb: 64 });
});
afterAll(() => evaluator?.close());

function transform(
  expressions: string | Readonly<Record<string, string>>,
  input: JsonObject = {},
  more: { readonly runId?: string; readonly attempt?: number } = {},
): Promise<StepOutcome> {
  const handler = transformHandler({ evaluator, maxOutputBytes, clock: () => nowMs });
  return handler.execute(workOf({ expressions, data: { input, steps: {} } }, more));
}

async function outputOf(...given: Parameters<typeof transform>): Promise<Json> {
  const outcome = await transform(...given);
  if (outcome.type !== "succeeded") throw new Error(JSON.stringify(outcome));
  return outcome.output;
}

describe("what a transform makes", () => {
  const order = {
    items: [
      { name: "pump", price: 20, qty: 2 },
      { name: "pipe", price: 3.5, qty: 4 },
    ],
  };

  test.each([
    ["a number", "$sum(input.items.(price * qty))", 54],
    ["a list", "input.items.name", ["pump", "pipe"]],
    ["one of many as itself", "input.items[0].name", "pump"],
    ["an object", '{"cheapest": $min(input.items.price)}', { cheapest: 3.5 }],
    ["null where there is nothing", "input.nothing", null],
    ["null of a function", "$sum", null],
  ])("%s", async (_what, expression, value) => {
    expect(await outputOf(expression, order)).toEqual(value);
  });

  test("an object of expressions has each of its members, null where there is nothing", async () => {
    const expressions = { total: "$sum(input.items.price)", first: "input.items[0]", missing: "input.nothing" };
    expect(await outputOf(expressions, order)).toEqual({ total: 23.5, first: order.items[0], missing: null });
  });

  test("a member may bear any name", async () => {
    const output = await outputOf(JSON.parse('{"__proto__": "1", "constructor": "2"}'));
    expect(Object.entries(output as object)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
  });

  test("it is what JSONata itself makes of the same data", async () => {
    const expressions = [
      "$sum(input.list)",
      "input.list[$ > 3]",
      "input.list^(>$)",
      "$map(input.list, function($v, $i) { $v * $i })",
      '{"n": $count(input.list), "s": $string(input.any)}',
      "$reverse(input.list) ~> $append(input.any)",
      "$distinct(input.list)",
      "input.any.**",
      "$keys(input.any)",
      "[input.list, input.any]",
    ];
    const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
    const list = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...expressions), list, json, async (expression, numbers, any) => {
        const input = { list: numbers, any };
        const direct: unknown = await jsonata(expression)
          .evaluate({ input, steps: {} })
          .catch(() => "failed");
        const outcome = await transform(expression, input);
        const ours = outcome.type === "succeeded" ? outcome.output : "failed";
        expect(ours).toEqual(JSON.parse(JSON.stringify(direct ?? null)));
      }),
      { numRuns: 200 },
    );
  });
});

describe("time and chance", () => {
  test("are the attempt's: the same in every expression of the step", async () => {
    const output = await outputOf({
      now: "$now()",
      year: '$now("[Y]")',
      millis: "$millis()",
      today: '$toMillis("10:00", "[H]:[m]")',
    });
    const tenToday = Date.UTC(2026, 10, 22, 10);
    expect(output).toEqual({ now: "2026-11-22T12:00:00.000Z", year: "2026", millis: nowMs, today: tenToday });
  });

  test("chance follows from run and step: another attempt draws the same, another run does not", async () => {
    const draw = { a: "$random()", b: "$random()", cards: "$shuffle([1..20])" };
    const first = await outputOf(draw, {}, { runId: "run_a" });
    expect(first).toEqual(await outputOf(draw, {}, { runId: "run_a", attempt: 2 }));
    expect(first).not.toEqual(await outputOf(draw, {}, { runId: "run_b" }));
    const { a, b, cards } = first as { readonly a: number; readonly b: number; readonly cards: readonly number[] };
    expect(a).not.toBe(b);
    expect([a, b].every((number) => number >= 0 && number < 1)).toBe(true);
    expect(cards.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });
});

describe("an expression that fails", () => {
  test.each([
    [
      "of a wrong type",
      'input.a + "x"',
      'transform, line 1, column 9: The right side of the "+" operator must evaluate to a number.',
    ],
    [
      "in its second line",
      "input.a &\n$number(input.b)",
      "transform, line 2, column 8: Unable to cast value to a number",
    ],
    ["by its own word", '$error("no order")', "no order"],
  ])("%s fails the step for good and says where", async (_what, expression, message) => {
    const outcome = await transform(expression, { a: 1, b: "x" });
    expect(outcome).toMatchObject({ type: "failed", retryable: false, error: { code: "expression_failed" } });
    expect(outcome.type === "failed" && outcome.error.message).toContain(message);
  });

  test("names the member", async () => {
    const outcome = await transform({ good: "1", bad: "-input.a" }, { a: "x" });
    expect(outcome).toMatchObject({ error: { details: { member: "bad", line: 1, column: 1 } } });
    expect(outcome.type === "failed" && outcome.error.message).toMatch(/^transform\.bad, line 1, column 1: /);
  });
});

describe("an expression that runs away", () => {
  test.each([
    ["calls itself for ever", endless, true],
    ["backtracks for ever", `$match("${"a".repeat(40)}b", /^(a+)+$/)`, true],
    ["goes too deep", "($f := function($n){ 1 + $f($n + 1) }; $f(0))", false],
    ["makes too long a list", "$count([1..5000000])", false],
    ["doubles a text for ever", '($g := function($s){ $g($s & $s) }; $g("0123456789abcdef"))', false],
  ])("because it %s is ended, and the next one is evaluated", async (_what, expression, retryable) => {
    const outcome = await transform(expression);
    expect(outcome).toMatchObject({ type: "failed", retryable, error: { code: "expression_failed" } });
    expect(await outputOf("1 + 1")).toBe(2);
  });

  test("because it fills the memory is ended, and the next one is evaluated", async () => {
    const small = new Evaluator({ maxBytes: maxOutputBytes, timeMs: 30_000, memoryMb: 32 });
    const signal = new AbortController().signal;
    const evaluate = (expressions: string) => small.evaluate({ expressions, data: {}, nowMs: 0, seed: 0 }, signal);
    const hoard = '$count($map([1..500000], function($n) { $split($pad("x", 500), "") }))';
    expect(await evaluate(hoard)).toEqual({ type: "too_much", limitMb: 32 });
    expect(await evaluate("1 + 1")).toEqual({ type: "value", value: 2 });
    await small.close();
  });

  test("keeps neither the event loop nor the others", async () => {
    const slow = Array.from({ length: 3 }, () => transform(endless));
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 5);
    expect(await outputOf("2 + 2")).toBe(4);
    await Promise.all(slow);
    clearInterval(turning);
    expect(turns).toBeGreaterThan(20);
  });

  test.each([
    ["takes its time", endless, "too_long"],
    ["fills the memory", '$count($map([1..500000], function($n) { $split($pad("x", 500), "") }))', "too_much"],
  ])("because it %s ends alone: each of those that came with it has its own value", async (_what, bad, type) => {
    const small = new Evaluator({ maxBytes: maxOutputBytes, timeMs: type === "too_long" ? 300 : 30_000, memoryMb: 32 });
    const signal = new AbortController().signal;
    const evaluated = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const expressions = index === 7 ? bad : `${index} + 1`;
        return small.evaluate({ expressions, data: {}, nowMs: 0, seed: 0 }, signal);
      }),
    );
    const wanted = evaluated.map((_, i) => (i === 7 ? { type } : { type: "value", value: i + 1 }));
    expect(evaluated).toMatchObject(wanted);
    await small.close();
  });

  test("that is given up while others came with it stops none of them", async () => {
    const evaluator = new Evaluator({ maxBytes: maxOutputBytes, timeMs: 300 });
    const given = Array.from({ length: 40 }, () => new AbortController());
    const all = given.map(({ signal }, index) =>
      evaluator.evaluate({ expressions: `${index}`, data: {}, nowMs: 0, seed: 0 }, signal),
    );
    for (const [index, controller] of given.entries()) if (index % 3 === 0) controller.abort();
    const wanted = given.map((_, i) => (i % 3 === 0 ? { type: "stopped" } : { type: "value", value: i }));
    expect(await Promise.all(all)).toEqual(wanted);
    await evaluator.close();
  });

  test("or makes more than an output may have fails for good", async () => {
    const outcome = await transform(`$pad("", ${maxOutputBytes})`);
    expect(outcome).toMatchObject({ type: "failed", retryable: false, error: { code: "payload_too_large" } });
  });
});

describe("what an expression cannot reach", () => {
  test.each([
    ["the process", "process.env"],
    ["a constructor", "input.constructor"],
    ["a prototype", 'input.__proto__.constructor("return 1")()'],
    ["Object's own methods", "input.toString"],
  ])("%s", async (_what, expression) => {
    const outcome = await transform(expression, { a: 1 });
    expect(outcome.type === "succeeded" ? outcome.output : null).toBeNull();
  });
});
