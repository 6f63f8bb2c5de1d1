import { describe, expect, test } from "vitest";
import { json } from "../providers/wire-server.ts";
import { wired } from "./wired.ts";

const w = wired();

describe("an outcome tells", () => {
  test("each call with its key's label, price, tokens, cost and time, and never the key", async () => {
    w.vendors.servers.openai.respond((response, { headers }) => {
      w.clock.advance(150);
      if (headers.authorization === "Bearer bad-secret-key")
        return json(401, { error: { message: "bad key" } })(response);
      return json(200, answer)(response);
    });
    const router = w.start({ OPENAI_API_KEY: "bad-secret-key,good-secret-key" });
    const outcome = await router.ask();
    expect(outcome.calls).toEqual([
      {
        provider: "openai",
        model: "gpt-4.1-mini",
        key: "key-1",
        ok: false,
        failure: { class: "auth", status: 401, message: expect.stringContaining("bad key") },
        startedAt: w.clock() - 300,
        durationMs: 150,
        price: { inputPerMillion: 0.4, outputPerMillion: 1.6, source: "table" },
        costUsd: null,
      },
      {
        provider: "openai",
        model: "gpt-4.1-mini",
        key: "key-2",
        ok: true,
        startedAt: w.clock() - 150,
        durationMs: 150,
        price: { inputPerMillion: 0.4, outputPerMillion: 1.6, source: "table" },
        usage: { inputTokens: 1_000, outputTokens: 500, cachedInputTokens: 0, reasoningTokens: 100 },
        costUsd: expect.closeTo((1_000 * 0.4 + 500 * 1.6) / 1e6, 10),
      },
    ]);
    expect(JSON.stringify(outcome)).not.toContain("secret-key");
  });
  const answer = {
    id: "chatcmpl-1",
    model: "gpt-4.1-mini-2025-04-14",
    created: 1,
    choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 1_000,
      completion_tokens: 500,
      total_tokens: 1_500,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 100 },
    },
  };

  test("the model that was asked for and the one that the provider says has answered", async () => {
    w.vendors.servers.openai.respond(json(200, answer));
    expect(await w.start().ask({ model: "smart" })).toMatchObject({
      served: { provider: "openai", modelAsked: "smart", modelServed: "gpt-4.1-mini-2025-04-14" },
      calls: [{ model: "gpt-5.2" }],
    });
  });

  test("a price of the settings by its source; one that nobody knows as unknown, not as 0", async () => {
    const priced = await w.start({ PROVIDER_COSTS: "openai:0.03" }).ask();
    expect(priced.calls[0]).toMatchObject({
      price: { inputPerMillion: 30, outputPerMillion: 30, source: "settings" },
      costUsd: expect.closeTo(0.03 * 0.029, 10),
    });
    const unknown = await w.start().ask({ provider: "openai", model: "acme-internal-7" });
    expect(unknown).toMatchObject({ served: { costUsd: null }, calls: [{ costUsd: null }] });
    expect(unknown.calls[0]?.price).toBeUndefined();
  });

  test("the cost of a fallback where the answer came from", async () => {
    w.vendors.fail("openai", 503);
    const outcome = await w.start().ask();
    expect(outcome.calls.map(({ provider, costUsd }) => [provider, costUsd === null])).toEqual([
      ["openai", true],
      ["anthropic", false],
    ]);
    expect(outcome.type === "answered" && outcome.served.costUsd).toBe(outcome.calls[1]?.costUsd);
  });

  test("the decision: strategy, hints, every candidate with its state, why, and what it rests on", async () => {
    const outcome = await w.start().ask({ provider: "anthropic", allow: ["anthropic", "openai"] });
    expect(outcome.decision).toMatchObject({
      strategy: "failover",
      hints: { provider: "anthropic", allow: ["anthropic", "openai"] },
      candidates: [
        { provider: "anthropic", model: "claude-sonnet-4-6", state: "closed" },
        { provider: "openai", model: "gpt-4.1-mini", state: "closed" },
        { provider: "ollama", model: "llama3.2", state: "closed", excluded: "not in allow" },
      ],
      reason: "the hint asks for anthropic",
      inputs: { hinted: "anthropic", bound: null, chain: ["openai", "anthropic", "ollama"] },
      routingVersion: 0,
    });
  });
});
