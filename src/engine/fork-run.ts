import type { JsonObject } from "../core/json.ts";
import type { CompiledWorkflow } from "../workflow/compiled.ts";
import type { ForkRequest } from "./engine.ts";
import { decideFork, type ForkPlan, planFork } from "./fork.ts";
import { type MachineFork, machineForkPoint } from "./fork-machine.ts";
import type { RunQuery } from "./query.ts";
import { decideResume } from "./resume-machine.ts";
import type { Transition } from "./state.ts";
import { askedPriority, claimed, type SubmitParts } from "./submit.ts";
import { complete, writeRun } from "./write-run.ts";

/** What forking needs. */
export interface ForkParts extends SubmitParts {
  readonly query: RunQuery;
}

/**
 * Starts a new run from the middle of another one, which stays as it is: steps before keep their outputs and are not executed again. Accepted like a submission: written
 * at once, and the same idempotency key gives the same run.
 * @throws AppError run_not_found, workflow_not_found, unknown_step, step_not_reached, fork_diverged, nothing_to_retry, output_lost, invalid_input, idempotency_conflict; what a hint may throw
 */
export async function forkRun(
  parts: ForkParts,
  runId: string,
  request: ForkRequest,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const { definitions, redis, keys } = parts;
  const run = await parts.query.get(runId, { outputs: true });
  await definitions.refuseDeleted(run.workflow);
  const version = request.version ?? run.version;
  const [workflow, { definition }] = await Promise.all([
    definitions.load(run.workflow, version),
    definitions.show(run.workflow, version),
  ]);
  const input = workflow.compiled.checkInput(request.input ?? run.input);
  const hints = request.hints ?? run.hints;
  await parts.checkHints(hints);
  for (const route of workflow.compiled.routes) await parts.checkHints({ ...hints, ...route });
  const begin = workflow.compiled.own
    ? await resuming(parts, { run, workflow, request, input })
    : forking(workflow.compiled, input, planFork(run, definition.steps, request.from));
  const priority = request.priority ?? run.priority ?? "normal";
  const now = parts.clock();
  const asked = {
    fork: runId,
    from: request.from ?? null,
    version,
    input,
    hints: hints as JsonObject,
    ...askedPriority(request),
  };
  const id = await claimed(parts, request.idempotencyKey, parts.runId(now), asked);
  const forkOf = { run: runId, step: begin.from };
  const transition = begin.decide(now);
  // Sent before what writes the fork, on the same connection: no fork is missing among those of its run. One that was never written is not shown.
  const listed = redis.zadd(keys.run(runId).forks, "NX", now, id);
  const [created] = await Promise.all([
    writeRun(parts, { id, workflow, input, hints, priority, forkOf, transition }, now),
    listed,
  ]);
  if (!created) await complete(parts, id);
  return { id, created };
}

/** How a fork begins. */
interface Beginning {
  /** The step that it begins with; null: no step was the reason of the run's end. */
  readonly from: string | null;
  readonly decide: (now: number) => Transition;
}

function forking({ machine }: CompiledWorkflow, input: JsonObject, { kept, from }: ForkPlan): Beginning {
  return { from, decide: (now) => decideFork(machine, input, kept, now) };
}

async function resuming(parts: ForkParts, fork: MachineFork): Promise<Beginning> {
  const { from, point } = await machineForkPoint(parts, fork);
  return { from, decide: (now) => decideResume(point, now) };
}
