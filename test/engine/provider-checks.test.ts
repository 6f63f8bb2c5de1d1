import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import pino from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { JobData } from "../../src/engine/job.ts";
import { ProviderChecks } from "../../src/engine/provider-checks.ts";
import { createProviders } from "../../src/providers/create.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createRouter } from "../../src/router/create.ts";
import { createRoutingStore } from "../../src/router/routing-store.ts";
import { startVendors, type Vendors } from "../router/router-under-test.ts";
import { eventually } from "../support/eventually.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

let server: TestRedis;
let vendors: Vendors;
let prefix = "";
let count = 0;
let closers: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  [server, vendors] = await Promise.all([testRedis(), startVendors()]);
});
afterAll(async () => {
  await vendors.close();
  await server.close();
});
beforeEach(() => {
  vendors.reset();
  prefix = `checks${++count}`;
});
afterEach(async () => {
  for (const closer of closers.reverse()) await closer();
  closers = [];
});

function settingsWith(env: Readonly<Record<string, string>>): Settings {
  const all = { ...vendors.env, LLM_PROVIDERS: "openai,anthropic", REDIS_URL: server.url, SWITCHYARD_PREFIX: prefix };
  return loadSettings({ env: { ...all, ...env }, cwd: "/nonexistent" });
}

/** A worker process's side of it, without BullMQ workers. */
function checksOf(settings: Settings): ProviderChecks {
  const redis: Redis = server.redis.duplicate();
  const providers = createProviders(settings);
  const router = createRouter({
    settings,
    providers,
    redis,
    keys: keysOf(prefix),
    clock: Date.now,
    random: Math.random,
    redisBoundMs: 10_000,
  });
  closers.push(async () => {
    await router.close();
    await Promise.all([...providers.values()].map((provider) => provider.close()));
    redis.disconnect();
  });
  return new ProviderChecks({ router, queue: control() });
}

function control(): Queue<JobData> {
  const queue = new Queue<JobData>("control", { connection: server.redis, prefix: keysOf(prefix).queues });
  closers.push(() => queue.close());
  return queue;
}

async function worker(env: Readonly<Record<string, string>>): Promise<void> {
  const app = await createApp({
    settings: settingsWith(env),
    roles: { worker: true },
    log: pino({ level: "silent" }),
  });
  closers.push(() => app.close());
}

const setByHand = (settings: Settings, every: string | null) =>
  createRoutingStore({ redis: server.redis, keys: keysOf(prefix) }).change(
    { check_every: every },
    { author: "a test", settings },
  );

describe("active checks", () => {
  test("are made once an interval for the whole fleet, however many workers it has", async () => {
    const began = Date.now();
    await Promise.all([worker({ LLM_CHECK_EVERY: "1s" }), worker({ LLM_CHECK_EVERY: "1s" })]);
    const hits = await eventually(() => {
      const found = vendors.hits("openai");
      if (found < 7) throw new Error(`${found} checks`);
      return found;
    });
    // Two of the same interval may fall together when the first one was late; if each worker checked by itself it would be twice as many.
    expect(hits).toBeLessThanOrEqual((Date.now() - began) / 1_000 + 2);
    expect(Math.abs(vendors.hits("anthropic") - vendors.hits("openai"))).toBeLessThanOrEqual(1);
    expect(vendors.hits("ollama")).toBe(0);
    expect(vendors.servers.openai.requests.map(({ path }) => path)).toEqual(
      Array(vendors.hits("openai")).fill("/v1/models"),
    );
  });

  test("are not scheduled where nobody set them", async () => {
    await worker({});
    const schedulers = await control().getJobSchedulers();
    expect(schedulers.map(({ key }) => key)).toEqual(["reconcile"]);
    expect(vendors.hits("openai") + vendors.hits("anthropic")).toBe(0);
  });

  test("are scheduled, rescheduled and ended by what is set at run time", async () => {
    const settings = settingsWith({});
    const [one, other] = [checksOf(settings), checksOf(settings)];
    const queue = control();
    const everyMs = async () => (await queue.getJobScheduler("checks"))?.every;
    await one.schedule();
    expect(await everyMs()).toBeUndefined();
    await setByHand(settings, "30s");
    await one.schedule();
    expect(await everyMs()).toBe(30_000);
    await setByHand(settings, "1h");
    await Promise.all([one.schedule(), other.schedule()]);
    expect(await everyMs()).toBe(3_600_000);
    expect(await queue.getJobSchedulersCount()).toBe(1);
    await setByHand(settings, "off");
    await other.schedule();
    expect(await everyMs()).toBeUndefined();
    expect(await queue.getDelayedCount()).toBe(0);
  });

  test("end at the next one, while workers run, when they are switched off", async () => {
    const queue = control();
    await worker({ LLM_CHECK_EVERY: "1s" });
    await eventually(() => expect(vendors.hits("openai")).toBeGreaterThan(1));
    await setByHand(settingsWith({}), "off");
    await eventually(async () => expect(await queue.getJobSchedulersCount()).toBe(1));
    const isCheck = (name: string) => name === "checks";
    const left = await queue.getJobs(["waiting", "delayed"]);
    expect(left.map(({ name }) => name).filter(isCheck)).toEqual([]);
  });

  test("an unchanged schedule is left as it is: workers that start do not put the next check off", async () => {
    const settings = settingsWith({ LLM_CHECK_EVERY: "1h" });
    const queue = control();
    await checksOf(settings).schedule();
    const before = await queue.getJobScheduler("checks");
    await checksOf(settings).schedule();
    expect(await queue.getJobScheduler("checks")).toEqual(before);
  });

  test("one that comes after they were switched off asks nobody", async () => {
    const settings = settingsWith({ LLM_CHECK_EVERY: "1h" });
    const checks = checksOf(settings);
    await checks.run();
    expect(vendors.hits("openai")).toBe(1);
    await setByHand(settings, "off");
    await checks.run();
    expect(vendors.hits("openai")).toBe(1);
  });
});
