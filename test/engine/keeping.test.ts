import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunSummary } from "../../src/core/run.ts";
import { removeEnded } from "../../src/engine/removal.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

const quick = `name: quick
steps:
  - id: one
    transform: { expression: "1" }
`;
const mapped = `name: mapped
steps:
  - id: all
    map: { over: input.list, steps: [{ id: one, transform: { expression: "1" } }] }
`;

let running: RunningApp;
let redis: Redis;
const keys = keysOf("switchyard");

beforeAll(async () => {
  running = await startApp();
  redis = new Redis(running.redis.url);
  await running.client.store(quick);
});
afterAll(async () => {
  redis.disconnect();
  await running.close();
});

interface Answer {
  readonly runs: readonly RunSummary[];
  readonly next: string | null;
  readonly results: readonly { readonly status: number; readonly run: RunSummary }[];
}

const told = async (answer: Promise<Response>) => (await (await answer).json()) as Answer;
const get = (path: string) => told(fetch(`${running.url}${path}`));
const batch = async (count: number, more: Record<string, string> = {}) => {
  const lines = Array.from({ length: count }, () => JSON.stringify({ workflow: "quick" }));
  return told(
    fetch(`${running.url}/v1/runs/batch`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", ...more },
      body: lines.join("\n"),
    }),
  );
};

describe("many runs", () => {
  test("are submitted in order, each accepted or refused by itself; the same key makes none twice", async () => {
    const send = () =>
      told(
        fetch(`${running.url}/v1/runs/batch`, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": "once" },
          body: JSON.stringify([
            { workflow: "quick" },
            { workflow: "quik" },
            7,
            { workflow: "quick", idempotencyKey: "mine" },
          ]),
        }),
      );
    const first = await send();
    expect(first.results.map(({ status }) => status)).toEqual([202, 404, 400, 202]);
    expect(first).toMatchObject({ accepted: 2, refused: 2 });
    const again = await send();
    expect(again.results.map(({ status }) => status)).toEqual([200, 404, 400, 200]);
    expect(again.results[0]?.run.id).toBe(first.results[0]?.run.id);
  });

  test("are paged without repetition while new ones arrive and others are deleted", async () => {
    const { results } = await batch(25);
    const wanted = results.map(({ run }) => run.id).reverse();
    const seen: string[] = [];
    let next: string | null = null;
    await eventually(async () => expect((await get("/v1/runs?status=queued,running")).runs).toEqual([]));
    do {
      const page: Answer = await get(`/v1/runs?workflow=quick&limit=10${next ? `&before=${next}` : ""}`);
      seen.push(...page.runs.map(({ id }) => id));
      next = page.next;
      await batch(3);
      // The run that the next page begins behind.
      if (seen.length === 10) await eventually(() => running.app.engine.remove(seen[9] ?? ""));
    } while (next !== null);
    expect(seen.slice(0, 25)).toEqual(wanted);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("are found by status, version, time and workflow", async () => {
    await eventually(async () => expect((await get("/v1/runs?status=queued,running")).runs).toEqual([]));
    const { runs } = await get("/v1/runs?status=succeeded,failed&workflow=quick&version=1&limit=500");
    expect(runs.length).toBeGreaterThan(25);
    const [newest] = runs;
    expect((await get(`/v1/runs?created_after=${(newest?.createdAt ?? 0) + 1}`)).runs).toEqual([]);
    const before = await get(`/v1/runs?created_before=${newest?.createdAt}&limit=500`);
    expect(before.runs.some(({ id }) => id === newest?.id)).toBe(false);
    expect((await get("/v1/runs?status=failed")).runs).toEqual([]);
  });
});

describe("what is kept", () => {
  test("a run is deleted with the runs that it has started, and nothing of it is left", async () => {
    const { id } = await running.client.submit({ definition: mapped, input: { list: [1, 2, 3] } });
    await running.client.wait(id);
    const children = (await get(`/v1/runs?parent=${id}`)).runs.map((run) => run.id);
    expect(children).toHaveLength(3);
    await expect(running.app.engine.remove(children[0] ?? "")).rejects.toMatchObject({ code: "run_not_removable" });
    await eventually(() => running.app.engine.remove(id));
    await expect(running.app.engine.get(id)).rejects.toMatchObject({ code: "run_not_found" });
    for (const gone of [id, ...children]) {
      expect(await redis.keys(`switchyard:{${gone}}*`)).toEqual([]);
      expect(await redis.zscore(keys.runs, gone)).toBeNull();
      expect(await redis.zscore(keys.runsBy("status", "succeeded"), gone)).toBeNull();
    }
    await expect(running.app.engine.remove(id)).rejects.toMatchObject({ code: "run_not_found" });
  });

  test("a run that has not ended is not deleted", async () => {
    const definition = "name: slow\nsteps: [{ id: nap, wait: { for: 1h } }]";
    const { id } = await running.client.submit({ definition });
    await expect(running.app.engine.remove(id)).rejects.toMatchObject({ code: "run_not_removable" });
    expect((await running.client.get(id)).id).toBe(id);
    await running.client.cancel(id);
    await running.client.wait(id);
  });

  test("runs that ended before the time are removed, the others stay; a removal that broke off is finished", async () => {
    await eventually(async () => expect((await get("/v1/runs?status=queued,running")).runs).toEqual([]));
    const parts = { redis, keys };
    const { runs } = await get("/v1/runs?limit=500");
    const [last] = runs;
    // A worker died behind the first key that it removed.
    const broken = runs.at(-1)?.id ?? "";
    await redis.zadd(keys.endedRuns, "XX", 0, broken);
    await redis.del(keys.run(broken).events);
    expect(await removeEnded(parts, 0)).toBe(1);
    expect(await redis.keys(`switchyard:{${broken}}*`)).toEqual([]);
    await removeEnded(parts, last?.finishedAt ?? 0);
    const kept = (await get("/v1/runs?limit=500")).runs;
    expect(kept.length).toBeGreaterThan(0);
    for (const run of kept) expect(run.finishedAt).toBeGreaterThanOrEqual(last?.finishedAt ?? 0);
    await removeEnded(parts, Number.MAX_SAFE_INTEGER);
    expect((await get("/v1/runs?all=true")).runs).toEqual([]);
    expect(await redis.zcard(keys.endedRuns)).toBe(0);
  });
});
