import { describe, expect, test } from "vitest";
import { replay } from "../../src/router/simulate/replay.ts";
import type { ProviderReport, ReplayReport } from "../../src/router/simulate/report.ts";
import { scenarioOf } from "./simulated-scenario.ts";

const plain = { latency: "1s", price: { input: 1, output: 1 } };
const providerOf = ({ providers }: ReplayReport, name: string): ProviderReport => {
  const found = providers.find((provider) => provider.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const run = (written: object) => replay(scenarioOf(written));

describe("a replay", () => {
  test("gives each provider its weighted share of the requests", () => {
    const weights = { openai: 50, anthropic: 30, gemini: 20 };
    const report = run({ duration: "10m", requests: { rate: 20 }, routing: { weights } });
    expect(report.requests.total).toBeGreaterThan(11_000);
    for (const [name, weight] of Object.entries(weights)) {
      expect(providerOf(report, name).servedShare).toBeCloseTo(weight / 100, 1.7);
    }
  });

  test("is the same, byte for byte, for the same scenario; another seed has other luck", () => {
    const written = {
      requests: { rate: 30, input_tokens: { median: 500, p99: 3_000 } },
      providers: { a: { ...plain, errors: { server: "5%" } }, b: { latency: { median: "1s", p99: "9s" } } },
    };
    const text = (seed: number) => JSON.stringify(run({ ...written, seed }));
    expect(text(1)).toBe(text(1));
    expect(text(2)).not.toBe(text(1));
  });

  test("sends the same requests whatever the settings are", () => {
    const arrivals = (strategy: string) =>
      run({ requests: { rate: 10 }, routing: { strategy } }).timeline.slices.map(({ arrived }) => arrived);
    expect(arrivals("round_robin")).toEqual(arrivals("latency_optimized"));
  });

  test("follows the rate: straight lines between the points, steps where two are at the same time", () => {
    const rate = [
      { at: "0s", rate: 0 },
      { at: "60s", rate: 200 },
      { at: "60s", rate: 20 },
    ];
    const { slices } = run({ duration: "2m", requests: { rate } }).timeline;
    const arrived = (from: number, to: number) =>
      slices.filter(({ fromMs }) => fromMs >= from && fromMs < to).reduce((sum, slice) => sum + slice.arrived, 0);
    expect(arrived(0, 30_000) / 1_500).toBeCloseTo(1, 0.7);
    expect(arrived(30_000, 60_000) / 4_500).toBeCloseTo(1, 0.7);
    expect(arrived(60_000, 120_000) / 1_200).toBeCloseTo(1, 0.7);
  });

  test("costs what the answered calls cost, by their tokens", () => {
    const tokens = { input_tokens: 1_000, output_tokens: 500 };
    const price = { input: 2, output: 10 };
    const report = run({ requests: { rate: 5, ...tokens }, providers: { a: { latency: "1s", price } } });
    expect(report.requests.costUsd).toBeCloseTo(report.requests.answered * 0.007, 9);
  });

  test("without prices says so instead of zero", () => {
    const report = run({ requests: { rate: 5 }, providers: { a: { latency: "1s" } } });
    expect(report.calls.unpriced).toBe(report.calls.answered);
  });

  test("takes costs of the routing, USD per 1,000 tokens, in place of a provider's price", () => {
    const requests = { rate: 5, input_tokens: 1_000, output_tokens: 1_000 };
    const report = run({ requests, routing: { enabled: ["openai"], costs: { openai: 0.5 } } });
    expect(report.requests.costUsd).toBeCloseTo(report.requests.answered, 9);
  });
});

describe("an outage in a replay", () => {
  const failover = { strategy: "failover", default: "openai" };
  const failing = (outage: object) => ({
    anthropic: plain,
    openai: { ...plain, error_after: "50ms", outages: [outage] },
  });

  test("opens the breaker after the fifth failure; from then on the provider gets probes alone", () => {
    const providers = failing({ at: "0s", for: "50s", fails: "server" });
    const { outages, requests } = run({ duration: "2m", routing: failover, providers });
    expect(requests.successShare).toBe(1);
    expect(outages).toMatchObject([{ failedBeforeOut: 5, outBy: "breaker" }]);
    const [outage] = outages;
    expect(outage?.probes).toBeGreaterThan(0);
    expect(outage?.calls).toBe(5 + (outage?.probes ?? 0));
  });

  test("in a busy provider is noticed when more than half of a minute's calls have failed", () => {
    const providers = failing({ at: "5m", for: "3m", fails: "server" });
    const { outages } = run({ duration: "9m", requests: { rate: 10 }, routing: failover, providers });
    expect(outages[0]?.outAfterMs).toBeGreaterThan(24_000);
    expect(outages[0]?.outAfterMs).toBeLessThan(37_000);
  });

  test("is over for the fleet when a probe is answered; the share then grows for 30 s", () => {
    const providers = failing({ at: "0s", for: "20s", fails: "network" });
    const { outages, breakers, timeline } = run({
      duration: "3m",
      requests: { rate: 20 },
      routing: failover,
      providers,
    });
    const { backAfterMs, fullShareAfterMs } = outages[0] ?? {};
    expect((fullShareAfterMs ?? 0) - (backAfterMs ?? 0)).toBe(30_000);
    const closedAt = breakers.find(({ state }) => state === "closed")?.atMs ?? 0;
    expect(closedAt).toBe(20_000 + (backAfterMs ?? 0));
    const share = (from: number, to: number) => {
      const slices = timeline.slices.filter(({ fromMs }) => fromMs >= from && fromMs < to);
      const sum = (index: number) => slices.reduce((total, { served }) => total + (served[index] ?? 0), 0);
      return sum(1) / (sum(0) + sum(1));
    };
    // Calls take a second.
    expect(share(closedAt + 3_000, closedAt + 9_000)).toBeLessThan(0.45);
    expect(share(closedAt + 20_000, closedAt + 29_000)).toBeGreaterThan(0.6);
    expect(share(closedAt + 33_000, closedAt + 60_000)).toBe(1);
  });

  test("that leaves nobody is waited out within the deadline, or ends the requests at once", () => {
    const outage = { at: "10s", for: "20s", fails: "rate_limited", retry_after: "25s" };
    const providers = { openai: { ...plain, outages: [outage] } };
    const requests = { rate: 2, deadline: "60s" };
    const patient = run({ requests, providers });
    expect(patient.requests).toMatchObject({ successShare: 1, unavailable: 0 });
    expect(patient.requests.latency.p99Ms).toBeGreaterThan(20_000);
    expect(patient.limited).toHaveLength(1);
    expect(patient.outages).toMatchObject([{ outBy: "rate limit" }]);
    // Until the first 429 is there, a second call may be under way.
    expect(patient.outages[0]?.calls).toBeLessThanOrEqual(2);
    const hasty = run({ requests: { ...requests, when_all_out: "fail" }, providers });
    expect(hasty.requests.unavailable).toBeGreaterThan(20);
    expect(hasty.requests.latency.p99Ms).toBe(1_000);
  });

  test("of slowness alone is no failure: hedging answers sooner, at a price", () => {
    const outage = { at: "0s", for: "1m", slow: 10, share: 0.5 };
    const providers = { anthropic: plain, openai: { ...plain, outages: [outage] } };
    const written = { requests: { rate: 10 }, providers, routing: failover };
    const patient = run(written);
    const hedged = run({ ...written, routing: { ...failover, hedge_after: "2s" } });
    expect(patient.requests.latency.p90Ms).toBe(10_000);
    expect(patient.outages).toMatchObject([{ outAfterMs: null, outBy: null, backAfterMs: 0 }]);
    expect(hedged.requests.latency.p99Ms).toBe(3_000);
    expect(hedged.calls.hedges).toBeGreaterThan(hedged.requests.total / 3);
    expect(hedged.calls.failed).toEqual({ cancelled: hedged.calls.hedges });
    expect(hedged.requests.costUsd).toBeGreaterThan(patient.requests.costUsd);
  });

  test("that outlasts a request's deadline costs that request", () => {
    const providers = { openai: { ...plain, timeout: "1m", outages: [{ at: "0s", for: "1m", fails: "timeout" }] } };
    const { requests, calls } = run({ requests: { rate: 1, deadline: "5s" }, providers });
    expect(requests.failed + requests.unavailable).toBe(requests.total);
    expect(calls.failed).toEqual({ timeout: calls.total });
  });
});

describe("limits in a replay", () => {
  test("cost_optimized fills the cheapest up to its limit, then the next one", () => {
    const priced = (input: number) => ({ latency: "1s", price: { input, output: input } });
    const report = run({
      duration: "10m",
      requests: { rate: 2 },
      providers: { cheap: priced(1), dear: priced(3), middle: priced(2) },
      routing: { strategy: "cost_optimized", limits: { cheap: { requests_per_minute: 60 } } },
    });
    const { slices } = report.timeline;
    expect(report.timeline.sliceMs).toBe(5_000);
    // The window slides in steps of 6 s: any 60 s hold no more than the limit and one step's calls.
    expect(providerOf(report, "cheap").total).toBeGreaterThan(500);
    expect(providerOf(report, "cheap").total).toBeLessThanOrEqual(60 * 11);
    expect(providerOf(report, "middle").total).toBe(report.calls.total - providerOf(report, "cheap").total);
    expect(providerOf(report, "dear").total).toBe(0);
    expect(slices.every(({ failedCalls }) => failedCalls.every((count) => count === 0))).toBe(true);
  });

  test("keep calls at a time below the concurrency", () => {
    const routing = { strategy: "failover", default: "openai", limits: { openai: { concurrency: 3 } } };
    const report = run({ duration: "5m", requests: { rate: 10 }, routing });
    // Three calls of a second each: no more than three a second.
    const perSecond = providerOf(report, "openai").total / 300;
    expect(perSecond).toBeGreaterThan(2.5);
    expect(perSecond).toBeLessThanOrEqual(3.01);
  });

  test("of the vendor are told by its 429; the provider is left alone for the time that it names", () => {
    const providers = { anthropic: plain, openai: { ...plain, requests_per_minute: 60 } };
    const routing = { strategy: "failover", default: "openai" };
    const report = run({ duration: "5m", requests: { rate: 5 }, providers, routing });
    const openai = providerOf(report, "openai");
    expect(report.requests.successShare).toBe(1);
    expect(openai).toMatchObject({ served: 300, opened: 0 });
    // Until the vendor has said no, further calls may be under way.
    expect(openai.failed.rate_limited).toBeLessThan(5 * 4);
    expect(report.limited).toHaveLength(5);
    expect(report.limited.map(({ toMs }) => toMs)).toEqual([60_000, 120_000, 180_000, 240_000, 300_000]);
  });

  test("USD per day end the day's calls", () => {
    const requests = { rate: 5, input_tokens: 1_000, output_tokens: 1_000, max_output_tokens: 1_000 };
    const dear = { latency: "1s", price: { input: 500, output: 500 } };
    const routing = { strategy: "failover", default: "openai", limits: { openai: { usd_per_day: 20 } } };
    const report = run({ duration: "3m", requests, providers: { anthropic: plain, openai: dear }, routing });
    expect(providerOf(report, "openai")).toMatchObject({ total: 20 });
    expect(providerOf(report, "openai").costUsd).toBeCloseTo(20, 9);
  });
});

describe("changes in a replay", () => {
  test("count from their time on, as route set would make them: one that is enabled takes its share gradually", () => {
    const routing = { enabled: ["anthropic"] };
    const changes = [{ at: "1m", set: { enabled: ["anthropic", "openai"] } }];
    const report = run({ duration: "3m", requests: { rate: 20 }, routing, changes });
    const served = (from: number, to: number) =>
      report.timeline.slices
        .filter(({ fromMs }) => fromMs >= from && fromMs < to)
        .reduce((sum, slice) => sum + (slice.served[2] ?? 0), 0);
    expect(report.changes).toEqual([{ atMs: 60_000, note: "enabled=anthropic,openai" }]);
    expect(served(0, 60_000)).toBe(0);
    expect(served(62_000, 70_000) / 8).toBeLessThan(4);
    expect(served(100_000, 180_000) / 80).toBeCloseTo(10, -0.5);
  });

  test("drained gives a provider no new calls", () => {
    const changes = [{ at: "30s", set: { drained: ["openai"] } }];
    const { timeline } = run({ requests: { rate: 20 }, changes });
    const after = timeline.slices.filter(({ fromMs }) => fromMs >= 32_000);
    expect(after.map(({ calls }) => calls[2])).toEqual(after.map(() => 0));
  });

  test("settings without effect are told", () => {
    const routing = { shadow: { provider: "openai", share: 0.5 }, check_every: "1m", affinity: "run" };
    expect(run({ routing }).notes.map((note) => note.split(" ")[0])).toEqual(["shadow", "check_every", "affinity"]);
  });
});
