import { describe, expect, test } from "vitest";
import { connect } from "../../src/redis/connection.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { loadScript } from "../../src/redis/script.ts";
import { createRoutingStore } from "../../src/router/routing-store.ts";
import { eventually } from "../support/eventually.ts";
import { startReplyThief } from "../support/reply-thief.ts";
import type { RouterUnderTest } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();

/** The store of the test's fleet, on its clock. */
const open = () => createRoutingStore({ redis: w.redis.redis, keys: keysOf(w.prefix), clock: w.clock });

/** Who serves the next request of each router. */
async function served(...routers: readonly RouterUnderTest[]): Promise<readonly string[]> {
  const outcomes = await Promise.all(routers.map((router) => router.ask()));
  return outcomes.map((outcome) => (outcome.type === "answered" ? outcome.served.provider : outcome.type));
}

describe("a change of the routing", () => {
  test("is seen by two router processes with their next decision, and its rollback, too", async () => {
    const [one, other] = [w.start(), w.start()];
    const by = { author: "ada", settings: one.settings };
    const store = open();
    expect(await served(one, other)).toEqual(["openai", "openai"]);
    await store.change({ default: "anthropic" }, by);
    expect(await served(one, other)).toEqual(["anthropic", "anthropic"]);
    await store.change({ default: "ollama" }, by);
    expect(await served(other, one)).toEqual(["ollama", "ollama"]);
    await store.rollback(1, by);
    expect(await served(one, other)).toEqual(["anthropic", "anthropic"]);
  });

  test("survives a restart of everything but Redis, and wins over the variables", async () => {
    const before = w.start();
    await open().change({ default: "ollama", strategy: "failover" }, { author: "ada", settings: before.settings });
    await before.close();
    const after = w.start({ DEFAULT_LLM_PROVIDER: "anthropic", LLM_ROUTING_STRATEGY: "round_robin" });
    expect(await served(after)).toEqual(["ollama"]);
    await open().change({ default: null, strategy: null }, { author: "ada", settings: after.settings });
    expect((await after.ask()).decision?.strategy).toBe("round_robin");
  });

  test("that drains a provider leaves it out, and undrained it takes its share gradually", async () => {
    const [one, other] = [w.start({}, [], () => 0.5), w.start({}, [], () => 0.5)];
    const by = { author: "ada", settings: one.settings };
    await open().change({ drained: ["openai"] }, by);
    expect(await served(one, other)).toEqual(["anthropic", "anthropic"]);
    await open().change({ drained: null }, by);
    // The draw is 0.5 each time: below it, the share leaves the provider behind the others.
    w.clock.advance(14_000);
    expect(await served(one, other)).toEqual(["anthropic", "anthropic"]);
    w.clock.advance(2_000);
    expect(await served(one, other)).toEqual(["openai", "openai"]);
  });

  test("whose answer was lost, and which is sent again by the connection, is made once", async () => {
    const thief = await startReplyThief(w.redis.port);
    const connection = connect(thief.url, "patient", () => undefined);
    try {
      const store = createRoutingStore({ redis: connection, keys: keysOf(w.prefix) });
      const by = { author: "ada", settings: w.start().settings };
      await store.change({ strategy: "weighted" }, by);
      const { lua } = loadScript("configure", new URL("../../src/router/lua/configure.lua", import.meta.url));
      thief.steal(lua);
      // The first script of a change only reads; the one that stores may be robbed as well.
      const changed = store.change({ strategy: "round_robin" }, by);
      await eventually(() => expect(thief.stolen()).toBe(1));
      expect(await changed).toMatchObject({ version: 2, changed: true });
      const text = "robbed twice";
      thief.steal(text);
      const again = store.change({ strategy: "failover" }, { ...by, note: text });
      await eventually(() => expect(thief.stolen()).toBe(2));
      expect(await again).toMatchObject({ version: 3, note: text, changed: true });
      expect((await store.history()).map(({ version }) => version)).toEqual([3, 2, 1]);
    } finally {
      connection.disconnect();
      await thief.close();
    }
  });
});
