import type { CallRecord, Hints } from "../core/call.ts";
import type { ErrorCode } from "../core/catalogue.ts";
import { AppError } from "../core/errors.ts";
import { addCosts } from "../core/history.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { ProposableKind } from "../core/plan.ts";
import type { LlmMessage } from "../providers/provider.ts";
import type { RouteOutcome, Router } from "../router/router.ts";
import { readStructured } from "../steps/structured.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";
import { acceptDefinition } from "./accept.ts";
import { hasTools } from "./agent.ts";
import type { Catalogue } from "./catalogue.ts";
import { type Composed, compose } from "./compose.ts";
import { planningInstruction, planningQuestion, planningRemarks } from "./instruction.ts";
import { type Proposal, type ProposalBounds, proposalSchema } from "./proposal.ts";

/** Times that a planner is shown what is wrong with its plan and asked again. */
const maxReasks = 2;

/** Time that planning may take in all, from its first call on. */
const planningMs = 120_000;

/** What planning needs of its installation. */
export interface PlannerParts {
  readonly router: Pick<Router, "call">;
  /** Step kinds of the installation, and names that a `route` may give as strategy. */
  readonly kinds: readonly StepKindSpec[];
  readonly strategies?: readonly string[] | undefined;
  /** Kinds that a planner may propose. */
  readonly proposable: readonly ProposableKind[];
  readonly maxSteps: number;
  /** USD that one planning may cost. */
  readonly maxUsd: number;
  readonly clock: () => number;
}

/** A goal to be planned for. */
export interface PlanningTask {
  readonly goal: string;
  readonly domain: string | null;
  /** Name of the workflow to be. */
  readonly name: string;
  readonly agents: Catalogue;
  readonly hints: Hints;
  readonly tenant: string;
  /** Prefix of the calls' idempotency keys. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/** What a planner has planned. */
export interface Planned extends Composed {
  readonly explanation: string;
  readonly calls: readonly CallRecord[];
  readonly costUsd: number | null;
}

/**
 * Asks a model for the steps of a workflow, checks them as any workflow is checked, and shows the model everything that is wrong until nothing is.
 * @throws AppError plan_invalid - nothing right came in the end; and what the router says where nobody answers
 */
export async function planGoal(parts: PlannerParts, task: PlanningTask): Promise<Planned> {
  const bounds = boundsOf(parts, task.agents);
  const instruction = planningInstruction(bounds);
  const schema = proposalSchema(bounds);
  const deadline = parts.clock() + planningMs;
  const calls: CallRecord[] = [];
  let messages: readonly LlmMessage[] = [planningQuestion(task.goal, task.domain)];
  for (let asked = 1; ; asked++) {
    const hints = hintsLeft(task.hints, parts.maxUsd - (addCosts(...calls.map((call) => call.costUsd)) ?? 0));
    const outcome = await parts.router.call(
      { system: instruction, messages, outputSchema: schema },
      { hints, tenant: task.tenant, signal: task.signal, deadline, idempotencyKey: `${task.key}-${asked}` },
    );
    calls.push(...outcome.calls);
    if (outcome.type !== "answered") throw unanswered(outcome, calls);
    const read = readPlan(outcome.answer.text, schema, { parts, task, bounds });
    if (read.ok) return { ...read.plan, calls, costUsd: addCosts(...calls.map((call) => call.costUsd)) };
    const spent = addCosts(...calls.map((call) => call.costUsd)) ?? 0;
    if (asked > maxReasks || spent > parts.maxUsd) throw unplanned(read.problems, calls);
    messages = [
      ...messages,
      { role: "assistant", content: outcome.answer.text || "(empty)" },
      planningRemarks(read.problems),
    ];
  }
}

interface Reading {
  readonly parts: PlannerParts;
  readonly task: PlanningTask;
  readonly bounds: ProposalBounds;
}

type ReadPlan =
  | { readonly ok: true; readonly plan: Composed & { readonly explanation: string } }
  | { readonly ok: false; readonly problems: readonly string[] };

function readPlan(text: string, schema: JsonObject, { parts, task, bounds }: Reading): ReadPlan {
  const read = readStructured(text, schema);
  if (!read.ok) return read;
  const proposal = read.value as unknown as Proposal;
  const composed = compose(proposal, { name: task.name, goal: task.goal, agents: bounds.agents });
  try {
    const { kinds, strategies } = parts;
    acceptDefinition(composed.definition, { kinds, strategies, ...task });
    return { ok: true, plan: { ...composed, explanation: proposal.explanation } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, problems: error.problems.map(({ path, message }) => `${path}: ${message}`) };
  }
}

/** Without the kind for agents that have tools, these are not offered. */
function boundsOf({ proposable, maxSteps }: PlannerParts, agents: Catalogue): ProposalBounds {
  const offered = proposable.includes("agent") ? agents : new Map([...agents].filter(([, agent]) => !hasTools(agent)));
  return { kinds: proposable, agents: offered, maxSteps };
}

function hintsLeft(hints: Hints, usd: number): Hints {
  return { ...hints, max_usd: Math.max(0, Math.min(hints.max_usd ?? usd, usd)) };
}

function unanswered({ error, ...outcome }: Exclude<RouteOutcome, { type: "answered" }>, calls: readonly CallRecord[]) {
  const retry: Readonly<Record<string, Json>> =
    outcome.type === "unavailable" ? { retryAfterMs: outcome.retryAfterMs } : {};
  return new AppError(error.code as ErrorCode, {
    message: `The planner got no answer: ${error.message}`,
    details: { ...error.details, ...retry, calls: calls as unknown as JsonObject[] },
  });
}

function unplanned(problems: readonly string[], calls: readonly CallRecord[]): AppError {
  const list = problems.slice(0, 30).map((problem) => `  ${problem}`);
  return new AppError("plan_invalid", {
    message: `The planner gave no plan that can be executed, in ${maxReasks + 1} answers. Of the last one:\n${list.join("\n")}`,
    problems: problems.map((message) => ({ path: "", message })),
    details: { calls: calls.length, costUsd: addCosts(...calls.map((call) => call.costUsd)) },
  });
}
