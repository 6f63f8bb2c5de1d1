import { describe, expect, test } from "vitest";
import { keysOf } from "../../src/redis/keys.ts";
import { createShadowStore } from "../../src/router/shadow-store.ts";
import { eventually } from "../support/eventually.ts";
import type { RouterParts } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();
const two = { LLM_PROVIDERS: "openai,anthropic" };

/** A router that mirrors to ollama, which is not enabled. */
const mirroring = (share = 1, more: RouterParts = {}) =>
  w.start(two, [], undefined, { ...more, routing: { shadow: { provider: "ollama", share }, ...more.routing } });
const compared = () => createShadowStore(w.redis.redis, keysOf(w.prefix)).list();

describe("a shadow", () => {
  test("gets the request too; its answer is compared and given to nobody", async () => {
    const outcome = await mirroring().ask();
    expect(outcome).toMatchObject({ answer: { text: "openai answers" }, served: { provider: "openai" } });
    expect(outcome.calls.map(({ provider }) => provider)).toEqual(["openai"]);
    await eventually(async () =>
      expect(await compared()).toMatchObject([
        {
          shadow: "ollama/llama3.2",
          answered: "openai/gpt-4.1-mini",
          requests: 1,
          failed: 0,
          durationMs: { shadow: 0, answered: 0 },
          costUsd: { shadow: 0 },
          length: { shadow: "ollama answers".length, answered: "openai answers".length },
        },
      ]),
    );
    const [mirrored] = w.vendors.servers.ollama.requests;
    expect(mirrored?.body.messages).toEqual(w.vendors.servers.openai.requests[0]?.body.messages);
    expect(mirrored?.headers["idempotency-key"]).toBe("request-1-shadow");
  });

  test("is compared with whom it stood beside, over all routers of the fleet", async () => {
    const [one, other] = [mirroring(), mirroring()];
    for (let i = 0; i < 3; i++) await one.ask();
    await other.ask({ provider: "anthropic" });
    await eventually(async () =>
      expect((await compared()).map(({ answered, requests }) => [answered, requests])).toEqual([
        ["anthropic/claude-sonnet-4-6", 1],
        ["openai/gpt-4.1-mini", 3],
      ]),
    );
  });

  test("that hangs delays nobody, and ends when the router closes", async () => {
    const hung = w.vendors.hold("ollama");
    const router = mirroring();
    expect(await router.ask()).toMatchObject({ type: "answered" });
    await eventually(() => expect(hung.waiting).toBe(1));
    await router.close();
    await eventually(() => expect(hung.closed).toBe(1));
  });

  test("that fails fails nothing; its breaker knows it, and it is left alone once that is open", async () => {
    w.vendors.fail("ollama", 500);
    const router = mirroring();
    for (let i = 1; i <= 5; i++) {
      expect(await router.ask()).toMatchObject({ type: "answered", calls: [{ provider: "openai" }] });
      await eventually(async () => expect(await compared()).toMatchObject([{ requests: i, failed: i, length: null }]));
    }
    for (let i = 0; i < 5; i++) await router.ask();
    // The mirrored call looks at the fleet before it is made: the router's own next look comes after.
    await router.ask();
    expect(w.vendors.hits("ollama")).toBe(5);
    expect(await compared()).toMatchObject([{ requests: 5, failed: 5 }]);
  });

  test("gets its share of the requests", async () => {
    const drawn = [0.1, 0.25, 0.3, 0.9];
    let at = 0;
    const router = w.start(two, [], () => drawn[at % drawn.length] ?? 0, {
      routing: { shadow: { provider: "ollama", share: 0.3 } },
    });
    for (; at < 8; at++) await router.ask();
    await eventually(async () => expect(await compared()).toMatchObject([{ requests: 4 }]));
    expect(w.vendors.hits("ollama")).toBe(4);
  });

  test("hears nothing of a request that says where it may go", async () => {
    const router = mirroring();
    await router.ask({ provider: "openai", strict_provider: true });
    await router.ask({ allow: ["openai", "anthropic"] });
    // The one that it may hear comes last: what was mirrored before it would be there by then.
    await router.ask({ allow: ["openai", "ollama"] });
    await eventually(async () => expect(await compared()).toMatchObject([{ requests: 1 }]));
    expect(w.vendors.hits("ollama")).toBe(1);
  });

  test("that is the one to answer, or comes to be it, stands beside nobody", async () => {
    const itself = mirroring(1, { routing: { shadow: { provider: "openai", share: 1 } } });
    await itself.ask();
    expect(w.vendors.hits("openai")).toBe(1);
    w.vendors.fail("openai", 500);
    const next = mirroring(1, { routing: { shadow: { provider: "anthropic", share: 1 } } });
    expect(await next.ask()).toMatchObject({ served: { provider: "anthropic" } });
    await eventually(() => expect(w.vendors.hits("anthropic")).toBe(2));
    w.vendors.up("openai");
    await next.ask();
    await eventually(async () =>
      expect((await compared()).map(({ shadow, answered }) => [shadow, answered])).toEqual([
        ["anthropic/claude-sonnet-4-6", "openai/gpt-4.1-mini"],
      ]),
    );
  });

  test("asks another model of the same provider, if that is what is compared", async () => {
    const shadow = { provider: "openai", model: "gpt-5.2", share: 1 };
    await mirroring(1, { routing: { shadow } }).ask();
    await eventually(() => expect(w.vendors.hits("openai")).toBe(2));
    expect(w.vendors.servers.openai.requests.map(({ body }) => body.model).sort()).toEqual(["gpt-4.1-mini", "gpt-5.2"]);
  });

  test("stays within the limits of its provider, and takes its place in them", async () => {
    const limits = { ollama: { requests_per_minute: 2 } };
    const router = mirroring(1, { routing: { shadow: { provider: "ollama", share: 1 }, limits } });
    for (let i = 1; i <= 2; i++) {
      await router.ask();
      await eventually(async () => expect(await compared()).toMatchObject([{ requests: i }]));
    }
    for (let i = 0; i < 4; i++) expect(await router.ask()).toMatchObject({ type: "answered" });
    w.clock.advance(60_000);
    await router.ask();
    await eventually(async () => expect(await compared()).toMatchObject([{ requests: 3 }]));
    expect(w.vendors.hits("ollama")).toBe(3);
  });

  test("is left alone while it is rate limited or drained, and of a request that failed nothing is compared", async () => {
    w.vendors.fail("ollama", 429, { "retry-after": "60" });
    const router = mirroring();
    await router.ask();
    await eventually(async () => expect(await compared()).toMatchObject([{ requests: 1, failed: 1 }]));
    w.vendors.up("ollama");
    await router.ask();
    const drained = mirroring(1, { routing: { shadow: { provider: "ollama", share: 1 }, drained: ["ollama"] } });
    await drained.ask();
    w.clock.advance(60_000);
    w.vendors.fail("openai", 400);
    expect((await router.ask()).type).toBe("rejected");
    await eventually(() => expect(w.vendors.hits("ollama")).toBe(2));
    w.vendors.up("openai");
    await router.ask();
    await eventually(async () => expect(await compared()).toMatchObject([{ requests: 2, failed: 1 }]));
    expect(w.vendors.hits("ollama")).toBe(3);
  });
});
