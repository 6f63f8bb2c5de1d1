import { pendingStep, stepAfter } from "../../core/history.ts";
import { isLive } from "../../core/live.ts";
import { isTerminalEvent, type Run, type RunEvent, type StepRecord } from "../../core/run.ts";
import type { Engine } from "../../engine/engine.ts";
import { feed } from "../feed.ts";
import type { SentEvent } from "../sse.ts";
import { executionBody } from "./execution-body.ts";

/** Events of a run in AxonFlow's words; others are not told. */
const names: Partial<Readonly<Record<RunEvent["type"], string>>> = {
  "run.started": "execution.started",
  "run.succeeded": "execution.completed",
  "run.failed": "execution.failed",
  "run.cancelled": "execution.cancelled",
  "run.paused": "execution.paused",
  "run.resumed": "execution.resumed",
  "step.started": "step.started",
  "step.succeeded": "step.completed",
  "step.reused": "step.completed",
  "step.failed": "step.failed",
  "step.skipped": "step.skipped",
  "step.waiting": "step.waiting",
  "step.retrying": "step.retrying",
  "step.cancelled": "step.cancelled",
};

/** A run as its stream follows it: folded from its events, so that no event costs a read of the whole run. */
interface Followed {
  run: Run;
  steps: ReadonlyMap<string, StepRecord>;
}

/**
 * A run's execution as AxonFlow's clients follow it: first `status`, then each event with the execution as it stands after it; ends with the run. Each has its
 * number as id; a reader who comes back begins with `status` anyway.
 */
export async function* executionEvents(
  engine: Engine,
  runId: string,
  { tenant, clock, signal }: { readonly tenant: string; readonly clock: () => number; readonly signal: AbortSignal },
): AsyncGenerator<SentEvent> {
  const past = await engine.events(runId, 0);
  const run = await engine.get(runId, { outputs: true });
  const body = (one: Run) => executionBody(one, tenant, clock());
  if (past.some(isTerminalEvent)) {
    yield { event: "status", data: body(run) };
    return;
  }
  // As those events say it, not as it may stand by now: what has happened since is told next.
  const steps = new Map(run.steps.map(({ id, kind }) => [id, pendingStep(id, kind)]));
  const followed: Followed = { run: { ...run, status: "queued", output: null, error: null, finishedAt: null }, steps };
  for (const event of past) follow(followed, event);
  yield { event: "status", data: body(standing(followed)) };
  let last = past.at(-1)?.seq ?? 0;
  for await (const event of feed({ engine, runId, after: last, signal })) {
    if (isLive(event)) continue;
    last = event.seq;
    follow(followed, event);
    const name = names[event.type];
    if (name === undefined) continue;
    const now = isTerminalEvent(event) ? await engine.get(runId, { outputs: true }) : standing(followed);
    yield { id: last, event: name, data: { ...body(now), ...("step" in event ? { step_id: event.step } : {}) } };
  }
}

function standing({ run, steps }: Followed): Run {
  return { ...run, steps: [...steps.values()] };
}

function follow(followed: Followed, event: RunEvent): void {
  const { run } = followed;
  if (event.type === "run.started") followed.run = { ...run, status: "running", startedAt: event.at };
  if (event.type === "run.paused") followed.run = { ...run, status: "paused" };
  if (event.type === "run.resumed") followed.run = { ...run, status: "running" };
  const step = "step" in event ? followed.steps.get(event.step) : undefined;
  if (step) followed.steps = new Map(followed.steps).set(step.id, stepAfter(step, event));
}
