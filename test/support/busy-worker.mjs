// A worker process with a step kind that computes without a pause: `busy: {ms}` holds the event loop for that long. argv: Redis URL.
import { z } from "zod";
import { createApp } from "../../dist/app.js";
import { loadSettings } from "../../dist/config/load.js";
import { createLog } from "../../dist/telemetry/log.js";

const spec = { name: "busy", queue: "io", schema: z.object({ ms: z.number() }), templates: () => [] };
const handler = {
  kind: "busy",
  async execute({ body }) {
    // Not at once: whoever computes has usually waited for something first. A thread of the process is told of jobs that have lasted for a while.
    await new Promise((next) => setTimeout(next, 500));
    const end = Date.now() + body.ms;
    while (Date.now() < end);
    return { type: "succeeded", output: "done", served: null, report: { calls: [] } };
  },
};
const env = { REDIS_URL: process.argv[2], OLLAMA_ENDPOINT: "http://127.0.0.1:9" };
const settings = loadSettings({ env, cwd: "/" });
const app = await createApp({
  settings,
  roles: { worker: true },
  log: createLog("silent"),
  kinds: [{ spec, handler }],
});
process.send({ ready: true });
process.on("message", async (definition) => {
  const { run } = await app.engine.submit({ definition });
  process.send({ run: run.id });
});
