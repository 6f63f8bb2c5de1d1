import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replay } from "../../src/router/simulate/replay.ts";
import { routeScenario } from "./routed-scenario.ts";
import { anyScenario } from "./simulated-scenario.ts";

describe("a replay beside the router", () => {
  test("tells what the router does with the same requests, call by call, breaker by breaker", async () => {
    await fc.assert(
      fc.asyncProperty(anyScenario, async (scenario) => {
        const { requests, calls, providers, outages, timeline, breakers, limited } = replay(scenario);
        const routed = await routeScenario(scenario);
        expect(routed).toEqual({ requests, calls, providers, outages, timeline, breakers, limited });
      }),
      { numRuns: 60 },
    );
  });
});
