import type { JsonObject } from "../../core/json.ts";
import { isTerminal, type Run, type RunStatus, type RunSummary, type StepRecord } from "../../core/run.ts";
import { ownName } from "../../core/tenant.ts";
import { durationText, iso } from "./plan-body.ts";

/** Statuses of executions in AxonFlow's words. `aborted` and `expired` are known there; no run is. */
export const executionStatuses = [
  "pending",
  "running",
  "completed",
  "failed",
  "cancelled",
  "aborted",
  "expired",
] as const;

/** One of {@link executionStatuses}. */
export type ExecutionStatus = (typeof executionStatuses)[number];

/** Kinds of executions in AxonFlow's words: runs of plans, and all others. */
export const executionTypes = ["map_plan", "wcp_workflow"] as const;

const statuses: Readonly<Record<RunStatus, ExecutionStatus>> = {
  queued: "pending",
  running: "running",
  waiting: "running",
  paused: "running",
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
};

/** A run's status in AxonFlow's words. */
export function executionStatusOf(status: RunStatus): ExecutionStatus {
  return statuses[status];
}

/** Plans name their workflows `plan-WORDS-` and the last six characters of their id. */
const planName = /^plan-(?:[a-z0-9-]+-)?[0-9a-hjkmnp-tv-z]{6}$/;

/** Which kind a run is, by its workflow's full name. */
export function executionTypeOf(workflow: string): (typeof executionTypes)[number] {
  return planName.test(ownName(workflow)) ? "map_plan" : "wcp_workflow";
}

const stepTypes: Readonly<Record<string, string>> = {
  llm: "llm_call",
  agent: "llm_call",
  function: "tool_call",
  http: "connector_call",
  approval: "human_task",
};

/** A run as AxonFlow's clients read executions. @param run without steps: they are not loaded @param now epoch milliseconds */
export function executionBody(run: RunSummary & Partial<Run>, tenant: string, now: number): JsonObject {
  const { id, workflow, version, status, createdAt, startedAt, finishedAt, costUsd, error, steps = [] } = run;
  const begun = startedAt ?? createdAt;
  const ended = isTerminal(status) ? (finishedAt ?? now) : null;
  const done = steps.filter((step) => step.finishedAt !== null).length;
  return {
    execution_id: id,
    execution_type: executionTypeOf(workflow),
    name: ownName(workflow),
    status: statuses[status],
    current_step_index: currentIndex(steps),
    total_steps: steps.length,
    progress_percent: status === "succeeded" ? 100 : steps.length === 0 ? 0 : Math.round((done / steps.length) * 100),
    started_at: iso(begun),
    ...(ended === null ? {} : { completed_at: iso(ended) }),
    duration: durationText(Math.max(0, (ended ?? now) - begun)),
    ...(costUsd === null ? {} : { actual_cost_usd: costUsd }),
    steps: steps.map((step, i) => stepBody(step, i, now)),
    ...(error ? { error: error.message } : {}),
    tenant_id: tenant,
    metadata: {
      workflow_version: version,
      ...(status === "paused" ? { paused: true } : {}),
      ...(run.output === undefined || run.output === null ? {} : { output: run.output }),
    },
    created_at: iso(createdAt),
    updated_at: iso(Math.max(begun, ended ?? 0, ...steps.map((step) => step.finishedAt ?? step.startedAt ?? 0))),
  };
}

/** The first step that is under way, else the first to come, else the last. */
function currentIndex(steps: readonly StepRecord[]): number {
  const first = (...of: readonly StepRecord["status"][]) => steps.findIndex(({ status }) => of.includes(status));
  const found = [first("running", "waiting"), first("queued"), first("pending")].find((at) => at >= 0);
  return found ?? Math.max(0, steps.length - 1);
}

function stepBody(step: StepRecord, index: number, now: number): JsonObject {
  const { id, kind, startedAt, finishedAt, served, costUsd, error, output } = step;
  return {
    step_id: id,
    step_index: index,
    step_name: id,
    step_type: stepTypes[kind] ?? "action",
    status: stepStatus(step),
    ...(startedAt === null
      ? {}
      : { started_at: iso(startedAt), duration: durationText((finishedAt ?? now) - startedAt) }),
    ...(finishedAt === null ? {} : { ended_at: iso(finishedAt) }),
    ...(served ? { model: served.modelServed, provider: served.provider } : {}),
    ...(costUsd === null ? {} : { cost_usd: costUsd }),
    ...(output === undefined ? {} : { output }),
    ...(error ? { error: toErrorText(error.message) } : {}),
    ...(kind === "approval" ? { approval_status: approvalStatus(step) } : {}),
  };
}

function toErrorText(message: string): string {
  return message.length > 2_000 ? `${message.slice(0, 1_999)}…` : message;
}

function stepStatus({ status, kind }: StepRecord): string {
  switch (status) {
    case "pending":
    case "queued":
      return "pending";
    case "running":
      return "running";
    case "waiting":
      return kind === "approval" ? "approval" : "running";
    case "succeeded":
      return "completed";
    case "failed":
      return "failed";
    case "skipped":
    case "cancelled":
      return "skipped";
  }
}

function approvalStatus({ status }: StepRecord): string {
  if (status === "succeeded") return "approved";
  return status === "failed" ? "rejected" : "pending";
}
