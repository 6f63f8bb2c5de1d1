import { z } from "zod";
import {
  type AgentSummary,
  type Plan,
  type PlanStep,
  type PlanSummary,
  type PlanVersion,
  planModes,
  planStatuses,
} from "../../core/plan.ts";
import { hintsSchema } from "../hints.ts";
import { callRecord } from "./call.ts";
import { errorRecord } from "./errors.ts";
import { moment, objectAnswer, usd } from "./json-values.ts";

/** How a plan's steps follow each other. */
export const planMode = z.enum(planModes);

/** Where a plan stands. */
export const planStatus = z.enum(planStatuses);

/** A plan without its definition. */
export const planSummary = z
  .strictObject({
    id: z.string(),
    tenant: z.string(),
    goal: z.string(),
    domain: z.string().nullable(),
    mode: planMode,
    status: planStatus,
    version: z.int().describe("1, 2, ...: each change makes the next one."),
    run: z.string().nullable().describe("The run that executes it, or has; null: none."),
    createdAt: moment,
    createdBy: z.string(),
    expiresAt: moment,
  })
  .meta({ id: "PlanSummary", description: "A plan without its definition." }) satisfies z.ZodType<PlanSummary>;

const planStep = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    agent: z.string().nullable(),
    text: z.string().describe("The beginning of what it does."),
    needs: z.array(z.string()),
  })
  .meta({ id: "PlanStep", description: "A step, as the plan's mode has it executed." }) satisfies z.ZodType<PlanStep>;

/** A plan with everything that is known of it. */
export const planSchema = z
  .strictObject({
    ...planSummary.shape,
    definition: objectAnswer.describe("The workflow, before the mode transforms it."),
    steps: z.array(planStep).describe("What is executed: with the mode's order and approvals."),
    explanation: z.string(),
    hints: hintsSchema,
    calls: z.array(callRecord).describe("Calls that making it took."),
    costUsd: usd,
    error: errorRecord.nullable(),
    waiting: z.array(z.string()).describe("Steps of the run that wait for approval."),
  })
  .meta({ id: "Plan", description: "A workflow made of a goal." }) satisfies z.ZodType<Plan>;

/** One version of a plan. */
export const planVersion = z
  .strictObject({
    version: z.int(),
    changedAt: moment,
    changedBy: z.string(),
    change: z.enum(["created", "edited", "rolled_back"]),
    summary: z.string(),
  })
  .meta({ id: "PlanVersion", description: "One version of a plan." }) satisfies z.ZodType<PlanVersion>;

/** One agent of the catalogue. */
export const agentSchema = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    tools: z.array(z.string()),
    structured: z.boolean().describe("Whether its answers are checked objects."),
  })
  .meta({
    id: "Agent",
    description: "Somebody whom the planner may give a step to.",
  }) satisfies z.ZodType<AgentSummary>;
