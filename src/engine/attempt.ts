import { AppError, assertNever, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import { addCosts } from "../core/history.ts";
import type { EventBody } from "../core/run.ts";
import { ownName, tenantOf } from "../core/tenant.ts";
import type { Children, StepHandler, StepOutcome } from "../steps/handler.ts";
import type { CompiledStep } from "../workflow/compiled.ts";
import type { Approvals } from "./approvals.ts";
import { type Beginning, type Begun, parseBeginning } from "./beginning.ts";
import { scopeOf } from "./conclude.ts";
import type { CrashHook } from "./crash-point.ts";
import { type Definitions, isForOthers, type LoadedWorkflow } from "./definitions.ts";
import { backoffMs, failedDelivery, mayRetry } from "./failure.ts";
import type { Folder, Visit } from "./fold.ts";
import type { Handover } from "./handovers.ts";
import { leaveToOthers } from "./leave-to-others.ts";
import { isHandBack, limited } from "./limited.ts";
import { type LiveTeller, pieces } from "./live-feed.ts";
import type { Execution, RunStore } from "./run-store.ts";
import type { Delivery } from "./state.ts";
import { cacheKeyOf, type StepCache } from "./step-cache.ts";

/** What executing attempts needs. */
export interface AttemptParts {
  readonly store: RunStore;
  readonly definitions: Definitions;
  readonly folder: Folder;
  readonly handlers: ReadonlyMap<string, StepHandler>;
  readonly crash: CrashHook;
  readonly clock: () => number;
  /** 0..1, for jitter. */
  readonly random: () => number;
  /** Name of this worker process in the history. */
  readonly worker: string;
  /** Bytes of JSON that a step's output may have. */
  readonly maxOutputBytes: number;
  readonly cache: StepCache;
  /** The child runs of a dispatch. */
  readonly children: (execution: Execution, workflow: LoadedWorkflow) => Children;
  /** Opens the way by which an attempt tells the pieces of its answer to those who watch the run. */
  readonly teller: (runId: string) => LiveTeller;
  /** What waits for a person's word. */
  readonly approvals: Pick<Approvals, "expect">;
}

/** How the job of an attempt ends. */
export type AttemptEnd =
  | Visit
  /** The policy's next attempt comes after `delayMs`. */
  | { readonly type: "retry"; readonly delayMs: number; readonly error: ErrorRecord }
  /** Nothing was tried, or the worker stops: the same attempt comes after `delayMs`. */
  | { readonly type: "later"; readonly delayMs: number }
  /** The step failed for good; that is committed. */
  | { readonly type: "failed"; readonly error: ErrorRecord };

/** Executes one attempt of a dispatched step, from its begin to the transition that its outcome makes. */
export async function attempt(
  parts: AttemptParts,
  execution: Execution,
  workflowName: string,
  version: number,
  stop: AbortController,
  handover: Handover,
): Promise<AttemptEnd> {
  let workflow: LoadedWorkflow | undefined;
  try {
    workflow = await parts.definitions.load(workflowName, version).catch(orNotFound);
  } catch (error) {
    // One that was begun when its job was taken is given back, whatever the reason.
    if (isForOthers(error) || handover.begun) return leaveToOthers(parts, execution, error, handover.begun);
    throw error;
  }
  const step = workflow?.compiled.steps.get(execution.actor);
  // A Redis that has lost its last second may still be sent a job of a run that it lost, whose version now is missing or another one's.
  if (!workflow || !step) return parts.folder.refused(execution);
  const begun = await beginning(parts, execution, step, handover);
  switch (begun.type) {
    case "stale":
      return parts.folder.refused(execution);
    case "paused":
      // Its job goes; resuming the run brings it again.
      return { type: "done" };
    case "parked":
      return begun.waitMs === null ? { type: "done" } : { type: "later", delayMs: begun.waitMs };
    case "delivered":
      return parts.folder.again(execution);
    case "exhausted": {
      const error = toErrorRecord(new AppError("attempts_exhausted", { details: { attempts: begun.attempts } }));
      return failWithoutAttempt(parts, begun.execution, step, begun.attempts, error);
    }
    case "begun": {
      parts.crash("after-begin", execution.actor);
      const startedAt = parts.clock();
      const outcome = await work(parts, execution, workflow, step, begun, stop);
      const waitedMs = begun.waitedMs + parts.clock() - startedAt;
      return conclude(parts, { execution, workflow, step, begun, waitedMs }, outcome, handover);
    }
    default:
      return assertNever(begun);
  }
}

/** Unless that was done when its job was taken; it is asked again, under the same token, where that was long ago, or the job was planned by a process that had the step read otherwise. */
async function beginning(
  parts: AttemptParts,
  execution: Execution,
  step: CompiledStep,
  { begun, isFresh }: Handover,
): Promise<Beginning> {
  if (begun && isFresh && begun.reads.join() === step.reads.join())
    return parseBeginning(execution, begun.reply, begun.recent);
  const recent = parts.folder.recent.get(execution.runId);
  return parts.store.begin(execution, step.retry.attempts, parts.worker, step.reads, recent, step.resumesBare);
}

function orNotFound(error: unknown): undefined {
  if (error instanceof AppError && error.code === "workflow_not_found") return undefined;
  throw error;
}

async function work(
  parts: AttemptParts,
  execution: Execution,
  workflow: LoadedWorkflow,
  step: CompiledStep,
  begun: Begun,
  stop: AbortController,
): Promise<StepOutcome> {
  const teller = parts.teller(execution.runId);
  try {
    const outputs = step.reads.map((id, index) => [id, begun.outputs[index] ?? null] as const);
    const handler = parts.handlers.get(step.kind);
    if (!handler)
      throw new AppError("internal", { message: `This worker has no handler for steps of kind ${step.kind}.` });
    const given = begun.isBare ? undefined : step.given?.(begun.state.active[step.id]?.input ?? null);
    const scope = { ...scopeOf(begun.input, outputs), env: handler.env };
    const body = begun.isBare ? null : given ? given.body : await step.render(scope);
    const deadline = parts.clock() + step.timeoutMs;
    const hints = { ...begun.hints, ...(given?.hints ?? step.route) };
    const cached = { cache: parts.cache, waiting: parts.store.waiting };
    const tenant = tenantOf(workflow.name);
    const cacheKey = await cacheKeyOf(cached, execution, step, begun, { tenant, kind: step.kind, body, hints });
    const kept = cacheKey === undefined || begun.isBare ? undefined : await parts.cache.find(cacheKey);
    if (kept) return kept;
    const outcome = await limited(step.timeoutMs, stop, (signal) =>
      handler.execute({
        runId: execution.runId,
        workflow: ownName(workflow.name),
        tenant,
        stepId: step.id,
        attempt: begun.attempt,
        body,
        ...(step.code ? { code: step.code } : {}),
        hints,
        idempotencyKey: `${execution.runId}-${step.id}-${execution.epoch}-${begun.ended + 1}`,
        avoid: begun.avoid,
        waitedMs: begun.waitedMs,
        deadline,
        signal,
        memo: begun.memo,
        save: (memo, drop) => parts.store.waiting.save(execution, memo, drop),
        take: async (name) => {
          const payload = await parts.store.waiting.take(execution, name);
          parts.crash("after-take", execution.actor);
          return payload;
        },
        stow: (values) => parts.store.waiting.stow(execution, values),
        stowed: (names) => parts.store.waiting.stowed(execution, names),
        children: parts.children(execution, workflow),
        tell: pieces(teller, step.id, begun.attempt),
        note: (event) => void parts.store.note(execution, event).catch(() => undefined),
      }),
    );
    parts.crash("after-reply", execution.actor);
    if (cacheKey !== undefined) await parts.cache.keep(cacheKey, outcome, step.cacheMs ?? 0);
    return outcome.type === "succeeded" ? checkSize(outcome, parts.maxOutputBytes) : outcome;
  } catch (error) {
    // What a handler throws is a mistake in it or in the template: the former may pass, the latter never does.
    const retryable = !(error instanceof AppError) || error.code === "internal";
    return { type: "failed", error: toErrorRecord(error), retryable, report: { calls: [] } };
  } finally {
    await teller.close();
  }
}

function checkSize(outcome: StepOutcome & { type: "succeeded" }, maxBytes: number): StepOutcome {
  const bytes = Buffer.byteLength(JSON.stringify(outcome.output));
  if (bytes <= maxBytes) return outcome;
  const message = `The step's output has ${bytes} bytes of JSON; at most ${maxBytes} are allowed (SWITCHYARD_OUTPUT_LIMIT).`;
  const error = toErrorRecord(new AppError("payload_too_large", { message }));
  return { type: "failed", error, retryable: false, report: outcome.report };
}

/** An attempt that was executed. */
interface Executed {
  readonly execution: Execution;
  readonly workflow: LoadedWorkflow;
  readonly step: CompiledStep;
  readonly begun: Begun;
  /** Since the step's first attempt began. */
  readonly waitedMs: number;
}

async function conclude(
  parts: AttemptParts,
  { execution, workflow, step, begun, waitedMs }: Executed,
  outcome: StepOutcome,
  handover: Handover,
): Promise<AttemptEnd> {
  const { actor, epoch } = execution;
  const head = { step: actor, attempt: begun.attempt };
  const costUsd = addCosts(...outcome.report.calls.map((call) => call.costUsd));
  const settle = (delivery: Delivery, finishing?: Handover) =>
    begun.isBare
      ? parts.folder.deliver(execution, delivery, costUsd)
      : parts.folder.settle({ begun, execution, delivery, costUsd, workflow }, finishing);
  switch (outcome.type) {
    case "succeeded": {
      const event: EventBody = { type: "step.succeeded", ...head, served: outcome.served, ...outcome.report };
      return settle({ actor, epoch, type: "done", output: outcome.output, event }, handover);
    }
    case "deferred": {
      if (isHandBack(outcome) || waitedMs + outcome.delayMs < step.maxWaitMs) {
        const until = parts.clock() + outcome.delayMs;
        const event: EventBody = { type: "step.waiting", ...head, until, reason: outcome.reason, ...outcome.report };
        const held = await parts.store.suspend(execution, { refund: true, costUsd, event, avoid: [] });
        return held.type === "stale" ? parts.folder.refused(execution) : { type: "later", delayMs: outcome.delayMs };
      }
      return finalFailure(settle, step, head, epoch, outcome);
    }
    case "failed": {
      if (begun.attempt >= step.retry.attempts || !mayRetry(outcome, step.retry))
        return finalFailure(settle, step, head, epoch, outcome);
      const delayMs = backoffMs(step.retry, begun.attempt, parts.random());
      const event: EventBody = { type: "step.retrying", ...head, error: outcome.error, delayMs, ...outcome.report };
      const failed = outcome.report.calls.filter((call) => !call.ok).map((call) => call.provider);
      const held = await parts.store.suspend(execution, { refund: false, costUsd, event, avoid: [...new Set(failed)] });
      return held.type === "stale" ? parts.folder.refused(execution) : { type: "retry", delayMs, error: outcome.error };
    }
    case "parked":
      return park(parts, execution, workflow, head, costUsd, outcome);
    default:
      return assertNever(outcome);
  }
}

/** Ends the job: a parked step goes on in a new one, at its time or when it is woken. */
async function park(
  parts: AttemptParts,
  execution: Execution,
  { name, version, compiled }: LoadedWorkflow,
  head: { readonly step: string; readonly attempt: number },
  costUsd: number | null,
  { until, memo, signal, reason, report }: StepOutcome & { readonly type: "parked" },
): Promise<AttemptEnd> {
  const event: EventBody | null = reason === null ? null : { type: "step.waiting", ...head, until, reason, ...report };
  const parking = { until, memo, signal };
  await parts.approvals.expect(name, execution.runId, execution.actor, signal);
  const held = await parts.store.suspend(execution, { refund: true, costUsd, event, avoid: [], park: parking });
  if (held.type === "stale") return parts.folder.refused(execution);
  parts.crash("after-park", execution.actor);
  if (held.type === "woken") return { type: "later", delayMs: 0 };
  if (until !== null) await parts.folder.sleep(execution, { version, compiled, until, times: held.times });
  return { type: "done" };
}

async function finalFailure(
  settle: (delivery: Delivery) => Promise<Visit>,
  step: CompiledStep,
  head: { readonly step: string; readonly attempt: number },
  epoch: number,
  { error, report }: Extract<StepOutcome, { readonly error: ErrorRecord }>,
): Promise<AttemptEnd> {
  const visit = await settle(failedDelivery(step, epoch, { type: "step.failed", ...head, error, ...report }));
  return visit.type === "done" ? { type: "failed", error } : visit;
}

/** The attempts were spent by workers that died. This execution began none and may only deliver that. */
async function failWithoutAttempt(
  parts: AttemptParts,
  execution: Execution,
  step: CompiledStep,
  attempts: number,
  error: ErrorRecord,
): Promise<AttemptEnd> {
  const { actor, epoch } = execution;
  const event = { type: "step.failed", step: actor, attempt: attempts, error, calls: [] } as const;
  const visit = await parts.folder.deliver(execution, failedDelivery(step, epoch, event));
  return visit.type === "done" ? { type: "failed", error } : visit;
}
