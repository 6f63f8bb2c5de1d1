import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failover } from "../../src/router/strategies/failover.ts";
import { strategies } from "../../src/router/strategies/registry.ts";
import { roundRobin } from "../../src/router/strategies/round-robin.ts";
import type { StrategyInput } from "../../src/router/strategies/strategy.ts";
import { weighted } from "../../src/router/strategies/weighted.ts";

const names = ["anthropic", "azure", "gemini", "ollama", "openai"];
const unit = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

/** Inputs as the decision makes them: targets sorted by name. */
const inputs: fc.Arbitrary<StrategyInput> = fc.record({
  targets: fc
    .subarray(names, { minLength: 1 })
    .chain((some) => fc.tuple(...some.map((provider) => unit.map((draw) => ({ provider, draw }))))),
  weights: fc.dictionary(fc.constantFrom(...names), fc.constantFrom(0, 0.5, 1, 30, 1e9)),
  chain: fc.shuffledSubarray(names),
  counter: fc.nat(),
});

describe.each(Object.entries(strategies))("strategy %s", (name, strategy) => {
  test("bears its registered name", () => {
    expect(strategy.name).toBe(name);
  });
  test("orders every target once", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const given = input.targets.map((target) => target.provider);
        expect([...strategy.order(input)].sort()).toEqual(given);
      }),
    );
  });
  test("gives the same order for the same input, and changes none of it", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const before = structuredClone(input);
        expect(strategy.order(input)).toEqual(strategy.order(structuredClone(input)));
        expect(input).toEqual(before);
      }),
    );
  });
  test("names its choice when it explains it", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const first = strategy.order(input)[0] ?? "";
        expect(strategy.explain(input, first)).toContain(first);
        expect(strategy.explain(input, first)).toContain(name);
      }),
    );
  });
});

const targetsOf = (providers: readonly string[], draw: () => number = () => 0.5) =>
  providers.map((provider) => ({ provider, draw: draw() }));

/** Numbers 0..1 that are spread as evenly as random ones (a linear congruence, seeded). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("weighted", () => {
  test("shares the first calls, and the second ones among the rest, by weight", () => {
    const weights = { anthropic: 30, gemini: 20, openai: 50 };
    const draw = sequence(7);
    const firsts: Record<string, number> = {};
    const secondsAfterOpenai: Record<string, number> = {};
    const rounds = 40_000;
    for (let i = 0; i < rounds; i++) {
      const [first = "", second = ""] = weighted.order({
        targets: targetsOf(Object.keys(weights), draw),
        weights,
        chain: [],
        counter: 0,
      });
      firsts[first] = (firsts[first] ?? 0) + 1;
      if (first === "openai") secondsAfterOpenai[second] = (secondsAfterOpenai[second] ?? 0) + 1;
    }
    expect((firsts.openai ?? 0) / rounds).toBeCloseTo(0.5, 1);
    expect(Math.abs((firsts.anthropic ?? 0) / rounds - 0.3)).toBeLessThan(0.015);
    expect(Math.abs((firsts.gemini ?? 0) / rounds - 0.2)).toBeLessThan(0.015);
    expect(Math.abs((secondsAfterOpenai.anthropic ?? 0) / (firsts.openai ?? 1) - 0.6)).toBeLessThan(0.02);
  });
  test("never draws weight 0 before another, and keeps it as a fallback", () => {
    const weights = { anthropic: 0, openai: 0.001 };
    const input = {
      targets: targetsOf(["anthropic", "ollama", "openai"], sequence(3)),
      weights,
      chain: [],
      counter: 0,
    };
    expect(weighted.order(input)).toEqual(["openai", "anthropic", "ollama"]);
  });
  test("says the odds", () => {
    const input = {
      targets: targetsOf(["anthropic", "openai"]),
      weights: { anthropic: 30, openai: 70 },
      chain: [],
      counter: 0,
    };
    expect(weighted.explain(input, "anthropic")).toBe("weighted drew anthropic (30 of 100)");
  });
});

describe("round_robin", () => {
  test("takes turns by the fleet's counter", () => {
    const turn = (counter: number) =>
      roundRobin.order({ targets: targetsOf(["a", "b", "c"]), weights: {}, chain: [], counter });
    expect([1, 2, 3, 4].map((counter) => turn(counter)[0])).toEqual(["b", "c", "a", "b"]);
    expect(turn(2)).toEqual(["c", "a", "b"]);
  });
});

describe("failover", () => {
  test("follows the chain; who is not in it comes last, by name", () => {
    const input = { targets: targetsOf(["a", "b", "c", "d"]), weights: {}, chain: ["c", "a"], counter: 0 };
    expect(failover.order(input)).toEqual(["c", "a", "b", "d"]);
    expect(failover.explain(input, "c")).toBe("failover took its primary c");
    expect(failover.explain(input, "a")).toBe("failover went on to a");
  });
});
