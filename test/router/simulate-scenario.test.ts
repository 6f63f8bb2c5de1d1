import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AppError } from "../../src/core/errors.ts";
import { parseScenario } from "../../src/router/simulate/read-scenario.ts";
import { scenarioStart } from "../../src/router/simulate/scenario.ts";
import { writtenScenario } from "../../src/router/simulate/scenario-shape.ts";

function mistakes(text: string): readonly string[] {
  try {
    parseScenario(text);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe("invalid_scenario");
    for (const { message } of error.problems) expect(error.message).toContain(message);
    return error.problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);
  }
}

describe("parseScenario", () => {
  test("reads every key", () => {
    const scenario = parseScenario(`
seed: 7
duration: 2m
requests:
  rate: [{ at: 10s, rate: 5 }, { at: 1m, rate: 50 }]
  input_tokens: { median: 800, p99: 4000 }
  output_tokens: 200
  max_output_tokens: 500
  deadline: 30s
  max_calls: 3
  when_all_out: fail
routing:
  strategy: cost_optimized
  limits: { openai: { concurrency: 5, keys: { key-2: { requests_per_minute: 60 } } } }
providers:
  openai:
    latency: { median: 900ms, p99: 4s }
    first_token: 30%
    timeout: 20s
    errors: { server: 0.5%, rate_limited: 0.01 }
    error_after: 300ms
    retry_after: 12s
    price: { input: 2.5, output: 10 }
    requests_per_minute: 3000
    context_window: 128000
    keys: 2
    outages:
      - { at: 20s, for: 10s, fails: network, after: 3s, share: 50% }
      - { at: 30s, for: 10s, slow: 2.5 }
  local:
    latency: 1s
changes:
  - { at: 40s, set: { drained: [openai] } }
  - { at: 60s, set: { drained: [], limits: { openai: { concurrency: null } } } }
`);
    expect(scenario).toMatchObject({
      seed: 7,
      durationMs: 120_000,
      traffic: {
        rate: [
          { atMs: 10_000, perSecond: 5 },
          { atMs: 60_000, perSecond: 50 },
        ],
        inputTokens: { median: 800, p99: 4_000 },
        outputTokens: { median: 200, p99: 200 },
        maxOutputTokens: 500,
        deadlineMs: 30_000,
        maxCalls: 3,
        waits: false,
      },
      routing: { strategy: "cost_optimized", limits: { openai: { concurrency: 5 } }, weights: { openai: 1, local: 1 } },
    });
    expect(scenario.providers[0]).toEqual({
      name: "openai",
      latency: { median: 900, p99: 4_000 },
      firstTokenShare: 0.3,
      timeoutMs: 20_000,
      errors: [
        { class: "server", share: 0.005 },
        { class: "rate_limited", share: 0.01 },
      ],
      errorAfterMs: 300,
      retryAfterMs: 12_000,
      price: { input: 2.5, output: 10 },
      requestsPerMinute: 3_000,
      contextWindow: 128_000,
      keys: 2,
      outages: [
        {
          fromMs: 20_000,
          toMs: 30_000,
          share: 0.5,
          effect: { type: "fails", class: "network", afterMs: 3_000, retryAfterMs: null },
        },
        { fromMs: 30_000, toMs: 40_000, share: 1, effect: { type: "slow", factor: 2.5 } },
      ],
    });
    expect(scenario.changes.map(({ atMs, note }) => `${atMs} ${note}`)).toEqual([
      "40000 drained=openai",
      "60000 drained= limits.openai.concurrency=none",
    ]);
    expect(scenario.changes[1]?.routing).toMatchObject({
      rampSince: { openai: scenarioStart + 60_000 },
      limits: { openai: { concurrency: null, keys: { "key-2": { requestsPerMinute: 60 } } } },
    });
  });

  test("lists every mistake at once, with its place and what is allowed", () => {
    const found = mistakes(`sed: 1
duration: 10
requests:
  rate: fast
  deadline: 0s
routing:
  strategy: wieghted
  weights: { openia: 3 }
providers:
  openai:
    latency: { median: 3s, p99: 1s }
    errors: { server: 120%, serverr: 1% }
    outages:
      - { at: 1m, for: 10s }
      - { at: 1m, for: 10s, fails: everything }
changes:
  - { at: 1m, set: { drained: [openai] } }
`);
    expect(found).toEqual([
      "1:1 sed unknown key. Did you mean seed?",
      "2:11 duration must be a duration such as 500ms, 10s, 2m.",
      expect.stringContaining("4:9 requests.rate must be requests a second, or a list such as"),
      "5:13 requests.deadline must be longer than 0.",
      expect.stringContaining('7:13 routing.strategy "wieghted"'),
      expect.stringMatching(/^8:\d+ routing.weights.* openia.*openai/),
      "11:14 providers.openai.latency median must not be greater than p99.",
      "12:23 providers.openai.errors.server must be a share from 0 to 1, or a percentage such as 2.5%.",
      expect.stringMatching(/^12:29 providers.openai.errors.serverr .*Did you mean server\?/),
      "14:9 providers.openai.outages.0 needs either `fails` with a failure class or `slow` with a factor.",
      expect.stringContaining("15:36 providers.openai.outages.1.fails must be one of server, overloaded"),
      expect.stringMatching(/^17:\d+ changes.0.set.drained Every enabled provider/),
    ]);
  });

  test("what goes together badly is a mistake, too", () => {
    const text = (rest: string, outages = "[]") => `duration: 1m
requests: { rate: 1 }
providers: { a: { latency: 1s, outages: ${outages} } }
${rest}`;
    const long = "[{ at: 5s, for: 10s, slow: 2 }, { at: 14s, for: 1s, slow: 2 }, { at: 1m, for: 1s, slow: 2 }]";
    expect(mistakes(text("", long))).toEqual([
      "3:79 providers.a.outages.1.at must not be before the outage above it ends.",
      "3:110 providers.a.outages.2.at must be before the scenario ends: `duration`.",
    ]);
    const changes = "changes: [{ at: 20s, set: {} }, { at: 10s, set: {} }]";
    expect(mistakes(text(changes))).toEqual(["4:39 changes.1.at must not be before the change above it."]);
    const errors =
      "duration: 1m\nrequests: { rate: 1 }\nproviders: { a: { latency: 1s, errors: { server: 60%, timeout: 0.5 } } }";
    expect(mistakes(errors)).toEqual(["3:40 providers.a.errors must be 1 (100%) at most in all."]);
    expect(mistakes("duration: 100d\nrequests: { rate: 1000 }\nproviders: { a: { latency: 1s } }")).toEqual([
      "2:19 requests.rate comes to about 8,640,000,000 requests; at most 20,000,000 are replayed.",
    ]);
  });

  test("text that is no YAML is told with its place", () => {
    expect(mistakes("duration: [1m")).toEqual([expect.stringMatching(/^1:\d+ {2}/)]);
    expect(mistakes("")).toHaveLength(3);
  });
});

describe("docs/reference/route-simulate.md", () => {
  const page = readFileSync("docs/reference/route-simulate.md", "utf8");

  test("lists every key of a scenario", () => {
    const { shape } = writtenScenario;
    const provider = shape.providers.valueType.shape;
    const outage = provider.outages.unwrap().element.shape;
    const keys = [shape, shape.requests.shape, provider, outage].flatMap((one) => Object.keys(one));
    expect(keys.length).toBeGreaterThan(30);
    expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
  });

  test("its example is a scenario", () => {
    const [, example = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    expect(mistakes(example)).toEqual([]);
    expect(example).toContain("providers:");
  });
});
