import type { Json, JsonObject } from "../../core/json.ts";
import type { Plan, PlanStep } from "../../core/plan.ts";
import { isTerminal, type Run, type StepRecord } from "../../core/run.ts";

/** Step types in AxonFlow's words; other kinds keep their name. */
const types: Readonly<Record<string, string>> = {
  llm: "llm-call",
  http: "api-call",
  function: "function-call",
  approval: "human-task",
};

/** A plan's steps as its clients read them; older ones read `dependsOn`. */
function stepBodies(steps: readonly PlanStep[]): JsonObject[] {
  return steps.map(({ id, kind, text, needs, agent }) => ({
    id,
    name: id,
    type: types[kind] ?? kind,
    description: text,
    depends_on: [...needs],
    dependsOn: [...needs],
    agent: agent ?? "",
    parameters: {},
  }));
}

/** Whether two steps may run side by side. */
export function isParallel(steps: readonly PlanStep[]): boolean {
  const depths = new Map<string, number>();
  for (const { id, needs } of steps) depths.set(id, 1 + Math.max(0, ...needs.map((need) => depths.get(need) ?? 0)));
  return new Set(depths.values()).size < steps.length;
}

/** How much there is to do, 1 to 10. */
function complexityOf(steps: readonly PlanStep[]): number {
  return Math.min(10, Math.max(1, steps.length));
}

/** A plan that was made, as `generatePlan` answers it. */
export function madeBody(plan: Plan, requestId: string): JsonObject {
  const { id, steps, domain, mode, version, calls, costUsd } = plan;
  return {
    success: true,
    blocked: false,
    request_id: requestId,
    plan_id: id,
    data: {
      plan_id: id,
      status: plan.status,
      steps: stepBodies(steps),
      domain: domain ?? "generic",
      complexity: complexityOf(steps),
      parallel: isParallel(steps),
    },
    metadata: {
      execution_mode: mode,
      version,
      explanation: plan.explanation,
      expires_at: iso(plan.expiresAt),
      planner: { calls: calls.length, provider: calls.findLast(({ ok }) => ok)?.provider ?? null, cost_usd: costUsd },
    },
  };
}

/** Where a plan stands, as `getPlanStatus` answers it. @param run its run with the steps' outputs; null: it was not executed */
export function statusBody(plan: Plan, run: Run | null, now: number): JsonObject {
  const { id, status, steps } = plan;
  const total = run?.steps.length ?? steps.length;
  const completed = run?.steps.filter(({ status: of }) => of === "succeeded" || of === "skipped").length ?? 0;
  return {
    plan_id: id,
    execution_id: plan.run,
    workflow_id: plan.run,
    status,
    ...outcomeOf(plan, run),
    step_results: run ? stepResults(run.steps) : {},
    duration: run ? durationText(runMs(run, now)) : "",
    query: plan.goal,
    domain: plan.domain ?? "generic",
    execution_mode: plan.mode,
    version: plan.version,
    total_steps: total,
    completed_steps: completed,
    progress_percent: total === 0 ? 0 : Math.round((completed / total) * 100),
    waiting_for_approval: [...plan.waiting],
    steps: stepBodies(steps),
    created_at: iso(plan.createdAt),
    expires_at: iso(plan.expiresAt),
  };
}

function outcomeOf({ error }: Plan, run: Run | null): JsonObject {
  return {
    ...(run?.status === "succeeded" ? { result: asText(run.output) } : {}),
    ...(error ? { error: error.message } : {}),
  };
}

/** What each step has brought so far, by step. */
export function stepResults(steps: readonly StepRecord[]): JsonObject {
  return Object.fromEntries(steps.flatMap(({ id, output }) => (output === undefined ? [] : [[id, output]])));
}

/** A value as text: a text as it is, everything else as JSON. */
export function asText(value: Json | null): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How long a run has taken, in milliseconds. @param now epoch milliseconds */
export function runMs({ startedAt, createdAt, finishedAt, status }: Run, now: number): number {
  return Math.max(0, (isTerminal(status) ? (finishedAt ?? now) : now) - (startedAt ?? createdAt));
}

/** `450ms`, `2.5s`, `1m30s`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10}s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** A moment as ISO 8601. @param at epoch milliseconds */
export function iso(at: number): string {
  return new Date(at).toISOString();
}
