import { describe, expect, test } from "vitest";
import type { CallRecord } from "../../src/core/call.ts";
import { wired } from "./wired.ts";

const w = wired();
const providersOf = (calls: readonly CallRecord[]) => calls.map(({ provider }) => provider);

describe("hints", () => {
  test("a soft provider comes first, and gives way when it is down", async () => {
    const router = w.start();
    expect(await router.ask({ provider: "ollama" })).toMatchObject({ served: { provider: "ollama" } });
    w.vendors.fail("ollama", 503);
    const outcome = await router.ask({ provider: "ollama" });
    expect(outcome).toMatchObject({ served: { provider: "openai" }, decision: { reason: "the hint asks for ollama" } });
  });

  test("a strict provider is called, repeated, and never replaced", async () => {
    w.vendors.fail("anthropic", 500);
    const outcome = await w.start().ask({ provider: "anthropic", strict_provider: true });
    expect(outcome).toMatchObject({ type: "failed", error: { code: "provider_failed" } });
    expect(providersOf(outcome.calls)).toEqual(["anthropic", "anthropic", "anthropic"]);
    expect(w.vendors.hits("openai") + w.vendors.hits("ollama")).toBe(0);
  });

  test("a strict provider's own keys still apply", async () => {
    w.vendors.servers.openai.respond((response, { headers }) => {
      response.writeHead(headers.authorization === "Bearer good-key" ? 503 : 401).end();
    });
    const router = w.start({ OPENAI_API_KEY: "bad-key,good-key" });
    const outcome = await router.ask({ provider: "openai", strict_provider: true });
    expect(outcome.calls.map(({ key, failure }) => [key, failure?.class])).toEqual([
      ["key-1", "auth"],
      ["key-2", "overloaded"],
      ["key-2", "overloaded"],
      ["key-2", "overloaded"],
    ]);
    expect(w.vendors.hits("anthropic")).toBe(0);
  });

  test("a strict provider that is out is unavailable, with the time until it is not", async () => {
    w.vendors.fail("anthropic", 429, { "retry-after": "42" });
    const router = w.start();
    await router.ask({ provider: "anthropic" });
    const outcome = await router.ask({ provider: "anthropic", strict_provider: true });
    expect(outcome).toMatchObject({
      type: "unavailable",
      retryAfterMs: 42_000,
      error: { code: "provider_unavailable" },
      calls: [],
    });
  });

  test("LLM_STRICT_PROVIDER_DEFAULT pins where the request does not say", async () => {
    w.vendors.fail("anthropic", 404);
    const router = w.start({ LLM_STRICT_PROVIDER_DEFAULT: "true" });
    expect((await router.ask({ provider: "anthropic" })).type).toBe("unavailable");
    expect(await router.ask({ provider: "anthropic", strict_provider: false })).toMatchObject({
      served: { provider: "openai" },
    });
    expect(await router.ask({})).toMatchObject({ served: { provider: "openai" } });
  });

  test("allow limits who may serve; a strategy of its own orders them", async () => {
    const router = w.start();
    const outcome = await router.ask({ allow: ["ollama", "anthropic"], strategy: "round_robin" });
    expect(outcome).toMatchObject({ type: "answered", decision: { strategy: "round_robin" } });
    expect(outcome.decision?.candidates.at(-1)).toMatchObject({ provider: "openai", excluded: "not in allow" });
  });

  test.each([
    [{ provider: "opnai" }, "unknown_provider", "Did you mean openai?"],
    [{ allow: ["nobody"] }, "unknown_provider", "Known: openai, anthropic, ollama."],
    [{ strict_provider: true }, "strict_needs_provider", "strict_provider"],
    [{ strategy: "wheighted" }, "bad_request", "Did you mean weighted?"],
    [{ max_calls: 0 }, "bad_request", "1 or more"],
    [{ max_usd: -1 }, "bad_request", "0 or more"],
    [{ provider: "openai", strict_provider: true, allow: ["ollama"] }, "bad_request", "leaves out"],
  ])("%j is refused", async (hints, code, part) => {
    const router = w.start();
    const outcome = await router.ask(hints);
    expect(outcome).toMatchObject({ type: "rejected", error: { code }, calls: [] });
    expect(outcome.type === "rejected" && outcome.error.message).toContain(part);
    expect(() => router.router.checkHints(hints)).toThrow(expect.objectContaining({ code }));
  });

  test("EDITION=community refuses cost_optimized of a request too, and takes the others", async () => {
    const community = w.start({ EDITION: "community" });
    const outcome = await community.ask({ strategy: "cost_optimized" });
    expect(outcome).toMatchObject({ type: "rejected", error: { code: "bad_request" }, calls: [] });
    expect(outcome.type === "rejected" && outcome.error.message).toContain("not part of EDITION=community");
    for (const strategy of ["least_busy", "latency_optimized", "weighted", "round_robin"])
      expect(await community.ask({ strategy })).toMatchObject({ type: "answered", decision: { strategy } });
    expect(await w.start().ask({ strategy: "cost_optimized" })).toMatchObject({ type: "answered" });
  });

  test("an alias is each provider's own model; the result says asked and served", async () => {
    w.vendors.fail("openai", 500);
    const outcome = await w.start().ask({ model: "smart" });
    expect(outcome.calls.map(({ model }) => model)).toEqual(["gpt-5.2", "claude-sonnet-4-6"]);
    expect(outcome).toMatchObject({ served: { modelAsked: "smart", modelServed: "claude-sonnet-4-6" } });
  });

  test("a model goes to who serves it first, and its name to nobody else", async () => {
    const router = w.start();
    const asked = "claude-opus-4-5";
    expect(await router.ask({ model: asked })).toMatchObject({ served: { provider: "anthropic", modelAsked: asked } });
    expect(w.vendors.servers.anthropic.requests[0]?.body.model).toBe(asked);
    w.vendors.fail("anthropic", 500);
    const outcome = await router.ask({ model: asked });
    expect(outcome).toMatchObject({ served: { provider: "openai", modelAsked: asked, modelServed: "gpt-4.1-mini" } });
    expect(w.vendors.servers.openai.requests[0]?.body.model).toBe("gpt-4.1-mini");
    await router.ask({ provider: "openai", model: asked });
    expect(w.vendors.servers.openai.requests.at(-1)?.body.model).toBe("gpt-4.1-mini");
  });

  test("a model that nobody is known to serve goes to the provider that it was paired with", async () => {
    const router = w.start();
    await router.ask({ provider: "openai", model: "acme-internal-7" });
    expect(w.vendors.servers.openai.requests[0]?.body.model).toBe("acme-internal-7");
    await router.ask({ model: "acme-internal-7" });
    expect(w.vendors.servers.openai.requests[1]?.body.model).toBe("gpt-4.1-mini");
  });

  test("max_calls counts failed calls of all providers", async () => {
    for (const name of ["openai", "anthropic", "ollama"] as const) w.vendors.fail(name, 500);
    const outcome = await w.start().ask({ max_calls: 2 });
    expect(outcome).toMatchObject({ type: "failed" });
    expect(providersOf(outcome.calls)).toEqual(["openai", "anthropic"]);
    expect(outcome.type === "failed" && outcome.error.message).toContain("2 calls are spent");
  });
});
