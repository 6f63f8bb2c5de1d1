import { describe, expect, test } from "vitest";
import { providerSuite } from "../../src/testing/provider-suite.ts";
import { failureOf, hello, never, secret, underTest } from "../../src/testing/provider-under-test.ts";
import { json } from "../../src/testing/wire-server.ts";
import { vendorWires } from "./vendor-wire.ts";

for (const wire of vendorWires) providerSuite(wire);

describe.each(vendorWires)("besides, provider $name", (wire) => {
  const under = underTest(wire);
  const failure = () => failureOf(under.provider.call(hello, { model: wire.model, signal: never }));

  test("prices what it can", () => {
    const usage = { inputTokens: 1_000, outputTokens: 1_000, cachedInputTokens: null, reasoningTokens: null };
    const cost = under.provider.costUsd(wire.model, usage);
    if (wire.provider === "my-vllm") expect(cost).toBeNull();
    else if (wire.provider === "ollama") expect(cost).toBe(0);
    else expect(cost).toBeGreaterThan(0);
  });

  test("repeats the vendor's words without its key, also where the vendor shortens it", async () => {
    under.server.respond(json(401, wire.error("some_error", `no: ${secret}`)));
    expect((await failure()).message).toBe("HTTP 401: no: ***");
    under.server.respond(json(401, wire.error("some_error", `no: ${secret.slice(0, 18)}...${secret.slice(-8)}`)));
    expect((await failure()).message).not.toMatch(/0123|cdefSE/);
  });

  test("an account that cannot pay is auth, whatever status says so", async () => {
    under.server.respond(json(429, wire.error("insufficient_quota", "You exceeded your current quota.")));
    expect((await failure()).class).toBe("auth");
    const poor = "Your credit balance is too low to access the API.";
    under.server.respond(json(400, wire.error("invalid_request_error", poor)));
    expect((await failure()).class).toBe("auth");
  });

  test("has few warnings: only stop sequences may be one", async () => {
    under.server.respond(json(200, wire.answer("ok")));
    const options = { model: wire.model, signal: never };
    const { warnings } = await under.provider.call(
      { ...hello, maxTokens: 77, temperature: 0.5, stop: ["END"] },
      options,
    );
    const isSent = JSON.stringify(under.last().body).includes("END");
    expect([isSent, warnings]).toEqual(isSent ? [true, []] : [false, [expect.stringMatching(/^stopSequences: not/)]]);
  });
});
