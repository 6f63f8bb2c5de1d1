import fc from "fast-check";
import { parseScenario } from "../../src/router/simulate/read-scenario.ts";
import { rehearsedFailures, type Scenario } from "../../src/router/simulate/scenario.ts";

/** A scenario as it is written, with little in it: three providers that answer in a second, one request a second for a minute. */
export function scenarioOf(written: object): Scenario {
  const plain = { latency: "1s", price: { input: 1, output: 1 } };
  return parseScenario(
    JSON.stringify({
      duration: "1m",
      requests: { rate: 1 },
      providers: { anthropic: plain, gemini: plain, openai: plain },
      ...written,
    }),
  );
}

const names = ["anthropic", "gemini", "openai"] as const;
const name = fc.constantFrom(...names);
const ms = (least: number, most: number) => fc.integer({ min: least, max: most }).map((value) => `${value}ms`);
const failure = fc.constantFrom(...rehearsedFailures);

const outages = fc
  .record(
    {
      at: fc.integer({ min: 0, max: 20 }),
      for: fc.integer({ min: 1, max: 30 }),
      fails: failure,
      share: fc.constantFrom(0.3, 0.8, 1),
      retry_after: ms(0, 20_000),
      after: ms(1, 3_000),
    },
    { requiredKeys: ["at", "for", "fails"] },
  )
  .map(({ at, for: seconds, ...outage }) => ({ ...outage, at: `${at}s`, for: `${seconds}s` }));

const provider = fc.record(
  {
    latency: fc.tuple(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 0, max: 6_000 })).map(([median, more]) => ({
      median: `${median}ms`,
      p99: `${median + more}ms`,
    })),
    // Shorter than a probe's lease: nobody renews it on a virtual clock outside of the replay.
    timeout: fc.constant("5s"),
    first_token: fc.constantFrom(0.1, 0.5, 1),
    errors: fc.dictionary(failure, fc.constantFrom(0.01, 0.05), { maxKeys: 3 }),
    error_after: ms(1, 500),
    price: fc.record({ input: fc.integer({ min: 0, max: 5 }), output: fc.integer({ min: 0, max: 20 }) }),
    requests_per_minute: fc.constantFrom(20, 200),
    context_window: fc.constantFrom(500, 100_000),
    keys: fc.integer({ min: 1, max: 3 }),
    outages: fc.array(outages, { maxLength: 1 }),
  },
  { requiredKeys: ["latency", "timeout"] },
);

const limits = fc.record(
  {
    requests_per_minute: fc.integer({ min: 5, max: 300 }),
    tokens_per_minute: fc.integer({ min: 5_000, max: 500_000 }),
    concurrency: fc.integer({ min: 1, max: 20 }),
    usd_per_day: fc.constantFrom(0.01, 1),
    keys: fc.record({ "key-1": fc.record({ concurrency: fc.integer({ min: 1, max: 5 }) }) }),
  },
  { requiredKeys: [] },
);

const routing = fc.record(
  {
    strategy: fc.constantFrom(
      "weighted",
      "round_robin",
      "failover",
      "cost_optimized",
      "latency_optimized",
      "least_busy",
    ),
    weights: fc.record({
      anthropic: fc.integer({ min: 0, max: 9 }),
      gemini: fc.integer({ min: 1, max: 9 }),
      openai: fc.integer({ min: 0, max: 9 }),
    }),
    default: fc.constant("gemini"),
    enabled: fc.constantFrom(["gemini"], ["gemini", "openai"], [...names]),
    drained: fc.constantFrom([], ["openai"]),
    limits: fc.dictionary(name, limits, { maxKeys: 2 }),
    hedge_after: ms(50, 3_000),
  },
  { requiredKeys: [] },
);

const changes = fc.array(
  fc.record({
    at: fc.constant("15s"),
    set: fc.oneof(
      fc.constant({ weights: { gemini: 1, openai: 5 } }),
      fc.constant({ drained: ["anthropic"] }),
      fc.constant({ enabled: [...names] }),
      fc.constant({ strategy: "round_robin" }),
    ),
  }),
  { maxLength: 1 },
);

/** Any scenario of half a minute: a few hundred requests. */
export const anyScenario: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.nat(),
    duration: fc.constant("30s"),
    requests: fc.record({
      rate: fc.constantFrom<unknown>(1, 12, [
        { at: "5s", rate: 2 },
        { at: "10s", rate: 20 },
        { at: "10s", rate: 0 },
        { at: "20s", rate: 5 },
      ]),
      input_tokens: fc.constantFrom<unknown>(400, { median: 400, p99: 2_000 }),
      output_tokens: fc.constantFrom<unknown>(100, { median: 100, p99: 3_000 }),
      max_output_tokens: fc.constantFrom(150, 1_000),
      deadline: fc.constantFrom("2s", "20s"),
      max_calls: fc.integer({ min: 1, max: 8 }),
      when_all_out: fc.constantFrom("wait", "fail"),
    }),
    routing,
    changes,
    providers: fc.record({ anthropic: provider, gemini: provider, openai: provider }),
  })
  .map((written) => parseScenario(JSON.stringify(written)));
