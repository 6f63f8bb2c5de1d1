import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costOptimized } from "../../src/router/strategies/cost-optimized.ts";
import { failover } from "../../src/router/strategies/failover.ts";
import { latencyOptimized } from "../../src/router/strategies/latency-optimized.ts";
import { leastBusy } from "../../src/router/strategies/least-busy.ts";
import { strategies } from "../../src/router/strategies/registry.ts";
import { roundRobin } from "../../src/router/strategies/round-robin.ts";
import type { StrategyInput } from "../../src/router/strategies/strategy.ts";
import { weighted } from "../../src/router/strategies/weighted.ts";

const names = ["anthropic", "azure", "gemini", "ollama", "openai"];
const unit = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

const facts = {
  draw: unit,
  latencyMs: fc.option(fc.double({ min: 0, max: 60_000, noNaN: true })),
  busy: fc.nat({ max: 50 }),
  costUsd: fc.option(fc.constantFrom(0, 0.001, 0.02, 3)),
};

/** Inputs as the decision makes them: targets sorted by name. */
const inputs: fc.Arbitrary<StrategyInput> = fc.record({
  targets: fc
    .subarray(names, { minLength: 1 })
    .chain((some) => fc.tuple(...some.map((provider) => fc.record({ provider: fc.constant(provider), ...facts })))),
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
  providers.map((provider) => ({ provider, draw: draw(), latencyMs: null, busy: 0, costUsd: null }));

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

describe("cost_optimized", () => {
  const priced = (costs: Readonly<Record<string, number | null>>): StrategyInput => ({
    targets: Object.entries(costs).map(([provider, costUsd]) => ({
      provider,
      draw: 0.5,
      latencyMs: null,
      busy: 0,
      costUsd,
    })),
    weights: {},
    chain: [],
    counter: 0,
  });
  test("takes the cheapest, equal prices by name, unknown ones last", () => {
    expect(costOptimized.order(priced({ a: null, b: 0.02, c: 0, d: 0.02 }))).toEqual(["c", "b", "d", "a"]);
  });
  test("says the price, or that nobody's is known", () => {
    expect(costOptimized.explain(priced({ a: 0.0123456 }), "a")).toBe("cost_optimized took a (about $0.0123)");
    expect(costOptimized.explain(priced({ a: null, b: null }), "a")).toContain("knows nobody's price");
  });
});

describe("latency_optimized", () => {
  const measured = (targets: Readonly<Record<string, readonly [number, number | null]>>): StrategyInput => ({
    targets: Object.entries(targets).map(([provider, [draw, latencyMs]]) => ({
      provider,
      draw,
      latencyMs,
      busy: 0,
      costUsd: null,
    })),
    weights: {},
    chain: [],
    counter: 0,
  });
  test("takes the faster of the two drawn, not the fastest of all", () => {
    expect(latencyOptimized.order(measured({ a: [0.1, 900], b: [0.2, 300], c: [0.3, 100] }))).toEqual(["b", "a", "c"]);
  });
  test("tries a target that nobody has called", () => {
    expect(latencyOptimized.order(measured({ a: [0.1, 100], b: [0.2, null] }))[0]).toBe("b");
  });
  test("gives the fastest of three two calls of three, and the slowest none first", () => {
    const draw = sequence(11);
    const firsts: Record<string, number> = {};
    for (let i = 0; i < 30_000; i++) {
      const [first = ""] = latencyOptimized.order(measured({ a: [draw(), 100], b: [draw(), 200], c: [draw(), 300] }));
      firsts[first] = (firsts[first] ?? 0) + 1;
    }
    expect(Math.abs((firsts.a ?? 0) / 30_000 - 2 / 3)).toBeLessThan(0.02);
    expect(Math.abs((firsts.b ?? 0) / 30_000 - 1 / 3)).toBeLessThan(0.02);
    expect(firsts.c).toBeUndefined();
  });
});

describe("least_busy", () => {
  const busy = (targets: Readonly<Record<string, readonly [number, number]>>): StrategyInput => ({
    targets: Object.entries(targets).map(([provider, [draw, calls]]) => ({
      provider,
      draw,
      latencyMs: null,
      busy: calls,
      costUsd: null,
    })),
    weights: {},
    chain: [],
    counter: 0,
  });
  test("takes the one with the fewest calls under way, equal ones by their draw", () => {
    expect(leastBusy.order(busy({ a: [0.1, 4], b: [0.9, 0], c: [0.2, 0] }))).toEqual(["c", "b", "a"]);
    expect(leastBusy.explain(busy({ a: [0, 1] }), "a")).toBe("least_busy took a (1 call under way)");
  });
});
