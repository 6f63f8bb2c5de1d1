import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Hints } from "../../src/core/call.ts";
import { unknownCapabilities } from "../../src/core/capabilities.ts";
import type { LlmRequest } from "../../src/providers/provider.ts";
import { inabilityOf } from "../../src/router/able.ts";
import { eventually } from "../support/eventually.ts";
import type { RouterUnderTest } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();
const folder = mkdtempSync(join(tmpdir(), "switchyard-able-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const chain = { LLM_PROVIDERS: "ollama,openai,anthropic" };

/** A router whose file says this of its providers. */
function started(providers: object, more: Parameters<typeof w.start>[3] = {}): RouterUnderTest {
  const file = join(folder, `${Math.random()}.yaml`);
  writeFileSync(file, JSON.stringify({ providers }));
  return w.start({ ...chain, SWITCHYARD_CONFIG: file }, [], undefined, more);
}

const text: LlmRequest = { messages: [{ role: "user", content: "Hello" }] };
const picture: LlmRequest = {
  messages: [{ role: "user", content: "What is it?", images: [{ mediaType: "image/png", base64: "iVBORw0KGgo=" }] }],
};
const withTool: LlmRequest = { ...text, tools: [{ name: "look_up", inputSchema: { type: "object" } }] };
const long = (tokens: number): LlmRequest => ({ messages: [{ role: "user", content: "abcd".repeat(tokens) }] });
let requests = 0;

async function ask({ router }: RouterUnderTest, request: LlmRequest, hints: Hints = {}) {
  const signal = new AbortController().signal;
  return router.call(request, {
    hints,
    signal,
    idempotencyKey: `able-${++requests}`,
    deadline: w.clock() + 3_600_000,
  });
}

describe("a target whose model is known not to be able to serve the request", () => {
  test("is set aside for pictures, and only for them", async () => {
    const router = w.start(chain);
    expect(await ask(router, picture)).toMatchObject({
      served: { provider: "openai" },
      decision: {
        candidates: [
          { provider: "openai" },
          { provider: "anthropic" },
          { provider: "ollama", excluded: "unable: llama3.2 takes no images" },
        ],
      },
    });
    expect(w.vendors.hits("ollama")).toBe(0);
    expect(await ask(router, text)).toMatchObject({ served: { provider: "ollama" } });
  });

  test("is no fallback either, and the decision says why where it was hinted at", async () => {
    const router = w.start(chain);
    w.vendors.fail("openai", 500);
    w.vendors.fail("anthropic", 500);
    const outcome = await ask(router, picture, { provider: "ollama" });
    expect(outcome).toMatchObject({
      type: "failed",
      decision: { reason: expect.stringContaining("ollama is unable: llama3.2 takes no images") },
    });
    expect(w.vendors.hits("ollama")).toBe(0);
  });

  test("is set aside for tools where the settings say that it takes none", async () => {
    const router = started({ ollama: { capabilities: { "llama3.2": { tools: false } } } });
    expect(await ask(router, withTool)).toMatchObject({ served: { provider: "openai" } });
    expect(await ask(w.start(chain), withTool)).toMatchObject({ served: { provider: "ollama" } });
  });

  test("is called where the settings say that it can, whatever is known of its kind", async () => {
    const router = started({ ollama: { capabilities: { "llama3.2": { images: true } } } });
    expect(await ask(router, picture)).toMatchObject({ served: { provider: "ollama" } });
  });

  test("is set aside for a request that is plainly too long; one that may just fit is left to the vendor", async () => {
    const router = started({ ollama: { capabilities: { "llama3.2": { context_window: 1000 } } } });
    expect(await ask(router, long(1_250))).toMatchObject({ served: { provider: "ollama" } });
    expect(await ask(router, long(1_251))).toMatchObject({
      served: { provider: "openai" },
      decision: {
        candidates: expect.arrayContaining([
          expect.objectContaining({
            provider: "ollama",
            excluded: "unable: llama3.2 holds 1000 tokens, the request has about 1251",
          }),
        ]),
      },
    });
  });

  test("by its model's name: the alias may lead to one that can", async () => {
    const file = join(folder, "alias.yaml");
    writeFileSync(file, JSON.stringify({ models: { seeing: { ollama: "llama3.2-vision" } } }));
    const router = w.start({ ...chain, SWITCHYARD_CONFIG: file });
    expect(await ask(router, picture, { model: "seeing" })).toMatchObject({
      served: { provider: "ollama", modelAsked: "seeing" },
    });
    expect(w.vendors.servers.ollama.requests.at(-1)?.body.model).toBe("llama3.2-vision");
  });

  test("is not mirrored to", async () => {
    const shadow = { provider: "ollama", share: 1 };
    const router = w.start({ LLM_PROVIDERS: "openai" }, [], () => 0, { routing: { shadow } });
    for (const request of [picture, text, picture]) await ask(router, request);
    await eventually(async () => expect(w.vendors.hits("ollama")).toBe(1));
    expect(JSON.stringify(w.vendors.servers.ollama.requests)).not.toContain("iVBORw0KGgo");
  });

  test("leaves nobody: an error at once, without a call, that names each and why", async () => {
    const one = w.start({ LLM_PROVIDERS: "ollama" });
    const pinned = { provider: "ollama", strict_provider: true };
    for (const outcome of [await ask(one, picture), await ask(w.start(chain), picture, pinned)]) {
      expect(outcome).toMatchObject({
        type: "rejected",
        error: {
          code: "no_able_model",
          message: "No model that may serve the request is able to: ollama: llama3.2 takes no images.",
          details: { providers: ["ollama"] },
        },
        calls: [],
      });
    }
    const small = started({ ollama: { capabilities: { "llama3.2": { context_window: 100 } } } });
    expect(await ask(small, long(1_000), pinned)).toMatchObject({
      type: "rejected",
      error: { code: "context_length" },
    });
    expect(w.vendors.hits("ollama")).toBe(0);
  });

  test("is told by explain, for the length that it is asked about", async () => {
    const router = started({ ollama: { capabilities: { "llama3.2": { context_window: 1000 } } } });
    const reasonAt = async (inputTokens: number) => {
      const { candidates } = await router.router.explain({ hints: {}, inputTokens });
      return candidates.find(({ provider }) => provider === "ollama")?.reason;
    };
    expect(await reasonAt(1_000)).toBeNull();
    expect(await reasonAt(5_000)).toBe("unable: llama3.2 holds 1000 tokens, the request has about 5000");
  });
});

describe("inabilityOf", () => {
  const needs = fc.record({ images: fc.boolean(), tools: fc.boolean(), inputTokens: fc.nat(10_000_000) });
  const yesOrUnknown = fc.constantFrom(true, null);

  test("holds nothing against a model of which nothing is known, or which can do it", () => {
    fc.assert(
      fc.property(needs, yesOrUnknown, yesOrUnknown, (asked, images, tools) => {
        const contextWindow = fc.sample(fc.constantFrom(null, asked.inputTokens), 1)[0] ?? null;
        expect(inabilityOf("m", { ...unknownCapabilities, images, tools, contextWindow }, asked)).toBeUndefined();
      }),
    );
  });

  test("never holds against it what the request does not need", () => {
    const none = { ...unknownCapabilities, images: false, tools: false, jsonSchema: false, reasoning: false };
    fc.assert(
      fc.property(fc.nat(10_000_000), (inputTokens) => {
        expect(inabilityOf("m", none, { images: false, tools: false, inputTokens })).toBeUndefined();
      }),
    );
  });
});
