import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { runId, tokenSource } from "../core/ids.ts";
import type { Keys } from "../redis/keys.ts";
import type { Router } from "../router/router.ts";
import type { StepHandler } from "../steps/handler.ts";
import type { MachineModules } from "../steps/machine-modules.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";
import { Approvals } from "./approvals.ts";
import { type ChildrenParts, childrenOf } from "./children.ts";
import { Conclusion } from "./conclude.ts";
import type { CrashHook } from "./crash-point.ts";
import { Definitions } from "./definitions.ts";
import { Dispatcher } from "./dispatch.ts";
import { Folder } from "./fold.ts";
import { openTeller } from "./live-feed.ts";
import { abandon, endChild, operateParts, pauseChild, resumeChild } from "./operate.ts";
import { ProviderChecks } from "./provider-checks.ts";
import { removeEnded } from "./removal.ts";
import { closeRun, restoreJobs } from "./restore.ts";
import { RunStore } from "./run-store.ts";
import { schedulesBy } from "./schedules.ts";
import type { RunState } from "./state.ts";
import { createStepCache } from "./step-cache.ts";
import { type SubmitParts, submitChildren } from "./submit.ts";
import { writeUndoing } from "./undo-runs.ts";
import { Workers } from "./worker.ts";

/** How often the fleet looks for runs whose jobs are missing. */
const reconcileEveryMs = 15_000;

/** After the grace, how long what is under way may take to be handed back. */
const handBackMs = 5_000;

/** What the worker's side of the engine is made of. */
export interface WorkersParts {
  /** A patient connection: what was computed waits for Redis. */
  readonly redis: Redis;
  /** One that only receives announcements. */
  readonly subscriber: Redis;
  /** An impatient one, for what is told in passing. */
  readonly passing: Redis;
  readonly redisUrl: string;
  readonly keys: Keys;
  readonly kinds: readonly StepKindSpec[];
  readonly handlers: readonly StepHandler[];
  /** Where the machines of workflows are. Default: nowhere. */
  readonly machines?: MachineModules | undefined;
  /** Checks the providers between requests. */
  readonly router: Pick<Router, "check" | "routing">;
  readonly concurrency: number;
  readonly maxOutputBytes: number;
  /** How long a run is kept once it has ended, in milliseconds. Default null: for ever. */
  readonly retentionMs?: number | null;
  readonly crash: CrashHook;
  readonly clock: () => number;
  /** 0..1. */
  readonly random: () => number;
  readonly onError: (error: Error) => void;
}

/** The workers of one process, at work. */
export interface RunningWorkers {
  /** Ends 5 s after the grace at the latest, also where Redis is away. @param graceMs time given to running steps before they are handed back. */
  close(graceMs: number): Promise<void>;
}

/** Starts the workers of one process. */
export async function createWorkers(parts: WorkersParts): Promise<RunningWorkers> {
  const { redis, keys, clock, crash, random, onError } = parts;
  const { retentionMs: keptMs = null } = parts;
  const token = tokenSource();
  const store = new RunStore(redis, keys);
  const definitions = new Definitions(redis, keys, parts.kinds, undefined, parts.machines);
  const dispatcher = new Dispatcher(redis, keys.queues, onError);
  const restoring = operateParts({ redis, keys, definitions, dispatcher, clock, store });
  const closed = (runId: string, last: RunState) => closeRun(restoring, runId, last);
  const restore = (runId: string) => restoreJobs(restoring, runId);
  const conclusion = new Conclusion(redis, keys, token);
  const folder = new Folder({
    store,
    definitions,
    dispatcher,
    conclusion,
    crash,
    clock,
    closed,
    restore,
    abandon: (runId, steps) => abandon(restoring, runId, steps),
    token,
  });
  const submitting: SubmitParts = { ...restoring, conclusion, checkHints: () => undefined, runId };
  const children: ChildrenParts = {
    redis,
    keys,
    store,
    definitions,
    submit: async (requests, as) => {
      const submitted = await submitChildren(submitting, requests, as);
      crash("after-child", as.parent.actor);
      return submitted;
    },
    write: async (runs) => {
      await writeUndoing(submitting, runs);
      crash("after-child", runs[0]?.as?.parent.actor ?? "");
    },
    clock,
    cancel: (id, by, reason) => endChild(restoring, id, by, reason),
    pause: (id, by) => pauseChild(restoring, id, by),
    resume: (id, by) => resumeChild(restoring, id, by),
  };
  const checks = new ProviderChecks({ router: parts.router, queue: dispatcher.queues.control });
  const schedules = schedulesBy(submitting);
  const workers = new Workers({
    schedules,
    store,
    definitions,
    folder,
    handlers: new Map(parts.handlers.map((handler) => [handler.kind, handler])),
    crash,
    clock,
    random,
    worker: `${hostname()}:${process.pid}`,
    maxOutputBytes: parts.maxOutputBytes,
    children: (execution, workflow) => childrenOf(children, execution, workflow),
    cache: createStepCache(parts.passing, keys),
    approvals: new Approvals({ redis, keys, clock }),
    removeEnded: () => removeEnded({ redis, keys }, keptMs === null ? 0 : clock() - keptMs),
    teller: (runId) => openTeller(parts.passing, keys, runId),
    redis,
    redisUrl: parts.redisUrl,
    prefix: keys.queues,
    concurrency: parts.concurrency,
    restore: restoring,
    checks,
    token,
    onError,
  });
  await workers.ready();
  parts.subscriber.on("message", (channel: string, message: string) => {
    if (channel === keys.stops) workers.abandon(JSON.parse(message) as string[]);
  });
  await parts.subscriber.subscribe(keys.stops);
  // After a lost connection. It looks once it hears again, so that nothing falls in between.
  const hearAgain = async () => {
    await parts.subscriber.subscribe(keys.stops);
    await workers.lookAgain();
  };
  parts.subscriber.on("ready", () => void hearAgain().catch(onError));
  const job = {
    name: "reconcile",
    data: { run: "", workflow: "", version: 0 },
    opts: { removeOnComplete: true, removeOnFail: 20 },
  };
  await dispatcher.queues.control.upsertJobScheduler("reconcile", { every: reconcileEveryMs }, job);
  await checks.schedule();
  return {
    async close(graceMs) {
      // Commands that wait for a Redis which does not come back fail then: what they were to say is lost as it is when a process dies, and those jobs come again.
      const giveUp = setTimeout(() => redis.disconnect(), graceMs + handBackMs);
      await workers.close(graceMs);
      clearTimeout(giveUp);
      await dispatcher.close();
    },
  };
}
