import { afterEach, describe, expect, test } from "vitest";
import { AppError } from "../../src/core/errors.ts";
import { parseOutageScript, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { eventually } from "../support/eventually.ts";
import { chat, urlOf } from "./support/ask.ts";
import { manualClock } from "./support/manual-clock.ts";

function mistakes(text: string): readonly string[] {
  try {
    parseOutageScript(text);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe("invalid_script");
    return error.problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);
  }
}

describe("parseOutageScript", () => {
  test("reads every form", () => {
    const script = parseOutageScript(`
seed: 7
latency: { min: 100ms, max: 0.4s }
outages:
  - { provider: openai, from: 10s, to: 40s, fault: { kind: status, status: 503, retry_after: 2, match: step-3 } }
  - provider: anthropic
    fault: { kind: refuse }
  - { provider: ollama, from: 1m, fault: { kind: stall, after_bytes: 10, times: 2, probability: 0.5 } }
`);
    expect(script).toEqual({
      seed: 7,
      latency: { minMs: 100, maxMs: 400 },
      outages: [
        {
          provider: "openai",
          fromMs: 10_000,
          toMs: 40_000,
          fault: { kind: "status", status: 503, retryAfter: 2, match: "step-3" },
        },
        { provider: "anthropic", fromMs: 0, fault: { kind: "refuse" } },
        {
          provider: "ollama",
          fromMs: 60_000,
          fault: { kind: "stall", afterBytes: 10, times: 2, probability: 0.5 },
        },
      ],
    });
  });

  test("lists every mistake at once, with its place and what is allowed", () => {
    const text = `sed: 7
latency: fast
outages:
  - provider: opanai
    from: 10
    fault: { kind: status, status: 900, retry-after: 2 }
  - provider: openai
    from: 20s
    to: 10s
    fault: { kind: refuse, match: x }
  - provider: ollama
    fron: 10s
    fault: { kind: stal }
  - from: 1s
    fault: { kind: latency }
`;
    expect(mistakes(text)).toEqual([
      "1:1 sed unknown key. Did you mean seed?",
      "2:10 latency must be a duration such as 200ms, or min and max, the smaller first: { min: 100ms, max: 400ms }.",
      "4:15 outages.0.provider must be one of openai, anthropic, ollama, gemini, azure-openai, custom, bedrock. Did you mean openai?",
      "5:11 outages.0.from must be a duration such as 500ms, 10s, 2m.",
      "6:36 outages.0.fault.status must be at most 599.",
      "6:41 outages.0.fault.retry-after unknown key. Did you mean retry_after?",
      "9:9 outages.1.to must be later than `from`.",
      "10:28 outages.1.fault.match unknown key. Known keys: kind.",
      "12:5 outages.2.fron unknown key. Did you mean from?",
      "13:20 outages.2.fault.kind must be one of refuse, reset, status, latency, stall, hold, cut, malformed, error_body. Did you mean stall?",
      "14:5 outages.3.provider is missing; it must be one of openai, anthropic, ollama, gemini, azure-openai, custom, bedrock.",
      "15:12 outages.3.fault.ms is missing; it must be a number.",
    ]);
  });

  test("says that an outage ends before it begins", () => {
    const text = "outages:\n  - { provider: openai, from: 20s, to: 10s, fault: { kind: refuse } }";
    expect(mistakes(text)).toEqual(["2:40 outages.0.to must be later than `from`."]);
  });

  test("says that a latency's ends are the wrong way round", () => {
    expect(mistakes("latency: { min: 2s, max: 1s }\noutages: []")).toEqual([
      expect.stringMatching(/^1:10 latency must be a duration .* the smaller first/),
    ]);
  });

  test("says where the YAML itself is broken, and that an empty file lacks its outages", () => {
    expect(mistakes("outages: [\n  {")[0]).toMatch(/^2:\d+ {2}Flow map/);
    expect(mistakes("")).toEqual(["1:1 outages is missing; it must be a list."]);
  });
});

describe("a script at work", () => {
  let simulator: Simulator;
  afterEach(() => simulator.close());

  test("begins and ends its outages by the clock", async () => {
    const clock = manualClock();
    const script = parseOutageScript(`
outages:
  - { provider: openai, from: 10s, to: 40s, fault: { kind: status, status: 503 } }
  - { provider: openai, from: 50s, to: 60s, fault: { kind: refuse } }
  - { provider: ollama, to: 5s, fault: { kind: status, status: 500 } }
`);
    simulator = await startSimulator({ latencyMs: 0, clock, script });
    const seen = async (name: string) =>
      chat(urlOf(simulator, name), "hello").then(
        ({ status }) => status,
        (error: { cause?: { code?: string } }) => error.cause?.code,
      );
    const expectSeen = (openai: unknown, ollama: unknown) =>
      eventually(async () => expect([await seen("openai"), await seen("ollama")]).toEqual([openai, ollama]));
    await expectSeen(200, 500);
    clock.advance(5_000);
    await expectSeen(200, 200);
    clock.advance(5_000);
    await expectSeen(503, 200);
    clock.advance(30_000);
    await expectSeen(200, 200);
    clock.advance(10_000);
    await expectSeen("ECONNREFUSED", 200);
    clock.advance(10_000);
    await expectSeen(200, 200);
  });

  test("starts the providers that it names besides the usual ones", async () => {
    const script = parseOutageScript(
      "outages: [{ provider: gemini, fault: { kind: refuse } }, { provider: custom, from: 1s, fault: { kind: hold } }]",
    );
    simulator = await startSimulator({ latencyMs: 0, clock: manualClock(), script });
    expect(simulator.providers.map(({ name }) => name)).toEqual(["openai", "anthropic", "ollama", "gemini", "custom"]);
    await eventually(() => expect(simulator.faults("gemini")).toEqual([{ kind: "refuse" }]));
  });

  test("is refused before a port is opened when it names a provider that is not to be started", async () => {
    simulator = await startSimulator({ latencyMs: 0 });
    const script = parseOutageScript("outages: [{ provider: gemini, fault: { kind: refuse } }]");
    await expect(startSimulator({ providers: ["openai", "ollama"], script })).rejects.toMatchObject({
      code: "invalid_script",
      message: expect.stringContaining("gemini is not started; allowed: openai, ollama."),
    });
  });

  test("leaves a fault that a person has set", async () => {
    const clock = manualClock();
    const script = parseOutageScript(
      "outages: [{ provider: openai, from: 10s, to: 20s, fault: { kind: status, status: 503 } }]",
    );
    simulator = await startSimulator({ latencyMs: 0, clock, script });
    await simulator.down("openai", { kind: "status", status: 429 });
    clock.advance(10_000);
    await eventually(() => expect(simulator.faults("openai")).toHaveLength(2));
    clock.advance(10_000);
    await eventually(() => expect(simulator.faults("openai")).toEqual([{ kind: "status", status: 429 }]));
  });
});
