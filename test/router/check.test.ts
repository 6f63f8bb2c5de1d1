import { describe, expect, test } from "vitest";
import { keysOf } from "../../src/redis/keys.ts";
import type { Router } from "../../src/router/router.ts";
import { eventually } from "../support/eventually.ts";
import type { Vendor } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();
const two = { LLM_PROVIDERS: "openai,anthropic" };

/** Requests to a vendor: those of checks ask for the list of models, the others are calls. */
function asked(vendor: Vendor) {
  const paths = w.vendors.servers[vendor].requests.map(({ path }) => path);
  const checks = paths.filter((path) => /\/(models|tags)\b/.test(path)).length;
  return { checks, calls: paths.length - checks };
}

async function stateOf(router: Router, provider: string): Promise<string | undefined> {
  const { candidates } = await router.explain({ hints: {} });
  return candidates.find((candidate) => candidate.provider === provider)?.state;
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let i = 0; i < times; i++) results.push(await work());
  return results;
}

describe("a check", () => {
  test("that fails counts as one failed call: five of them open the breaker, and no request had to try", async () => {
    w.vendors.fail("openai", 503);
    const { router, ask } = w.start(two);
    expect(await repeat(4, () => router.check("openai"))).toEqual(["down", "down", "down", "down"]);
    expect(await stateOf(router, "openai")).toBe("closed");
    expect(await router.check("openai")).toBe("down");
    expect(await stateOf(router, "openai")).toBe("open");
    expect(await ask()).toMatchObject({ served: { provider: "anthropic" } });
    expect(asked("openai")).toEqual({ checks: 5, calls: 0 });
  });

  test("counts together with calls, for every process of the fleet", async () => {
    w.vendors.fail("openai", 500);
    const [one, other] = [w.start(two), w.start(two)];
    await repeat(3, () => one.router.check("openai"));
    await repeat(2, () => other.ask());
    expect(await stateOf(one.router, "openai")).toBe("open");
  });

  test("that succeeds counts as an answered call: an outage is more than half", async () => {
    const { router } = w.start(two);
    expect(await repeat(6, () => router.check("openai"))).toEqual(Array(6).fill("up"));
    w.vendors.fail("openai", 500);
    await repeat(6, () => router.check("openai"));
    expect(await stateOf(router, "openai")).toBe("closed");
    await router.check("openai");
    expect(await stateOf(router, "openai")).toBe("open");
  });

  test("closes the breaker of a provider that is back, with no request made", async () => {
    w.vendors.fail("openai", 500);
    const { router, ask } = w.start(two);
    await repeat(5, () => router.check("openai"));
    w.vendors.up("openai");
    expect(await router.check("openai")).toBe("skipped");
    w.clock.advance(6_000);
    expect(await stateOf(router, "openai")).toBe("half_open");
    expect(await router.check("openai")).toBe("up");
    expect(await stateOf(router, "openai")).toBe("ramping");
    expect(asked("openai")).toEqual({ checks: 6, calls: 0 });
    w.clock.advance(30_000);
    expect(await ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("that fails as a probe opens the breaker for longer", async () => {
    w.vendors.fail("openai", 500);
    const { router } = w.start(two);
    await repeat(5, () => router.check("openai"));
    w.clock.advance(6_000);
    expect(await router.check("openai")).toBe("down");
    w.clock.advance(6_000);
    expect(await stateOf(router, "openai")).toBe("open");
    w.clock.advance(6_000);
    expect(await stateOf(router, "openai")).toBe("half_open");
  });

  test("leaves a target alone that another process probes", async () => {
    w.vendors.fail("openai", 500);
    const [one, other] = [w.start(two), w.start(two)];
    await repeat(5, () => one.router.check("openai"));
    w.clock.advance(6_000);
    let release = () => {};
    w.vendors.servers.openai.respond((response) => {
      release = () => response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    const probing = one.router.check("openai");
    await eventually(() => expect(asked("openai").checks).toBe(6));
    expect(await other.router.check("openai")).toBe("skipped");
    release();
    expect(await probing).toBe("up");
    expect(asked("openai").checks).toBe(6);
  });

  test("that is refused takes out the key it was made with, and does not ask with it again", async () => {
    w.vendors.fail("openai", 401);
    const { router, ask } = w.start(two);
    expect(await router.check("openai")).toBe("down");
    expect(await stateOf(router, "openai")).toBe("out");
    expect(await router.check("openai")).toBe("skipped");
    expect(await ask()).toMatchObject({ served: { provider: "anthropic" } });
    expect(asked("openai")).toEqual({ checks: 1, calls: 0 });
  });

  test("that meets a rate limit leaves the provider alone for as long as it says", async () => {
    w.vendors.fail("openai", 429, { "retry-after": "20" });
    const { router } = w.start(two);
    expect(await router.check("openai")).toBe("down");
    w.clock.advance(19_000);
    expect(await router.check("openai")).toBe("skipped");
    w.clock.advance(2_000);
    w.vendors.up("openai");
    expect(await router.check("openai")).toBe("up");
  });

  test("that finds no list of models says nothing about them", async () => {
    w.vendors.fail("openai", 404);
    const { router, ask } = w.start(two);
    expect(await repeat(6, () => router.check("openai"))).toEqual(Array(6).fill("skipped"));
    w.vendors.up("openai");
    expect(await ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("that is not answered ends as a failed one", async () => {
    w.vendors.servers.openai.respond(() => undefined);
    expect(await w.start(two).router.check("openai")).toBe("down");
  });

  test("ends with its router, and then says nothing", async () => {
    w.vendors.servers.openai.respond(() => undefined);
    const { router } = w.start(two);
    const checking = router.check("openai");
    await eventually(() => expect(asked("openai").checks).toBe(1));
    await router.close();
    expect(await checking).toBe("skipped");
  });

  test("is not made of who is disabled, drained, unknown, or has nothing to ask", async () => {
    const { router } = w.start({ LLM_PROVIDERS: "openai,anthropic,bedrock", BEDROCK_REGION: "eu-central-1" });
    const routing = keysOf(w.prefix).router("routing");
    await w.redis.redis.hset(routing, { version: 1, overrides: JSON.stringify({ drained: ["anthropic"] }) });
    const names = ["ollama", "anthropic", "nobody", "bedrock"];
    expect(await Promise.all(names.map((name) => router.check(name)))).toEqual(Array(4).fill("skipped"));
    expect(w.vendors.hits("ollama") + w.vendors.hits("anthropic")).toBe(0);
  });
});
