// What a workflow's length costs: microseconds a step and Redis bytes a run at 10, 100 and 1,000 steps, and at a map of 10,000 items beside as many bare BullMQ jobs;
// a definition's compilation beside its version from the cache. One worker process, concurrency 50, one Redis with an append-only file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createApp } from "../dist/app.js";
import { Definitions } from "../dist/engine/definitions.js";
import { startEmbedded } from "../dist/redis/embedded.js";
import { keysOf } from "../dist/redis/keys.js";
import { createLog } from "../dist/telemetry/log.js";
import { defaultKinds } from "../dist/workflow/check.js";
import { bare, timed } from "./engine.bench.mjs";
import { chain, noop, settingsFor } from "./noop.mjs";

/** Runs by steps a run. Always more runs than are under way at a time, so that no worker waits for work. */
const lengths = [
  [10, 1_500],
  [100, 150],
  [1_000, 52],
];
const items = 10_000;

export async function bench({ say }) {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
  const server = await startEmbedded({ directory });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  try {
    const figures = {};
    for (const [steps, runs] of lengths) {
      const { stepUs, bytes } = await chains(server.url, redis, steps, runs);
      figures[`step_us_${steps}`] = stepUs;
      figures[`redis_bytes_per_run_${steps}`] = bytes;
      say(
        `${steps} steps: ${stepUs.toFixed(0)} µs a step, ${bytes.toFixed(0)} bytes of Redis a run (${(bytes / steps).toFixed(0)} a step)`,
      );
    }
    const single = await bare(server.url, redis, "single", items);
    const map = await mapped(server.url, redis);
    figures.single_jobs_per_s = single;
    figures.map_items_per_s = map.perSecond;
    figures.redis_bytes_per_map_item = map.bytes / items;
    say(
      `map of ${items}: ${map.perSecond.toFixed(0)} items/s, ${(map.bytes / items).toFixed(0)} bytes of Redis an item; single jobs ${single.toFixed(0)}/s`,
    );
    Object.assign(figures, await compiling(redis));
    say(
      `a definition of 1,000 steps: compiled in ${figures.compile_1000_ms.toFixed(1)} ms, from the cache in ${figures.cached_1000_us.toFixed(1)} µs`,
    );
    const ratios = {
      step_cost_100_vs_10: figures.step_us_100 / figures.step_us_10,
      step_cost_1000_vs_10: figures.step_us_1000 / figures.step_us_10,
      bytes_a_step_1000_vs_10: figures.redis_bytes_per_run_1000 / 1_000 / (figures.redis_bytes_per_run_10 / 10),
      map_10000_vs_single_jobs: map.perSecond / single,
    };
    say("");
    say(`a step's cost in 1,000-step workflows beside 10-step ones:  ${ratios.step_cost_1000_vs_10.toFixed(2)}`);
    say(`a step's bytes in 1,000-step workflows beside 10-step ones: ${ratios.bytes_a_step_1000_vs_10.toFixed(2)}`);
    say(`map of ${items} / single jobs: ${ratios.map_10000_vs_single_jobs.toFixed(2)}`);
    return { ratios, figures };
  } finally {
    redis.disconnect();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Time of the worker's work a step, and what one run has left in Redis. */
async function chains(url, redis, steps, runs) {
  const { app, open, keys } = await opened(url, redis);
  await app.engine.store(chain(steps));
  const ids = [];
  for (let i = 0; i < runs; i += 50) {
    const some = Array.from({ length: Math.min(50, runs - i) }, () =>
      app.engine.submit({ workflow: `chain-${steps}` }),
    );
    for (const { run } of await Promise.all(some)) ids.push(run.id);
  }
  const perSecond = await timed(url, "engine", runs * steps, async () => (await redis.zcard(open)) === 0);
  await allSucceeded(app.engine);
  const sample = ids.slice(0, 20);
  const bytes = (await bytesOf(redis, keys, sample)) / sample.length;
  await app.close();
  return { stepUs: 1e6 / perSecond, bytes };
}

/** Items a second of one map, and what it and its items' runs have left in Redis. */
async function mapped(url, redis) {
  const { app, open, keys } = await opened(url, redis);
  const body = {
    over: "input.numbers",
    concurrency: 50,
    input: {},
    steps: [{ id: "double", transform: "input.item * 2" }],
    output: "{{ steps.double.output }}",
  };
  const { run } = await app.engine.submit({
    definition: {
      name: "map",
      input: { type: "object", properties: { numbers: { type: "array" } } },
      steps: [{ id: "each", timeout: "10m", map: body }],
      output: "{{ steps.each.output }}",
    },
    input: { numbers: Array.from({ length: items }, (_, index) => index) },
  });
  const perSecond = await timed(url, "engine", items, async () => (await redis.zcard(open)) === 0);
  await allSucceeded(app.engine);
  const { output } = await app.engine.get(run.id);
  if (!Array.isArray(output) || output.length !== items || output.some((value, index) => value !== index * 2))
    throw new Error("the map's output is not each item's, in order");
  const children = await redis.hkeys(keys.run(run.id).children);
  const bytes = await bytesOf(redis, keys, [run.id, ...children]);
  await app.close();
  return { perSecond, bytes };
}

async function opened(url, redis) {
  await redis.flushall();
  const settings = await settingsFor(url);
  const app = await createApp({ settings, roles: {}, log: createLog("error"), kinds: [noop] });
  const keys = keysOf(settings.prefix);
  return { app, keys, open: keys.openRuns };
}

async function allSucceeded(engine) {
  const { runs } = await engine.list({ statuses: ["failed"], all: true });
  if (runs.length > 0) throw new Error(`runs of the benchmark failed: ${JSON.stringify(runs[0])}`);
}

/** What Redis keeps for runs that have ended: all their keys. */
async function bytesOf(redis, keys, ids) {
  let bytes = 0;
  for (let i = 0; i < ids.length; i += 500) {
    const names = ids.slice(i, i + 500).flatMap((id) => Object.values(keys.run(id)));
    const pipeline = redis.pipeline();
    for (const name of names) pipeline.call("MEMORY", "USAGE", name, "SAMPLES", "0");
    for (const [error, size] of await pipeline.exec()) {
      if (error) throw error;
      bytes += Number(size ?? 0);
    }
  }
  return bytes;
}

/** A stored version as a process first meets it, and as it finds it again. */
async function compiling(redis) {
  const keys = keysOf("bench");
  const kinds = [...defaultKinds, noop.spec];
  const store = new Definitions(redis, keys, kinds);
  await store.store(store.check(chain(1_000)));
  const fresh = new Definitions(redis, keys, kinds);
  const before = performance.now();
  const first = await fresh.load("chain-1000", 1);
  const compiled = performance.now();
  const times = 1_000;
  for (let i = 0; i < times; i++) {
    if ((await fresh.load("chain-1000", 1)).compiled !== first.compiled)
      throw new Error("a cached version was compiled again");
  }
  return { compile_1000_ms: compiled - before, cached_1000_us: ((performance.now() - compiled) * 1_000) / times };
}
