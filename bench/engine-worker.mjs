// One worker process of the engine benchmark. argv: engine | chain | single, Redis URL, concurrency, steps of a bare chain.
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { createApp } from "../dist/app.js";
import { createLog } from "../dist/telemetry/log.js";
import { noop, settingsFor } from "./noop.mjs";

const [mode, url, concurrency, steps] = process.argv.slice(2);

if (mode === "engine") {
  const settings = await settingsFor(url, { SWITCHYARD_CONCURRENCY: concurrency });
  await createApp({ settings, roles: { worker: true }, log: createLog("error", "bench"), kinds: [noop] });
} else {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue(mode, { connection });
  const next = async (job) => {
    if (job.data.step < Number(steps)) await queue.add("step", { run: job.data.run, step: job.data.step + 1 }, kept);
  };
  const kept = { removeOnComplete: { count: 200 }, removeOnFail: { count: 500 } };
  const worker = new Worker(mode, mode === "chain" ? next : async () => undefined, {
    connection,
    concurrency: Number(concurrency),
  });
  await worker.waitUntilReady();
}
process.send?.("ready");
process.once("SIGINT", () => process.exit(0));
