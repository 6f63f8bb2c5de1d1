import { z } from "zod";
import type { Schedule } from "../../core/schedule.ts";
import { hintsSchema } from "../hints.ts";
import { moment, objectAnswer } from "./json-values.ts";

/** Runs that begin by the clock. */
export const scheduleSchema = z
  .strictObject({
    id: z.string(),
    workflow: z.string(),
    version: z.int().nullable().describe("Null: the newest at each time."),
    input: objectAnswer,
    hints: hintsSchema,
    cron: z.string(),
    timezone: z.string(),
    overlap: z.enum(["allow", "skip"]),
    by: z.string(),
    createdAt: moment,
    nextAt: moment.nullable(),
    lastRun: z.string().nullable(),
  })
  .meta({ id: "Schedule" }) satisfies z.ZodType<Schedule>;
