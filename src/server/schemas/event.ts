import { z } from "zod";
import type { RunEvent } from "../../core/run.ts";
import { callRecord, decision, served } from "./call.ts";
import { errorRecord } from "./errors.ts";
import { moment } from "./json-values.ts";
import { compensation, forkOf } from "./run.ts";

const head = { seq: z.int().describe("1, 2, 3, ... without a gap."), at: moment };
const ofStep = { ...head, step: z.string() };
const ofAttempt = { ...ofStep, attempt: z.int() };
const report = { calls: z.array(callRecord), decision: decision.optional(), cached: z.boolean().optional() };
const toolCall = { ...ofAttempt, turn: z.int(), call: z.int(), tool: z.string() };
const by = { ...head, by: z.string() };

/** One line of a run's history. */
export const runEvent = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("run.created"),
      ...head,
      workflow: z.string(),
      version: z.int(),
      forkOf: forkOf.optional(),
    }),
    z.strictObject({ type: z.enum(["run.started", "run.succeeded"]), ...head }),
    z.strictObject({ type: z.enum(["step.queued", "step.skipped", "step.cancelled"]), ...ofStep }),
    z.strictObject({
      type: z.literal("machine.emitted"),
      ...head,
      event: z.object({ type: z.string() }).catchall(z.json()),
      actor: z.string().optional(),
    }),
    z.strictObject({ type: z.literal("step.started"), ...ofAttempt, worker: z.string() }),
    z.strictObject({ type: z.literal("call.failed"), ...ofAttempt, call: callRecord }),
    z.strictObject({
      type: z.literal("step.retrying"),
      ...ofAttempt,
      ...report,
      error: errorRecord,
      delayMs: z.number(),
    }),
    z.strictObject({
      type: z.literal("step.waiting"),
      ...ofAttempt,
      ...report,
      until: moment.nullable(),
      reason: z.string(),
    }),
    z.strictObject({ type: z.literal("step.succeeded"), ...ofAttempt, ...report, served: served.nullable() }),
    z.strictObject({
      type: z.literal("step.failed"),
      ...ofAttempt,
      ...report,
      error: errorRecord,
      tolerated: z.boolean().optional(),
    }),
    z.strictObject({ type: z.literal("step.reused"), ...ofStep, run: z.string(), served: served.nullable() }),
    z.strictObject({ type: z.literal("run.failed"), ...head, error: errorRecord }),
    z.strictObject({
      type: z.literal("signal.refused"),
      ...ofStep,
      name: z.string(),
      problems: z.array(z.string()),
    }),
    z.strictObject({ type: z.literal("tool.called"), ...toolCall }),
    z.strictObject({
      type: z.literal("tool.answered"),
      ...toolCall,
      ok: z.boolean(),
      durationMs: z.number(),
      problem: z.string().optional(),
    }),
    z.strictObject({ type: z.enum(["run.paused", "run.resumed"]), ...by }),
    z.strictObject({ type: z.literal("signal.received"), ...by, name: z.string() }),
    z.strictObject({ type: z.literal("run.compensating"), ...head, ...compensation.shape }),
    z.strictObject({
      type: z.literal("run.cancelled"),
      ...by,
      reason: z.string().nullable(),
      error: errorRecord.optional().describe("Present where compensations have failed."),
    }),
  ])
  .meta({
    id: "Event",
    description: "One line of a run's history. Further types and fields may be added.",
  }) satisfies z.ZodType<RunEvent>;
