import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { fiveSteps } from "../support/five-steps.ts";
import { Fleet } from "../support/fleet.ts";

let fleet: Fleet;
beforeEach(async () => {
  fleet = await Fleet.start({ LLM_PROVIDERS: "openai,anthropic" });
  await fleet.client.store(fiveSteps);
  await Promise.all([fleet.worker({}, 20), fleet.worker({}, 20)]);
});
afterEach(() => fleet?.close());

async function submitMany(count: number): Promise<readonly string[]> {
  const runs = await Promise.all(
    Array.from({ length: count }, (_, i) => fleet.client.submit({ workflow: "five-steps", input: { tag: `r${i}` } })),
  );
  return runs.map((run) => run.id);
}

describe("a provider that starts refusing connections while 200 runs are under way", () => {
  test("fails no run; once its breaker is open only single probes reach for it", async () => {
    const runIds = [...(await submitMany(200))];
    await eventually(() => expect(fleet.simulator.total("openai")).toBeGreaterThan(100));
    // Not a closed port but a dropped connection, so that the tries can be counted.
    await fleet.simulator.down("openai", { kind: "reset" });
    const tries = () => fleet.simulator.hits("openai").filter((hit) => hit.outcome === "fault:reset");
    // The breaker opens once more calls of the last minute failed than succeeded; from then on openai is left alone for 5 s and more.
    const probes = () => {
      const hits = tries();
      const opened = hits.findIndex((hit, index) => index > 0 && hit.at - (hits[index - 1]?.at ?? 0) > 3_000);
      return opened < 0 ? [] : hits.slice(opened);
    };
    await eventually(async () => {
      runIds.push(...(await submitMany(5)));
      expect(probes().length).toBeGreaterThanOrEqual(2);
    }, 150_000);
    const runs = await Promise.all(runIds.map((id) => fleet.ended(id, 120_000)));
    expect(runs.filter((run) => run.status !== "succeeded")).toEqual([]);
    const times = probes().map((hit) => hit.at);
    for (const [index, at] of times.entries()) expect(at - (times[index - 1] ?? 0)).toBeGreaterThan(3_000);
  }, 300_000);

  test("and really closes its port: no run fails, and the run's history says who served", async () => {
    const runIds = await submitMany(60);
    await eventually(() => expect(fleet.simulator.total("openai")).toBeGreaterThan(30));
    await fleet.simulator.down("openai", { kind: "refuse" });
    const runs = await Promise.all(runIds.map((id) => fleet.ended(id, 120_000)));
    expect(runs.filter((run) => run.status !== "succeeded")).toEqual([]);
    const steps = runs.flatMap((run) => run.steps);
    expect(steps.some((step) => step.served?.provider === "anthropic")).toBe(true);
    for (const step of steps)
      expect(step.served?.modelServed).toMatch(step.served?.provider === "openai" ? /^gpt/ : /^claude/);
  });
});

describe("all providers down for a while", () => {
  test("fails no run: steps wait without spending attempts, and go on when one is back", async () => {
    await fleet.simulator.down("openai", { kind: "refuse" });
    await fleet.simulator.down("anthropic", { kind: "refuse" });
    const runIds = await submitMany(50);
    await eventually(async () => {
      const run = await fleet.client.get(runIds.at(-1) ?? "");
      expect(run.steps.some((step) => step.status === "waiting")).toBe(true);
    });
    await fleet.simulator.up("anthropic");
    const runs = await Promise.all(runIds.map((id) => fleet.ended(id, 120_000)));
    expect(runs.filter((run) => run.status !== "succeeded")).toEqual([]);
  });
});
