import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replay } from "../../src/router/simulate/replay.ts";
import type { Scenario } from "../../src/router/simulate/scenario.ts";
import { anyScenario } from "./simulated-scenario.ts";

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const always = (check: (scenario: Scenario) => void) => fc.assert(fc.property(anyScenario, check), { numRuns: 40 });

describe("any replay", () => {
  test("loses no request: each is answered, rejected, failed or unavailable", () => {
    always((scenario) => {
      const { requests, providers } = replay(scenario);
      const { total, answered, rejected, failed, unavailable } = requests;
      expect(answered + rejected + failed + unavailable).toBe(total);
      expect(sum(providers.map(({ served }) => served))).toBe(answered);
    });
  });

  test("adds up: calls are those answered and failed, sums are those of the providers, no request makes more calls than it may", () => {
    always((scenario) => {
      const { requests, calls, providers } = replay(scenario);
      for (const part of [calls, ...providers])
        expect(part.answered + sum(Object.values(part.failed))).toBe(part.total);
      for (const key of ["total", "answered", "hedges", "probes", "unpriced"] as const)
        expect(sum(providers.map((provider) => provider[key]))).toBe(calls[key]);
      expect(calls.total).toBeLessThanOrEqual(requests.total * scenario.traffic.maxCalls);
      expect(sum(providers.map(({ costUsd }) => costUsd))).toBeCloseTo(requests.costUsd, 9);
    });
  });

  test("calls nobody who is not enabled, or drained", () => {
    always((scenario) => {
      const { providers } = replay(scenario);
      const routings = [scenario.routing, ...scenario.changes.map(({ routing }) => routing)];
      for (const { name, total } of providers) {
        const isEver = routings.some(({ enabled, drained }) => enabled.includes(name) && !drained.includes(name));
        if (!isEver) expect(total).toBe(0);
      }
    });
  });

  test("ends every request within its deadline, and tells the same in its slices as in its sums", () => {
    always((scenario) => {
      const { requests, timeline } = replay(scenario);
      expect(requests.latency.p99Ms ?? 0).toBeLessThanOrEqual(scenario.traffic.deadlineMs);
      expect(sum(timeline.slices.map(({ arrived }) => arrived))).toBe(requests.total);
      expect(sum(timeline.slices.flatMap(({ served }) => served))).toBeLessThanOrEqual(requests.answered);
      expect(sum(timeline.slices.map(({ lost }) => lost))).toBeLessThanOrEqual(requests.total - requests.answered);
    });
  });

  test("is the same again", () => {
    always((scenario) => {
      expect(JSON.stringify(replay(scenario))).toBe(JSON.stringify(replay(scenario)));
    });
  });
});
