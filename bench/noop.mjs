// A step kind that does nothing: what remains is the cost of the engine itself.
import { z } from "zod";

export const noop = {
  spec: { name: "noop", queue: "io", schema: z.looseObject({}), templates: () => [] },
  handler: {
    kind: "noop",
    execute: async () => ({ type: "succeeded", output: null, served: null, report: { calls: [] } }),
  },
};

/** A sequence of no-op steps as a workflow definition. */
export function chain(steps) {
  return {
    name: `chain-${steps}`,
    steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index + 1}`, noop: {} })),
  };
}

/** Settings of an engine process on a Redis. */
export async function settingsFor(redisUrl, env = {}) {
  const { loadSettings } = await import("../dist/config/load.js");
  return loadSettings({
    env: { REDIS_URL: redisUrl, OLLAMA_ENDPOINT: "http://127.0.0.1:9", SWITCHYARD_LOG: "error", ...env },
    cwd: "/",
  });
}
