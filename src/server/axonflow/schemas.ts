import { z } from "zod";
import { planStatuses } from "../../core/plan.ts";
import { jsonAnswer } from "../schemas/json-values.ts";
import { executionStatuses, executionTypes } from "./execution-body.ts";

/*
 * Answers in the words of AxonFlow's clients, for the API's document. Loose: these clients read what they know and pass over the rest.
 */

const time = z.string().describe("ISO 8601.");
const json = z.record(z.string(), jsonAnswer);

/** Of `POST /api/request`. */
export const requestAnswer = z
  .looseObject({
    success: z.literal(true),
    blocked: z.literal(false),
    request_id: z.string(),
    plan_id: z.string().optional(),
    result: z.string().optional(),
    data: jsonAnswer.describe("The answer's text; of a plan an object."),
    metadata: json.describe("`provider_info`: who served. Of plans: mode, results of the steps."),
    policy_info: json.optional(),
  })
  .meta({ id: "AxonFlowAnswer" });

/** What every answer about a plan has. */
export const planHead = z.looseObject({ plan_id: z.string(), status: z.enum(planStatuses) });

/** Of a plan's status. */
export const planStatus = planHead
  .extend({
    execution_id: z.string().nullable(),
    result: z.string().optional(),
    error: z.string().optional(),
    step_results: json,
    duration: z.string(),
    query: z.string(),
    domain: z.string(),
    total_steps: z.int(),
    completed_steps: z.int(),
    progress_percent: z.number(),
    steps: z.array(json),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: "AxonFlowPlan" });

/** Of a plan's versions. */
export const planVersions = z.looseObject({
  plan_id: z.string(),
  versions: z.array(
    z.looseObject({
      version: z.int(),
      changed_at: time,
      changed_by: z.string(),
      change_type: z.string(),
      change_summary: z.string(),
    }),
  ),
});

const target = z.looseObject({ provider: z.string(), model: z.string() });

/** Of a pre-check. */
export const approval = z.looseObject({
  context_id: z.string(),
  approved: z.boolean(),
  requires_redaction: z.literal(false),
  approved_data: json,
  policies: z.array(z.string()),
  expires_at: time,
  block_reason: z.string().optional(),
  target: target.nullable(),
  alternatives: z.array(target),
});

/** Of an audit. */
export const counted = z.looseObject({ success: z.literal(true), audit_id: z.string(), counted: z.boolean() });

const health = z.looseObject({
  status: z.enum(["healthy", "degraded", "unhealthy"]),
  message: z.string().optional(),
  last_checked: time,
});

/** A provider. */
export const provider = z
  .looseObject({
    name: z.string(),
    type: z.string(),
    endpoint: z.string().optional(),
    model: z.string(),
    enabled: z.boolean(),
    priority: z.int().describe("Place in the order in which `failover` asks, from 1; 0: it is not asked."),
    weight: z.number(),
    has_api_key: z.boolean(),
    health,
  })
  .meta({ id: "AxonFlowProvider" });

/** Of one provider. */
export const oneProvider = z.looseObject({ provider });

/** Of the list of providers. */
export const providerList = z.looseObject({
  providers: z.array(provider),
  pagination: z.looseObject({
    page: z.int(),
    page_size: z.int(),
    total_items: z.int(),
    total_pages: z.int(),
  }),
});

/** Of one provider's health; of all. */
export const oneHealth = z.looseObject({ name: z.string(), health });
export const allHealth = z.looseObject({ providers: z.record(z.string(), health) });

/** Of a call that tests a provider. */
export const tested = z.looseObject({ success: z.literal(true), provider: z.string(), model: z.string() });

/** Of the routing. */
export const weights = z.looseObject({
  strategy: z.string().nullable(),
  weights: z.record(z.string(), z.number()),
  default_provider: z.string().nullable(),
});

/** What is refused. */
export const refused = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string() }) });

/** A run as an execution. */
export const execution = z
  .looseObject({
    execution_id: z.string(),
    execution_type: z.enum(executionTypes),
    name: z.string(),
    status: z.enum(executionStatuses),
    current_step_index: z.int(),
    total_steps: z.int(),
    progress_percent: z.number(),
    started_at: time,
    completed_at: time.optional(),
    duration: z.string(),
    actual_cost_usd: z.number().optional(),
    steps: z.array(json),
    error: z.string().optional(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "AxonFlowExecution" });

/** Of the list of executions. */
export const executionList = z.looseObject({
  executions: z.array(execution),
  total: z.int().describe("Of the newest 5,000 runs."),
  limit: z.int(),
  offset: z.int(),
  has_more: z.boolean(),
});
