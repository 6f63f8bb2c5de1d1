import { z } from "zod";

/** A server that can do its work. Who has no key is not told the rest. */
export const healthSchema = z
  .strictObject({
    status: z.literal("healthy"),
    redisMs: z.number().optional().describe("Round trip to Redis."),
    queues: z.record(z.string(), z.number()).optional().describe("Jobs that wait or run, by queue."),
    workers: z.array(z.string()).optional().describe("Worker processes, as host:pid."),
    version: z.string(),
    capabilities: z
      .array(z.strictObject({ name: z.string(), since_version: z.string(), description: z.string() }))
      .describe("What it can do, for clients that ask."),
  })
  .meta({ id: "Health" });

/** A server whose Redis does not answer. */
export const unhealthySchema = z
  .strictObject({
    status: z.literal("unhealthy"),
    version: z.string(),
    code: z.string(),
    detail: z.string(),
    fix: z.string(),
  })
  .meta({ id: "Unhealthy" });

/** What a server answers, in sentences. */
export const homeSchema = z.strictObject({
  name: z.literal("switchyard"),
  version: z.string(),
  look: z.record(z.string(), z.string()),
  routes: z.array(z.strictObject({ method: z.string(), url: z.string(), summary: z.string() })),
});
