import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../src/redis/connection.ts";
import { type EmbeddedRedis, startEmbedded } from "../../src/redis/embedded.ts";
import { eventually } from "../support/eventually.ts";
import {
  type RouterParts,
  type RouterUnderTest,
  routerUnderTest,
  startVendors,
  type Vendors,
  virtualClock,
} from "./router-under-test.ts";
import { type SlowLine, slowLine } from "./slow-line.ts";
import { standingTimers } from "./standing-timers.ts";

/** How long one answer of Redis is waited for. */
const boundMs = 100;
/** A Redis that goes and comes back, and routers on the real clock, with the connections that processes have. */
let vendors: Vendors;
let directory: string;
let server: EmbeddedRedis;
let line: SlowLine;
const closing: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  vendors = await startVendors();
});
afterAll(() => vendors.close());
beforeEach(async () => {
  vendors.reset();
  directory = mkdtempSync(join(tmpdir(), "switchyard-away-"));
  server = await startEmbedded({ directory });
  line = await slowLine(server.port);
});
afterEach(async () => {
  resume();
  await Promise.all(closing.splice(0).map((close) => close()));
  await line.close();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(url: string, parts: RouterParts = {}): Promise<RouterUnderTest> {
  const redis = connect(url, "impatient", () => undefined);
  await redis.connect();
  const env = { ...vendors.env, LLM_ROUTING_STRATEGY: "failover", LLM_PROVIDERS: "openai,anthropic" };
  const router = routerUnderTest(env, { redis, prefix: "away", redisBoundMs: boundMs, ...parts });
  closing.push(async () => {
    await router.close();
    redis.disconnect();
  });
  return router;
}
const pause = () => process.kill(server.pid, "SIGSTOP");
const resume = () => process.kill(server.pid, "SIGCONT");

/** Asks `count` times, one after the other. @returns how many were decided without Redis */
async function flow(router: RouterUnderTest, count: number): Promise<number> {
  let degraded = 0;
  for (let i = 0; i < count; i++) {
    const outcome = await router.ask();
    expect(outcome.type).toBe("answered");
    if (outcome.decision?.degraded) degraded++;
  }
  return degraded;
}

/** Everybody decides with Redis again, and the same. */
async function agree(routers: readonly RouterUnderTest[], provider: string): Promise<void> {
  await eventually(async () => {
    for (const router of routers) {
      const outcome = await router.ask();
      expect(outcome).toMatchObject({ type: "answered", served: { provider } });
      expect(outcome.decision?.degraded).toBeUndefined();
    }
  });
}

describe("requests flow while Redis", () => {
  test("is paused: on what was last known, with limits and breakers of the process's own; what happened meanwhile is known to all after", async () => {
    const routing = { limits: { openai: { requests_per_minute: 1_000 } }, affinity: "run" as const };
    const [one, other] = [await start(server.url, { routing }), await start(server.url, { routing })];
    expect(await flow(one, 3)).toBe(0);
    pause();
    expect(await flow(one, 40)).toBe(40);
    vendors.fail("openai", 429, { "retry-after": "3600" });
    expect(await one.ask()).toMatchObject({ served: { provider: "anthropic" }, calls: [{}, {}] });
    vendors.up("openai");
    expect((await one.ask()).decision?.reason).toContain("openai is rate limited");
    resume();
    // The other one was told nothing by anybody but Redis.
    await agree([one, other], "anthropic");
    expect(vendors.hits("openai")).toBe(44);
  });

  test("is paused: one waits once, and nobody after it before it is worth a try again", async () => {
    const clock = virtualClock();
    const router = await start(server.url, { clock });
    await router.ask();
    pause();
    const timers = standingTimers();
    for (let i = 0; i < 2; i++) {
      const waited = await timers.afterOneWait(() => router.ask(), boundMs);
      expect(waited).toMatchObject({ type: "answered", decision: { degraded: true } });
      // No timer ends any more: one more wait would be for ever.
      vendors.fail("openai", 429, { "retry-after": "1" });
      expect(await router.ask()).toMatchObject({ served: { provider: "anthropic" }, calls: [{}, {}] });
      vendors.up("openai");
      expect(await flow(router, 100)).toBe(100);
      clock.advance(1_000);
    }
  });

  test("is stopped and started again empty: everybody agrees with it again, whatever was learned meanwhile", async () => {
    const [one, other] = [await start(server.url), await start(server.url)];
    await flow(one, 2);
    const { port } = server;
    process.kill(server.pid, "SIGKILL");
    await eventually(async () => expect(await flow(one, 1)).toBe(1));
    vendors.fail("openai", 500);
    for (let i = 0; i < 6; i++) expect(await one.ask()).toMatchObject({ served: { provider: "anthropic" } });
    vendors.up("openai");
    expect((await one.ask()).decision?.reason).toContain("openai is open");
    expect(await flow(one, 50)).toBe(50);
    rmSync(directory, { recursive: true, force: true });
    server = await startEmbedded({ directory, port });
    await agree([one, other], "openai");
  });

  test("is slow: on what was last known, but what they learn reaches it", async () => {
    const [slow, other] = [await start(line.url), await start(server.url)];
    await flow(slow, 2);
    line.delay(400);
    expect(await flow(slow, 30)).toBe(30);
    vendors.fail("openai", 429, { "retry-after": "3600" });
    expect(await slow.ask()).toMatchObject({ served: { provider: "anthropic" } });
    vendors.up("openai");
    await agree([other], "anthropic");
    line.delay(0);
    await agree([slow, other], "anthropic");
  });

  test("goes in the middle of a request: the answer comes, and the routing that was set stays in force", async () => {
    const router = await start(server.url);
    const other = connect(server.url, "patient", () => undefined);
    closing.push(() => other.disconnect());
    await other.hset("away:{router}:routing", { version: 7, overrides: JSON.stringify({ default: "anthropic" }) });
    expect(await router.ask()).toMatchObject({ served: { provider: "anthropic" }, decision: { routingVersion: 7 } });
    const held = vendors.hold("anthropic");
    const asked = router.ask();
    await eventually(() => expect(held.waiting).toBe(1));
    pause();
    held.release();
    expect(await asked).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    vendors.up("anthropic");
    const next = await router.ask();
    expect(next).toMatchObject({ served: { provider: "anthropic" }, decision: { routingVersion: 7, degraded: true } });
  });
});
