import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import type { FailureClass } from "../../src/core/call.ts";
import { createProviders } from "../../src/providers/create.ts";
import { CallFailure, type CallOptions, type LlmRequest, type Provider } from "../../src/providers/provider.ts";
import { type Fault, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { hello } from "./provider-under-test.ts";

const names = ["openai", "anthropic", "azure-openai", "gemini", "ollama", "bedrock", "custom"] as const;
const never = new AbortController().signal;
let simulator: Simulator;
let providers: ReadonlyMap<string, Provider>;
let responses: ReadonlyMap<string, Provider>;
const cwd = mkdtempSync(join(tmpdir(), "switchyard-simulated-"));

beforeAll(async () => {
  simulator = await startSimulator({ latencyMs: 0, providers: names });
  const url = simulator.providers.find(({ name }) => name === "custom")?.url;
  const fast = names.slice(0, 6).map((name) => [name, { first_token_timeout: 0.3, idle_timeout: 0.3 }]);
  const custom = { type: "custom", endpoint: url, model: "m", first_token_timeout: 0.3, idle_timeout: 0.3 };
  writeFileSync(join(cwd, "switchyard.yaml"), JSON.stringify({ providers: { ...Object.fromEntries(fast), custom } }));
  providers = createProviders(loadSettings({ env: simulator.env, cwd }));
  const env = { ...simulator.env, OPENAI_API: "responses", AZURE_OPENAI_API: "responses" };
  responses = createProviders(loadSettings({ env, cwd }));
});
afterAll(async () => {
  for (const provider of [...providers.values(), ...responses.values()]) await provider.close();
  await simulator.close();
  rmSync(cwd, { recursive: true, force: true });
});

const outputSchema: LlmRequest["outputSchema"] = {
  type: "object",
  additionalProperties: false,
  required: ["severity"],
  properties: { severity: { type: "string", enum: ["low", "critical"] } },
};

const spoken = [
  ...names.map((name) => ({ name, title: name, from: () => providers })),
  ...(["openai", "azure-openai"] as const).map((name) => ({ name, title: `${name} responses`, from: () => responses })),
];

describe.each(spoken)("$title against its simulated vendor", ({ name, from }) => {
  afterEach(() => simulator.up(name));
  const call = async (request: LlmRequest, options: Partial<CallOptions> = {}) => {
    const provider = from().get(name);
    if (!provider) throw new Error(`${name} is not configured`);
    return provider.call(request, { model: provider.defaultModel, signal: never, ...options });
  };
  const failure = async (fault: Fault, options: Partial<CallOptions> = {}): Promise<CallFailure> => {
    await simulator.down(name, fault);
    const result = await call(hello, options).catch((error: unknown) => error);
    if (result instanceof CallFailure) return result;
    throw new Error(`not a CallFailure: ${JSON.stringify(result)} ${String(result)}`);
  };

  test("answers whole and streamed alike, with usage", async () => {
    const whole = await call(hello);
    const heard: string[] = [];
    const streamed = await call(hello, { onDelta: (text) => heard.push(text) });
    expect(whole.text).toMatch(/^\[simulated /);
    expect([streamed.text, heard.join("")]).toEqual([whole.text, whole.text]);
    expect(streamed.usage).toEqual(whole.usage);
    expect(whole.usage.inputTokens).toBeGreaterThan(0);
    expect([whole.firstTokenMs, typeof streamed.firstTokenMs]).toEqual([null, "number"]);
  });

  test("answers a schema with JSON, whole and streamed", async () => {
    for (const options of [{}, { onActivity: () => undefined }]) {
      const { text } = await call({ ...hello, outputSchema }, options);
      expect(["low", "critical"]).toContain((JSON.parse(text) as { severity: string }).severity);
    }
  });

  const faults: readonly (readonly [Fault, whole: FailureClass, streamed: FailureClass])[] = [
    [{ kind: "refuse" }, "network", "network"],
    [{ kind: "reset" }, "network", "network"],
    [{ kind: "status", status: 401 }, "auth", "auth"],
    [{ kind: "status", status: 404 }, "not_found", "not_found"],
    [{ kind: "status", status: 429, retryAfter: 3 }, "rate_limited", "rate_limited"],
    [{ kind: "status", status: 500 }, "server", "server"],
    [{ kind: "status", status: 503, retryAfter: "date+3s" }, "overloaded", "overloaded"],
    [{ kind: "cut" }, "malformed", "malformed"],
    [{ kind: "cut", afterBytes: 60 }, "malformed", "malformed"],
    [{ kind: "malformed" }, "malformed", "malformed"],
    [{ kind: "error_body" }, "malformed", "malformed"],
  ];
  test.each(faults)("%j is %s, streamed %s", async (fault, whole, streamed) => {
    expect((await failure(fault)).class).toBe(whole);
    const broken = await failure(fault, { onDelta: () => undefined });
    expect(broken.class).toBe(streamed);
    if (fault.kind === "status" && fault.retryAfter !== undefined) expect(broken.retryAfterMs).toBeGreaterThan(0);
  });

  test("a stall is a timeout: before the first token, and between two", async () => {
    const onDelta = () => undefined;
    expect((await failure({ kind: "stall" }, { onDelta })).message).toMatch(/^No first token/);
    expect((await failure({ kind: "stall", afterBytes: 60 }, { onDelta })).class).toBe("timeout");
    expect((await failure({ kind: "stall" }, { signal: AbortSignal.timeout(100) })).class).toBe("timeout");
  });
});
