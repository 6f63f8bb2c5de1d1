// How soon a run is under way again after its worker was killed with SIGKILL in the middle of a call: from the kill to the repeated call's
// arrival at the provider. Real processes, default settings. Beside it a bare BullMQ worker with the same locks, killed in the same way.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { createApp } from "../dist/app.js";
import { startEmbedded } from "../dist/redis/embedded.js";
import { startSimulator } from "../dist/simulator/index.js";
import { createLog } from "../dist/telemetry/log.js";
import { settingsFor } from "./noop.mjs";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const rounds = 7;

export async function bench({ say }) {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
  const server = await startEmbedded({ directory });
  try {
    const ours = await rounded(
      () => switchyard(server.url),
      (ms) => say(`switchyard   ${ms.toFixed(0)} ms`),
    );
    const bare = await rounded(
      () => bullmq(server.url),
      (ms) => say(`bare BullMQ  ${ms.toFixed(0)} ms (its locks set as ours; with its defaults: 60 s)`),
    );
    say(
      `median ${ours.p50.toFixed(0)} ms, worst ${ours.worst.toFixed(0)} ms; bare BullMQ median ${bare.p50.toFixed(0)} ms (goal: within 5 s)`,
    );
    const figures = { recovery_p50_ms: ours.p50, recovery_worst_ms: ours.worst, bare_bullmq_p50_ms: bare.p50 };
    return { ratios: { vs_bare_bullmq: ours.p50 / bare.p50 }, figures };
  } finally {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function rounded(measure, tell) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    times.push(await measure());
    tell(times.at(-1));
  }
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(rounds / 2)], worst: times.at(-1) };
}

async function switchyard(redisUrl) {
  await emptied(redisUrl);
  const simulator = await startSimulator({ latencyMs: 0, providers: ["openai"] });
  const env = { PATH: process.env.PATH, ...simulator.env, REDIS_URL: redisUrl, SWITCHYARD_LOG: "silent" };
  const worker = async () => {
    const child = spawn(process.execPath, [main, "worker", "--json"], { env, stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return child;
  };
  const app = await createApp({
    settings: await settingsFor(redisUrl, env),
    roles: {},
    log: createLog("silent"),
  });
  const victim = await worker();
  await simulator.down("openai", { kind: "hold" });
  await app.engine.submit({ definition: { name: "held", steps: [{ id: "call", llm: { prompt: "hold this" } }] } });
  await arrivals(simulator, 1);
  const heir = await worker();
  await new Promise((next) => setTimeout(next, 1_000 * Math.random()));
  victim.kill("SIGKILL");
  const killed = performance.now();
  await arrivals(simulator, 2);
  const ms = performance.now() - killed;
  heir.kill("SIGKILL");
  await app.close();
  await simulator.close();
  return ms;
}

/** Each round starts from nothing: a run of the round before would be resumed too. */
async function emptied(redisUrl) {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  redis.disconnect();
}

async function arrivals(simulator, count) {
  while (simulator.total("openai") < count) await new Promise((next) => setTimeout(next, 5));
}

async function bullmq(redisUrl) {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  await redis.flushall();
  const queue = new Queue("held", { connection: redis });
  const started = async (count) => {
    while (Number(await redis.get("started")) < count) await new Promise((next) => setTimeout(next, 5));
  };
  const worker = async () => {
    const child = fork(new URL("./engine-worker.mjs", import.meta.url), ["held", redisUrl, "10", "1"]);
    await once(child, "message");
    return child;
  };
  const victim = await worker();
  await queue.add("held", {});
  await started(1);
  const heir = await worker();
  await new Promise((next) => setTimeout(next, 1_000 * Math.random()));
  victim.kill("SIGKILL");
  const killed = performance.now();
  await started(2);
  const ms = performance.now() - killed;
  heir.kill("SIGKILL");
  await queue.close();
  redis.disconnect();
  return ms;
}
