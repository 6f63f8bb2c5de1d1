import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type TestRedis, testRedis } from "../support/redis.ts";
import {
  type RouterParts,
  type RouterUnderTest,
  routerUnderTest,
  sleepOn,
  startVendors,
  type Vendors,
  type VirtualClock,
  virtualClock,
} from "./router-under-test.ts";

/** What a test file about routers works with: a Redis, three vendors, and for each test a fresh clock and prefix. */
export interface Wired {
  readonly redis: TestRedis;
  readonly vendors: Vendors;
  readonly clock: VirtualClock;
  readonly prefix: string;
  /**
   * A router with a connection of its own. failover: openai, anthropic, ollama, unless the variables or `parts` say otherwise.
   * @param without beginnings of variables to leave out
   */
  start(
    env?: Readonly<Record<string, string>>,
    without?: readonly string[],
    random?: () => number,
    parts?: RouterParts,
  ): RouterUnderTest;
}

/** Registers the file's hooks. The members are there once a test runs. */
export function wired(): Wired {
  let redis: TestRedis;
  let vendors: Vendors;
  let clock: VirtualClock;
  let count = 0;
  let open: RouterUnderTest[] = [];
  const connections: Redis[] = [];
  beforeAll(async () => {
    [redis, vendors] = await Promise.all([testRedis(), startVendors()]);
  });
  afterAll(async () => {
    await vendors.close();
    await redis.close();
  });
  beforeEach(() => {
    vendors.reset();
    clock = virtualClock();
    count++;
  });
  afterEach(async () => {
    await Promise.all(open.map((router) => router.close()));
    open = [];
    for (const connection of connections.splice(0)) connection.disconnect();
  });
  return {
    get redis() {
      return redis;
    },
    get vendors() {
      return vendors;
    },
    get clock() {
      return clock;
    },
    get prefix() {
      return `router${count}`;
    },
    start(env = {}, without = [], random = () => 0.5, more = {}) {
      const all = {
        ...vendors.env,
        LLM_ROUTING_STRATEGY: "failover",
        LLM_PROVIDERS: "openai,anthropic,ollama",
        ...env,
      };
      const isKept = (name: string) => !without.some((part) => name.startsWith(part));
      const kept = Object.fromEntries(Object.entries(all).filter(([name]) => isKept(name)));
      const connection = redis.redis.duplicate();
      connections.push(connection);
      const parts = { redis: connection, prefix: this.prefix, clock, sleep: sleepOn(clock), random };
      const made = routerUnderTest(kept, { ...parts, ...more });
      open.push(made);
      return made;
    },
  };
}
