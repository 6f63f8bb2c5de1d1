// Steps a second of no-op workflows beside a bare BullMQ chain and beside single BullMQ jobs; the cost of a step in long workflows;
// the time of one run on an idle engine. One worker process, concurrency 50, one Redis with an append-only file.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { createApp } from "../dist/app.js";
import { startEmbedded } from "../dist/redis/embedded.js";
import { keysOf } from "../dist/redis/keys.js";
import { createLog } from "../dist/telemetry/log.js";
import { chain, noop, settingsFor } from "./noop.mjs";

const concurrency = "50";
const steps = 5;
const runs = 4_000;
const kept = { removeOnComplete: { count: 200 }, removeOnFail: { count: 500 } };

export async function bench({ say }) {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
  const server = await startEmbedded({ directory });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  try {
    const rates = { single: [], chain: [], engine: [] };
    for (let round = 1; round <= 3; round++) {
      rates.single.push(await bare(server.url, redis, "single", runs * steps));
      rates.chain.push(await bare(server.url, redis, "chain", runs));
      rates.engine.push(await engine(server.url, redis, runs, steps));
      say(
        `round ${round}: single ${rates.single.at(-1).toFixed(0)}/s, bare chain ${rates.chain.at(-1).toFixed(0)} steps/s, engine ${rates.engine.at(-1).toFixed(0)} steps/s`,
      );
    }
    const [single, bareChain, ours] = [median(rates.single), median(rates.chain), median(rates.engine)];
    // Always far more runs than the concurrency, so that no worker waits for work.
    const at50 = await engine(server.url, redis, 400, 50);
    const at200 = await engine(server.url, redis, 200, 200);
    say(`engine, 50 steps a workflow: ${at50.toFixed(0)} steps/s; 200 steps: ${at200.toFixed(0)} steps/s`);
    const idle = await idleRun(server.url, redis);
    const ratios = {
      vs_bare_chain: ours / bareChain,
      vs_single_jobs: ours / single,
      step_cost_50_vs_5: ours / at50,
      step_cost_200_vs_5: ours / at200,
    };
    const figures = {
      steps_per_s: ours,
      bare_chain_steps_per_s: bareChain,
      single_jobs_per_s: single,
      idle_run_p50_ms: idle.p50,
      idle_run_p99_ms: idle.p99,
    };
    say("");
    say(`engine / bare chain     ${ratios.vs_bare_chain.toFixed(2)}   (goal 0.40)`);
    say(`engine / single jobs    ${ratios.vs_single_jobs.toFixed(2)}`);
    say(`a step's cost in 50-step workflows beside 5-step ones:  ${ratios.step_cost_50_vs_5.toFixed(2)}`);
    say(`a step's cost in 200-step workflows beside 5-step ones: ${ratios.step_cost_200_vs_5.toFixed(2)}`);
    say(`idle 5-step run: median ${idle.p50.toFixed(1)} ms (goal 6), p99 ${idle.p99.toFixed(1)} ms`);
    return { ratios, figures };
  } finally {
    redis.disconnect();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function bare(url, redis, mode, jobs) {
  await redis.flushall();
  const queue = new Queue(mode, { connection: redis });
  for (let i = 0; i < jobs; i += 500) {
    await queue.addBulk(
      Array.from({ length: 500 }, (_, j) => ({ name: "step", data: { run: i + j, step: 1 }, opts: kept })),
    );
  }
  const perSecond = await timed(url, mode, jobs * (mode === "chain" ? steps : 1), async () => {
    const counts = await queue.getJobCounts("waiting", "active", "delayed");
    return Object.values(counts).every((count) => count === 0);
  });
  await queue.close();
  return perSecond;
}

async function engine(url, redis, count, length) {
  await redis.flushall();
  const settings = await settingsFor(url);
  const app = await createApp({ settings, roles: {}, log: createLog("error"), kinds: [noop] });
  await app.engine.store(chain(length));
  for (let i = 0; i < count; i += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, count - i) }, () => app.engine.submit({ workflow: `chain-${length}` })),
    );
  }
  const open = keysOf(settings.prefix).openRuns;
  const perSecond = await timed(url, "engine", count * length, async () => (await redis.zcard(open)) === 0);
  const { runs: failed } = await app.engine.list({ statuses: ["failed"] });
  await app.close();
  if (failed.length > 0) throw new Error(`${failed.length} runs of the benchmark failed`);
  return perSecond;
}

export async function timed(url, mode, work, done) {
  const child = fork(new URL("./engine-worker.mjs", import.meta.url), [mode, url, concurrency, String(steps)]);
  await new Promise((ready) => child.once("message", ready));
  const start = performance.now();
  while (!(await done())) await new Promise((next) => setTimeout(next, 5));
  const seconds = (performance.now() - start) / 1_000;
  child.kill("SIGKILL");
  return work / seconds;
}

async function idleRun(url, redis) {
  await redis.flushall();
  const child = fork(new URL("./engine-worker.mjs", import.meta.url), ["engine", url, concurrency, "5"]);
  await new Promise((ready) => child.once("message", ready));
  const settings = await settingsFor(url);
  const app = await createApp({ settings, roles: {}, log: createLog("error"), kinds: [noop] });
  await app.engine.store(chain(5));
  const times = [];
  for (let i = 0; i < 320; i++) {
    const { run } = await app.engine.submit({ workflow: "chain-5" });
    const { createdAt, finishedAt } = await ended(app.engine, run.id);
    if (i >= 20) times.push(finishedAt - createdAt);
  }
  await app.close();
  child.kill("SIGKILL");
  times.sort((a, b) => a - b);
  return { p50: times[150], p99: times[297] };
}

/** Waits for a run's end, asking seldom: asking all the time would load the machine that is measured. The times are Redis's own. */
async function ended(engine, runId) {
  for (;;) {
    const run = await engine.get(runId);
    if (run.finishedAt !== null) return run;
    await new Promise((next) => setTimeout(next, 15));
  }
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
