import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../running-app.ts";
import { type AxonFlowCalls, axonFlowCalls } from "./axonflow-calls.ts";

let running: RunningApp;
let axonflow: AxonFlowCalls;
beforeAll(async () => {
  running = await startApp();
  axonflow = axonFlowCalls(running.url);
});
afterAll(() => running.close());

const base = "/api/v1/llm-providers";

describe("listProviders", () => {
  test("lists what is configured, how it stands, and no key", async () => {
    const { status, body } = await axonflow.send("GET", base);
    expect(status).toBe(200);
    expect(body).toMatchObject({ pagination: { page: 1, page_size: 20, total_pages: 1 } });
    expect(body.providers).toContainEqual({
      name: "openai",
      type: "openai",
      endpoint: expect.stringMatching(/^http/),
      model: expect.any(String),
      enabled: true,
      priority: 1,
      weight: expect.any(Number),
      has_api_key: true,
      health: { status: "healthy", last_checked: expect.any(String) },
    });
    expect(JSON.stringify(body)).not.toContain(String(running.simulator.env.OPENAI_API_KEY));
  });

  test("filters and pages", async () => {
    const two = await axonflow.send("GET", `${base}?enabled=true&page=2&page_size=2`);
    expect(two.body.pagination).toEqual({ page: 2, page_size: 2, total_items: 3, total_pages: 2 });
    expect(two.body.providers).toHaveLength(1);
    const typed = await axonflow.send("GET", `${base}?type=anthropic`);
    expect(typed.body.providers).toMatchObject([{ name: "anthropic" }]);
    expect(await axonflow.send("GET", `${base}?page=0`)).toMatchObject({
      status: 400,
      body: { error: { code: "BAD_REQUEST", message: expect.stringContaining("page") } },
    });
  });
});

describe("one provider", () => {
  test("is shown, with its health, and tested with a small call", async () => {
    expect(await axonflow.send("GET", `${base}/OpenAI`)).toMatchObject({
      status: 200,
      body: { provider: { name: "openai" } },
    });
    expect(await axonflow.send("GET", `${base}/ollama/health`)).toMatchObject({
      status: 200,
      body: { name: "ollama", health: { status: "healthy" } },
    });
    expect(await axonflow.send("GET", `${base}/status`)).toMatchObject({
      status: 200,
      body: { providers: { anthropic: { status: "healthy" } } },
    });
    const { status, body } = await axonflow.send("POST", `${base}/ollama/test`, {});
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, provider: "ollama", response: expect.any(String) });
    await running.simulator.down("ollama", { kind: "status", status: 500 });
    const failed = await axonflow.send("POST", `${base}/ollama/test`, {});
    expect(failed).toMatchObject({ status: 502, body: { error: { code: "PROVIDER_FAILED" } } });
    await running.simulator.up("ollama");
  });

  test("is not found under another name", async () => {
    expect(await axonflow.send("GET", `${base}/olama`)).toMatchObject({
      status: 404,
      body: { error: { code: "NOT_FOUND", message: expect.stringContaining("Did you mean ollama") } },
    });
  });

  test("is disabled, enabled, moved and weighed for the whole fleet", async () => {
    const off = await axonflow.send("PUT", `${base}/anthropic`, { enabled: false });
    expect(off).toMatchObject({ status: 200, body: { provider: { enabled: false, priority: 0 } } });
    const pinned = await axonflow.chat("One", { provider: "anthropic", strict_provider: true });
    expect(pinned).toMatchObject({ status: 400, body: { error_code: "unknown_provider" } });
    const first = await axonflow.send("PUT", `${base}/anthropic`, { enabled: true, priority: 1, weight: 70 });
    expect(first.body.provider).toMatchObject({ enabled: true, priority: 1, weight: 70 });
    const { body } = await axonflow.send("GET", `${base}/routing`);
    expect(body).toMatchObject({ default_provider: "anthropic", providers: ["anthropic", "openai", "ollama"] });
  });

  test("is neither made nor removed nor given a key over HTTP, and is told how", async () => {
    for (const [method, path, body] of [
      ["POST", base, { name: "new", type: "openai", api_key: "sk-secret" }],
      ["DELETE", `${base}/openai`, undefined],
      ["PUT", `${base}/openai`, { api_key: "sk-secret" }],
    ] as const) {
      const said = await axonflow.send(method, path, body);
      expect(said).toMatchObject({ status: 405, body: { error: { code: "PROVIDERS_CONFIGURED" } } });
      expect(JSON.stringify(said.body)).not.toContain("sk-secret");
    }
  });
});

describe("routing", () => {
  test("weights are set and shown", async () => {
    const set = await axonflow.send("PUT", `${base}/routing`, {
      weights: { openai: 60, anthropic: 30, ollama: 10 },
      strategy: "weighted",
    });
    expect(set).toMatchObject({ status: 200, body: { strategy: "weighted", weights: { openai: 60, ollama: 10 } } });
    expect((await axonflow.send("GET", `${base}/routing`)).body).toEqual(set.body);
    const wrong = await axonflow.send("PUT", `${base}/routing`, { weights: { opnai: 60 } });
    expect(wrong).toMatchObject({ status: 400, body: { error: { code: "INVALID_SETTINGS" } } });
    expect(JSON.stringify(wrong.body)).toContain("openai");
  });
});
