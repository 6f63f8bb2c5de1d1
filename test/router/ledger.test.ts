import { join } from "node:path";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CallRecord } from "../../src/core/call.ts";
import { connect } from "../../src/redis/connection.ts";
import { type EmbeddedRedis, startEmbedded } from "../../src/redis/embedded.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createLedger, dayOf, type Ledger } from "../../src/router/ledger.ts";
import { eventually } from "../support/eventually.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

const now = Date.parse("2026-11-22T23:59:59Z");
const day = "2026-11-22";
const usage = { inputTokens: 100, outputTokens: 20, cachedInputTokens: 10, reasoningTokens: 5 };
const answered: CallRecord = {
  provider: "openai",
  model: "gpt-4.1-mini",
  key: "key-1",
  ok: true,
  startedAt: now,
  durationMs: 5,
  usage,
  costUsd: 0.000_072,
};
const failed: CallRecord = {
  provider: "openai",
  model: "gpt-4.1-mini",
  key: "key-1",
  ok: false,
  startedAt: now,
  durationMs: 5,
  failure: { class: "server", status: 500, message: "no" },
  costUsd: null,
};

let redis: TestRedis;
let time = now;
let count = 0;
const open: Redis[] = [];
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(() => redis.close());
beforeEach(() => {
  time = now;
  count++;
});
afterEach(() => {
  for (const connection of open.splice(0)) connection.disconnect();
});

/** A ledger of a process of its own. */
async function ledgerAt(url = redis.url): Promise<Ledger> {
  const connection = connect(url, "impatient", () => undefined);
  open.push(connection);
  await connection.connect();
  return createLedger(connection, keysOf(`ledger${count}`), () => time);
}

const booked = (ledger: Ledger, calls: number) =>
  eventually(async () => {
    const rows = await ledger.read(day, day);
    expect(rows.reduce((sum, row) => sum + row.use.calls, 0)).toBe(calls);
    return rows;
  });

describe("the ledger", () => {
  test("sums calls by day, provider, model, key and workflow", async () => {
    const ledger = await ledgerAt();
    for (const call of [answered, answered, failed]) ledger.add(call, "report");
    ledger.add({ ...answered, key: undefined }, null);
    const rows = await booked(ledger, 4);
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual({
      day,
      provider: "openai",
      model: "gpt-4.1-mini",
      key: "key-1",
      workflow: "report",
      tenant: "default",
      use: {
        calls: 3,
        failed: 1,
        inputTokens: 200,
        outputTokens: 40,
        cachedInputTokens: 20,
        reasoningTokens: 10,
        costUsd: 0.000_144,
        unpriced: 0,
      },
    });
    expect(rows.find(({ workflow }) => workflow === null)).toMatchObject({ key: "", use: { calls: 1 } });
  });

  test("an unknown price is null and counted as such, never 0; a price of 0 is 0", async () => {
    const ledger = await ledgerAt();
    ledger.add({ ...answered, model: "unheard-of", costUsd: null }, null);
    ledger.add({ ...answered, provider: "ollama", costUsd: 0 }, null);
    ledger.add({ ...failed, model: "only-failed" }, null);
    const rows = await booked(ledger, 3);
    const of = (name: string) => rows.find(({ model, provider }) => model === name || provider === name)?.use;
    expect(of("unheard-of")).toMatchObject({ costUsd: null, unpriced: 1 });
    expect(of("ollama")).toMatchObject({ costUsd: 0, unpriced: 0 });
    expect(of("only-failed")).toMatchObject({ costUsd: null, unpriced: 0, failed: 1 });
  });

  test("a sum of some known prices tells how many are missing", async () => {
    const ledger = await ledgerAt();
    ledger.add(answered, null);
    ledger.add({ ...answered, costUsd: null }, null);
    expect((await booked(ledger, 2))[0]?.use).toMatchObject({ costUsd: 0.000_072, unpriced: 1 });
  });

  test("adds up what two processes book at the same time", async () => {
    const [a, b] = await Promise.all([ledgerAt(), ledgerAt()]);
    for (let i = 0; i < 200; i++) (i % 2 === 0 ? a : b).add(answered, `workflow-${i % 3}`);
    const rows = await booked(b, 200);
    expect(rows.map(({ use }) => use.calls).sort()).toEqual([66, 67, 67]);
    expect(rows.reduce((sum, { use }) => sum + (use.costUsd ?? 0), 0)).toBeCloseTo(200 * 0.000_072, 9);
    expect(await a.read(day, day)).toEqual(rows);
  });

  test("books by the day on which a call ended, and reads any span of days", async () => {
    const ledger = await ledgerAt();
    ledger.add(answered, null);
    time += 1_000;
    ledger.add(answered, null);
    const next = dayOf(time);
    expect(next).toBe("2026-11-23");
    await eventually(async () => expect(await ledger.read(day, next)).toHaveLength(2));
    expect((await ledger.read(next, next)).map((row) => row.day)).toEqual([next]);
    expect(await ledger.read("2026-11-24", "2026-12-24")).toEqual([]);
  });

  test("forgets a day after 400 days", async () => {
    const ledger = await ledgerAt();
    ledger.add(answered, null);
    await booked(ledger, 1);
    const keys = await redis.redis.keys(`ledger${count}:*`);
    const [key = ""] = keys.filter((name) => name.includes(day));
    expect(Math.round((await redis.redis.ttl(key)) / 86_400)).toBe(400);
  });

  test("close writes what was booked last", async () => {
    const ledger = await ledgerAt();
    for (let i = 0; i < 11; i++) ledger.add(answered, null);
    await ledger.close();
    open[0]?.disconnect();
    const reader = await ledgerAt();
    expect((await reader.read(day, day))[0]?.use.calls).toBe(11);
  });
});

describe("the ledger while Redis is away", () => {
  test("keeps the sums and writes them once Redis is back, each once", async () => {
    const directory = join(redis.directory, "another");
    let server: EmbeddedRedis = await startEmbedded({ directory });
    try {
      const ledger = await ledgerAt(server.url);
      ledger.add(answered, null);
      await booked(ledger, 1);
      process.kill(server.pid, "SIGKILL");
      await server.close();
      await eventually(() => expect(open[0]?.status).not.toBe("ready"));
      for (let i = 0; i < 20; i++) ledger.add(answered, null);
      server = await startEmbedded({ directory, port: server.port });
      const [row] = await booked(ledger, 21);
      expect(row?.use).toMatchObject({ inputTokens: 2_100, outputTokens: 420 });
      expect(row?.use.costUsd).toBeCloseTo(21 * 0.000_072, 9);
    } finally {
      await server.close();
    }
  });

  test("counts a call once where Redis was only slow: what had no answer in time is sent again and recognised", async () => {
    const ledger = await ledgerAt();
    ledger.add(answered, null);
    await booked(ledger, 1);
    process.kill(redis.pid, "SIGSTOP");
    try {
      ledger.add(answered, null);
      // Longer than a command may take, and than the wait before it is sent again.
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      ledger.add(answered, null);
    } finally {
      process.kill(redis.pid, "SIGCONT");
    }
    const [row] = await booked(ledger, 3);
    await ledger.close();
    expect((await ledger.read(day, day))[0]?.use.calls).toBe(3);
    expect(row?.use.inputTokens).toBe(300);
  });
});
