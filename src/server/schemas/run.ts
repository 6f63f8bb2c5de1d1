import { z } from "zod";
import { priorities } from "../../core/priority.ts";
import type { Run, RunStatus, RunSummary, StepRecord, StepStatus } from "../../core/run.ts";
import { hintsSchema } from "../hints.ts";
import { served } from "./call.ts";
import { errorRecord } from "./errors.ts";
import { jsonAnswer, moment, objectAnswer, usd } from "./json-values.ts";

/** Every status of a run. */
export const runStatuses = [
  "queued",
  "running",
  "waiting",
  "paused",
  "succeeded",
  "failed",
  "cancelled",
] as const satisfies readonly RunStatus[];

const stepStatuses = [
  "pending",
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "skipped",
  "cancelled",
] as const satisfies readonly StepStatus[];

/** Where a fork comes from. */
export const forkOf = z.strictObject({ run: z.string(), step: z.string().nullable() });

/** A run without its steps. */
export const runSummary = z
  .strictObject({
    id: z.string(),
    tenant: z.string().optional().describe("Whose it is. Absent: the default tenant's."),
    workflow: z.string(),
    version: z.int(),
    status: z.enum(runStatuses),
    createdAt: moment,
    startedAt: moment.nullable(),
    finishedAt: moment.nullable(),
    costUsd: usd,
    parent: z.string().optional().describe("Run whose step started this one."),
    forkOf: forkOf.optional().describe("The run that this one was forked from, or is a retry of."),
  })
  .meta({ id: "RunSummary", description: "A run without its steps." }) satisfies z.ZodType<RunSummary>;

/** One step of a run. */
export const stepRecord = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    status: z.enum(stepStatuses),
    attempts: z.int().describe("Attempts begun."),
    calls: z.int().describe("Calls made over all attempts."),
    failedCalls: z.int(),
    served: served.nullable(),
    costUsd: usd,
    startedAt: moment.nullable(),
    finishedAt: moment.nullable(),
    waitingUntil: moment.nullable().describe("While it waits: when it goes on. Null: when it is woken."),
    error: errorRecord.nullable(),
    reusedFrom: z.string().optional().describe("In a fork: the run in which the step was executed."),
    output: jsonAnswer.optional().describe("Present where it was asked for and there is one."),
    compensates: z.string().optional().describe("Of a compensation: the step that it undoes."),
  })
  .meta({ id: "Step", description: "One step of a run." }) satisfies z.ZodType<StepRecord>;

/** That a run is not to succeed, and what is undone therefore. */
export const compensation = z.strictObject({
  because: z.enum(["failed", "cancelled"]),
  steps: z.array(z.string()).describe("Steps whose compensations run, in this order."),
  unsure: z.array(z.string()).optional().describe("Steps with a compensation that were under way and were ended."),
});

/** A run with everything that is known of it. */
export const runSchema = z
  .strictObject({
    ...runSummary.shape,
    input: objectAnswer,
    hints: hintsSchema,
    output: jsonAnswer.nullable(),
    error: errorRecord.nullable(),
    priority: z.enum(priorities).optional().describe("Where it is not normal."),
    waitsBehind: z
      .int()
      .optional()
      .describe("While it waits for its place among the runs of its workflow: how many wait before it."),
    steps: z.array(stepRecord).describe("In the definition's order; behind them the compensations that have begun."),
    forks: z.array(z.string()).optional().describe("Runs that were forked from this one, oldest first."),
    children: z
      .array(z.strictObject({ step: z.string(), total: z.int(), open: z.int(), runs: z.array(z.string()) }))
      .optional()
      .describe("The runs that its steps have started, where it was asked for."),
    compensation: compensation.optional().describe("Present once the run undoes what it has done."),
  })
  .meta({ id: "Run", description: "A run with its steps." }) satisfies z.ZodType<Run>;
