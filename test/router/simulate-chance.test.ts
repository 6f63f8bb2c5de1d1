import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAgenda } from "../../src/router/simulate/agenda.ts";
import { arrivals } from "../../src/router/simulate/arrivals.ts";
import { chances, drawFrom } from "../../src/router/simulate/chance.ts";
import { createSample } from "../../src/router/simulate/percentile.ts";

describe("chances", () => {
  test("the n-th source of a seed is always the same, and unlike the others", () => {
    const numbers = (seed: number) => {
      const source = chances(seed);
      return [source(), source()].map((chance) => Array.from({ length: 5 }, chance));
    };
    expect(numbers(4)).toEqual(numbers(4));
    expect(numbers(4)[0]).not.toEqual(numbers(4)[1]);
    expect(numbers(4)[0]).not.toEqual(numbers(5)[0]);
  });

  test("a spread has its median, and 99 of 100 below its p99", () => {
    const chance = chances(1)();
    const values = Array.from({ length: 100_000 }, () => drawFrom({ median: 800, p99: 4_000 }, chance));
    expect(values.filter((value) => value < 800).length / 100_000).toBeCloseTo(0.5, 2);
    expect(values.filter((value) => value < 4_000).length / 100_000).toBeCloseTo(0.99, 2.5);
    expect(drawFrom({ median: 800, p99: 800 }, chance)).toBe(800);
  });
});

describe("arrivals", () => {
  test("come in order, within the duration, and about as many as the rate says", () => {
    const point = fc.record({
      atMs: fc.integer({ min: 0, max: 200_000 }),
      perSecond: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 6 }), fc.integer(), (points, seed) => {
        const rate = [...points].sort((a, b) => a.atMs - b.atMs);
        const next = arrivals(rate, 120_000, chances(seed)());
        const times: number[] = [];
        for (let at = next(); at !== undefined; at = next()) times.push(at);
        // One assertion for all: there are thousands of times.
        expect(times.findIndex((at, index) => at < (times[index - 1] ?? 0) || at > 120_000)).toBe(-1);
        // The integral, by small steps.
        const level = (ms: number) => {
          const after = rate.findIndex(({ atMs }) => atMs > ms);
          const [a, b] = [rate[after < 0 ? rate.length - 1 : after - 1], rate[after]];
          if (!a || !b) return (a ?? b)?.perSecond ?? 0;
          return a.perSecond + ((b.perSecond - a.perSecond) * (ms - a.atMs)) / (b.atMs - a.atMs);
        };
        let expected = 0;
        for (let ms = 50; ms < 120_000; ms += 100) expected += level(ms) / 10;
        // Six standard deviations of a Poisson count.
        expect(Math.abs(times.length - expected)).toBeLessThan(10 + 6 * Math.sqrt(expected));
      }),
    );
  });
});

describe("createSample", () => {
  test("tells percentiles by the nearest rank", () => {
    const sample = createSample();
    expect(sample.report()).toEqual({ p50Ms: null, p90Ms: null, p99Ms: null });
    for (let ms = 200; ms > 0; ms--) sample.add(ms);
    expect(sample.report()).toEqual({ p50Ms: 100, p90Ms: 180, p99Ms: 198 });
  });
});

describe("createAgenda", () => {
  test("does things by time, those of one time in the order in which they were entered; the past is now", () => {
    const agenda = createAgenda(100);
    const done: string[] = [];
    const note = (name: string) => () => done.push(`${agenda.now} ${name}`);
    agenda.at(300, note("c"));
    agenda.at(200, () => {
      note("a")();
      agenda.at(50, note("late"));
    });
    agenda.at(200, note("b"));
    agenda.runAll();
    expect(done).toEqual(["200 a", "200 b", "200 late", "300 c"]);
  });
});
