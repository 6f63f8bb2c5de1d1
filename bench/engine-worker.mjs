// One worker process of a benchmark. argv: engine | chain | single | held, Redis URL, concurrency, steps of a bare chain.
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { createApp } from "../dist/app.js";
import { createLog } from "../dist/telemetry/log.js";
import { noop, settingsFor } from "./noop.mjs";

const [mode, url, concurrency, steps] = process.argv.slice(2);

/** What is kept of finished jobs, as the engine keeps it. */
const kept = { removeOnComplete: { count: 200 }, removeOnFail: { count: 500 } };
/** The engine's own locks. */
const locks = { lockDuration: 2_500, lockRenewTime: 800, stalledInterval: 1_000, maxStalledCount: 100 };

if (mode === "engine") {
  const settings = await settingsFor(url, { SWITCHYARD_CONCURRENCY: concurrency });
  await createApp({ settings, roles: { worker: true }, log: createLog("error"), kinds: [noop] });
} else {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue(mode, { connection });
  const processors = {
    single: async () => undefined,
    chain: async (job) => {
      if (job.data.step < Number(steps)) await queue.add("step", { run: job.data.run, step: job.data.step + 1 }, kept);
    },
    held: async () => {
      await connection.incr("started");
      await new Promise(() => undefined);
    },
  };
  const options = { connection, concurrency: Number(concurrency), ...(mode === "held" ? locks : {}) };
  await new Worker(mode, processors[mode], options).waitUntilReady();
}
process.send?.("ready");
process.once("SIGINT", () => process.exit(0));
