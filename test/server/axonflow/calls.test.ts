import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Costs } from "../../../src/core/spend.ts";
import { eventually } from "../../support/eventually.ts";
import { type RunningApp, startApp } from "../running-app.ts";
import { type AxonFlowCalls, axonFlowCalls } from "./axonflow-calls.ts";

let running: RunningApp;
let axonflow: AxonFlowCalls;
beforeAll(async () => {
  running = await startApp();
  axonflow = axonFlowCalls(running.url);
});
afterEach(async () => {
  for (const name of ["openai", "anthropic", "ollama"]) {
    await running.simulator.up(name);
    await fetch(`${running.url}/v1/routing/providers/${name}/reset`, { method: "POST" });
  }
});
afterAll(() => running.close());

describe("healthCheck", () => {
  test("is healthy, with version and capabilities", async () => {
    const { status, body } = await axonflow.send("GET", "/health");
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "healthy", version: expect.any(String) });
    expect(body.capabilities).toContainEqual(expect.objectContaining({ name: "gateway_mode" }));
  });
});

describe("proxyLLMCall", () => {
  test("answers with the text, and tells who has served", async () => {
    const { status, body } = await axonflow.chat("What is a river?", { max_tokens: 50, system_prompt: "Be brief." });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      blocked: false,
      request_id: expect.any(String),
      data: expect.stringMatching(/\w/),
      metadata: {
        provider_info: {
          provider: "openai",
          model: expect.any(String),
          response_time_ms: expect.any(Number),
          tokens_used: expect.any(Number),
          cost: expect.any(Number),
        },
      },
      policy_info: { policies_evaluated: [], static_checks: [], processing_time: "0ms", tenant_id: "default" },
    });
    expect(running.simulator.hits("openai")).toHaveLength(1);
  });

  test("follows the provider that it prefers, written in any case, and goes elsewhere while that one is down", async () => {
    const preferred = await axonflow.chat("One", { provider: "Anthropic", model: "claude-sonnet-4-20250514" });
    expect(preferred.body.metadata).toMatchObject({
      provider_info: { provider: "anthropic", model: "claude-sonnet-4-20250514" },
    });
    await running.simulator.down("anthropic", { kind: "status", status: 500 });
    const other = await axonflow.chat("Two", { provider: "anthropic" });
    expect(other.status).toBe(200);
    expect(other.body.metadata).toMatchObject({
      provider_info: { provider: "openai" },
      routing: {
        calls: [
          { provider: "anthropic", ok: false, failure: "server" },
          { provider: "openai", ok: true },
        ],
      },
    });
  });

  test("says 503 where the pinned provider is down, and is no answer", async () => {
    await running.simulator.down("anthropic", { kind: "refuse" });
    const pin = { provider: "anthropic", strict_provider: true };
    const { body } = await eventually(async () => {
      const said = await axonflow.chat("One", pin);
      expect(said.status).toBe(503);
      return said;
    });
    expect(body).toMatchObject({ success: false, blocked: false, error_code: "provider_unavailable" });
    expect(body.error).toContain("anthropic");
    expect(body.data).toBeUndefined();
  });

  test("says 400 to what cannot be served: unknown provider, nothing asked, unknown type, connectors", async () => {
    const unknown = await axonflow.chat("One", { provider: "antropic" });
    expect(unknown).toMatchObject({ status: 400, body: { success: false, error_code: "unknown_provider" } });
    expect(unknown.body.error).toContain("Did you mean anthropic");
    expect(await axonflow.chat("  ")).toMatchObject({ status: 400 });
    const type = await axonflow.send("POST", "/api/request", { query: "x", request_type: "chatt" });
    expect(type).toMatchObject({ status: 400, body: { success: false, blocked: false } });
    expect(type.body.error).toContain("Did you mean chat");
    const connector = await axonflow.send("POST", "/api/request", { query: "x", request_type: "mcp-query" });
    expect(connector.body.error).toContain("no connectors");
    const wrong = await axonflow.chat("One", { max_tokens: "many", temperature: 9 });
    expect(wrong.status).toBe(400);
    expect(wrong.body.error).toContain("max_tokens");
    expect(wrong.body.error).toContain("temperature");
  });

  test("passes pictures on, and fetches none", async () => {
    const ask = (media: object) => axonflow.send("POST", "/api/request", { query: "What is it?", media: [media] });
    const { status } = await ask({ source: "base64", base64_data: "iVBORw0KGgo=", mime_type: "image/png" });
    expect(status).toBe(200);
    const fetched = await ask({ source: "url", url: "http://169.254.169.254/" });
    expect(fetched).toMatchObject({ status: 400, body: { success: false } });
  });
});

describe("preCheck and auditLLMCall", () => {
  const audit = (contextId: unknown, more: object = {}) =>
    axonflow.send("POST", "/api/audit/llm-call", {
      context_id: contextId,
      client_id: "my-app",
      response_summary: "a letter",
      provider: "anthropic",
      model: "claude-sonnet-4-20250514",
      token_usage: { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 },
      latency_ms: 250,
      metadata: {},
      ...more,
    });
  const preCheck = (context: object = {}) =>
    axonflow.send("POST", "/api/policy/pre-check", {
      user_token: "user-1",
      client_id: "my-app",
      query: "Write a letter",
      data_sources: [],
      context,
    });

  test("approves, names the target, and counts the call once", async () => {
    const { status, body } = await preCheck({ provider: "anthropic" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      context_id: expect.any(String),
      approved: true,
      requires_redaction: false,
      approved_data: { query: "Write a letter" },
      policies: [],
      target: { provider: "anthropic" },
    });
    expect(Date.parse(String(body.expires_at))).toBeGreaterThan(Date.now());
    const first = await audit(body.context_id);
    expect(first).toMatchObject({ status: 200, body: { success: true, counted: true } });
    const again = await audit(body.context_id);
    expect(again.body).toMatchObject({ success: true, counted: false, audit_id: first.body.audit_id });
    const { groups } = (await (await fetch(`${running.url}/v1/costs?by=provider,key`)).json()) as Costs;
    const own = groups.filter(({ of }) => of.key === "gateway");
    expect(own).toMatchObject([
      { of: { provider: "anthropic" }, use: { calls: 1, inputTokens: 1_000, outputTokens: 500 } },
    ]);
  });

  test("does not approve a pinned provider that is out, and says why", async () => {
    for (let i = 0; i < 6; i++) {
      const { body } = await preCheck({ provider: "anthropic" });
      await audit(body.context_id, { model: null, metadata: { failure_class: "server" } });
    }
    const { status, body } = await preCheck({ provider: "anthropic", strict_provider: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({ approved: false, target: null });
    expect(body.block_reason).toContain("anthropic");
  });

  test("refuses an unknown context and provider in its own shape", async () => {
    expect(await audit("ctx_none")).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
    const { body } = await preCheck();
    const unknown = await audit(body.context_id, { provider: "antropic" });
    expect(unknown).toMatchObject({ status: 400, body: { error: { code: "UNKNOWN_PROVIDER" } } });
  });
});
