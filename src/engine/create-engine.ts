import type { Redis } from "ioredis";
import type { Hints } from "../core/call.ts";
import { runId, tokenSource } from "../core/ids.ts";
import { defaultTenant } from "../core/tenant.ts";
import { ready } from "../redis/connection.ts";
import type { Keys } from "../redis/keys.ts";
import type { MachineModules } from "../steps/machine-modules.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";
import { answered } from "./answered.ts";
import { Approvals } from "./approvals.ts";
import { Conclusion } from "./conclude.ts";
import { Definitions } from "./definitions.ts";
import { deleteWorkflow } from "./delete-workflow.ts";
import { Dispatcher } from "./dispatch.ts";
import type { EngineHealth, FleetEngine, SubmitRequest } from "./engine.ts";
import { Feed } from "./feed.ts";
import { forkRun } from "./fork-run.ts";
import { queueNames } from "./job.ts";
import { cancelRun, operateParts, pauseRun, resumeRun, signalRun } from "./operate.ts";
import { RunQuery } from "./query.ts";
import { deleteRun } from "./removal.ts";
import { reconcile } from "./restore.ts";
import { RunStore } from "./run-store.ts";
import { schedulesBy } from "./schedules.ts";
import { type SubmitParts, submit } from "./submit.ts";
import { newSecret, Triggers } from "./triggers.ts";
import { listWorkflows, versionsOf } from "./workflow-list.ts";

/** What the API's side of the engine is made of. */
export interface EngineParts {
  /** An impatient connection: requests fail rather than wait. */
  readonly redis: Redis;
  /** A connection that only receives announcements. */
  readonly subscriber: Redis;
  readonly keys: Keys;
  readonly kinds: readonly StepKindSpec[];
  /** Names that a definition may give as `strategy`. */
  readonly strategies?: readonly string[] | undefined;
  /** Where the machines of workflows are. Default: nowhere. */
  readonly machines?: MachineModules | undefined;
  /** @throws AppError when a hint names what does not exist. */
  readonly checkHints: (hints: Hints) => void | Promise<void>;
  readonly clock: () => number;
  readonly onError: (error: Error) => void;
}

/** The engine as the API uses it, with the queues for the queue dashboard. */
export async function createEngine(parts: EngineParts): Promise<FleetEngine & { readonly dispatcher: Dispatcher }> {
  const { redis, keys, clock } = parts;
  await ready(redis, 5_000);
  const store = new RunStore(redis, keys);
  const definitions = new Definitions(redis, keys, parts.kinds, parts.strategies, parts.machines);
  const dispatcher = new Dispatcher(redis, keys.queues, parts.onError);
  const query = new RunQuery(redis, keys, definitions);
  const approvals = new Approvals({ redis, keys, clock });
  const feed = new Feed(parts.subscriber, keys);
  const operating = operateParts({ redis, keys, definitions, dispatcher, clock, store });
  const token = tokenSource();
  const conclusion = new Conclusion(redis, keys, token);
  const submitting: SubmitParts = { ...operating, conclusion, checkHints: parts.checkHints, runId };
  const schedules = schedulesBy(submitting);
  const triggers = new Triggers({
    redis,
    keys,
    clock,
    secret: newSecret,
    token,
    hasWorkflow: async (name, version) => {
      await definitions.refuseDeleted(name);
      await definitions.load(name, version);
    },
    submit: (request) => submit(submitting, request),
    signal: async (run, signal) => {
      await approvals.refuseOthers(run, signal);
      await signalRun(operating, run, signal);
    },
    ownerOf: (run) => query.ownerOf(run),
  });
  return {
    dispatcher,
    triggers: {
      set: (id, request, by) => answered(() => triggers.set(id, request, by)),
      list: (tenant?: string) => answered(() => triggers.list(tenant)),
      show: (id) => answered(() => triggers.show(id)),
      remove: (id) => answered(() => triggers.remove(id)),
      deliver: (id, delivery) => answered(() => triggers.deliver(id, delivery)),
      announce: (name, signal, tenant: string = defaultTenant) =>
        answered(() => triggers.announce(tenant, name, signal)),
    },
    schedules: {
      set: (request) => answered(() => schedules.set(request)),
      list: (tenant?: string) => answered(() => schedules.list(tenant)),
      show: (id) => answered(() => schedules.show(id)),
      remove: (id) => answered(() => schedules.remove(id)),
    },
    ownerOf: (id) => answered(() => query.ownerOf(id)),
    store: (source, tenant = defaultTenant) =>
      answered(async () => {
        const { name, version } = await definitions.store(definitions.check(source), { tenant });
        return { name, version };
      }),
    check: (source) => definitions.check(source),
    workflows: (request = {}) => answered(() => listWorkflows(redis, keys, request)),
    versions: (name) => answered(() => versionsOf(redis, keys, name)),
    approvals: ({ tenant = defaultTenant, limit = 100 } = {}) => answered(() => approvals.list(tenant, limit)),
    remove: (id) => answered(() => deleteRun({ redis, keys }, id)),
    deleteWorkflow: (name) => answered(() => deleteWorkflow({ redis, keys, definitions, schedules, triggers }, name)),
    definition: (name, version) =>
      answered(async () => {
        await definitions.refuseDeleted(name);
        return definitions.show(name, version);
      }),
    submit: (request: SubmitRequest) =>
      answered(async () => {
        const { id, created } = await submit(submitting, request);
        return { run: await query.get(id), created };
      }),
    fork: (runId, request) =>
      answered(async () => {
        const { id, created } = await forkRun({ ...submitting, query }, runId, request);
        return { run: await query.get(id), created };
      }),
    get: (id, options) => answered(() => query.get(id, options)),
    list: (options) => answered(() => query.list({ ...options, limit: Math.min(options?.limit ?? 50, 500) })),
    events: (id, after, limit) => answered(() => query.events(id, after, limit)),
    reconcile: () => reconcile(operating),
    cancel: (id, by, reason) => answered(() => cancelRun(operating, id, by, reason)),
    pause: (id, by) => answered(() => pauseRun(operating, id, by)),
    resume: (id, by) => answered(() => resumeRun(operating, id, by)),
    // With an id of its own, so that a command that Redis executed and whose reply was lost is one signal.
    signal: (id, signal) =>
      answered(async () => {
        await approvals.refuseOthers(id, signal);
        await signalRun(operating, id, { ...signal, id: signal.id ?? token() });
      }),
    watch: (id, onNews) => feed.watch(id, onNews),
    health: () => answered(() => healthOf(redis, dispatcher)),
    close: () => dispatcher.close(),
  };
}

async function healthOf(redis: Redis, { queues }: Dispatcher): Promise<EngineHealth> {
  const before = performance.now();
  await redis.ping();
  const redisMs = performance.now() - before;
  const counts = await Promise.all(
    queueNames.map((name) => queues[name].getJobCounts("waiting", "prioritized", "active", "delayed")),
  );
  // The scheduler of `reconcile` always has its next job there: no work, only its alarm clock.
  const schedulers = await queues.control.getJobSchedulersCount();
  const open = queueNames.map((name, index) => {
    const { waiting = 0, prioritized = 0, active = 0, delayed = 0 } = counts[index] ?? {};
    return waiting + prioritized + active + (name === "control" ? Math.max(0, delayed - schedulers) : delayed);
  });
  const clients = await queues.llm.getWorkers();
  return {
    redisMs,
    queues: Object.fromEntries(queueNames.map((name, index) => [name, open[index] ?? 0])),
    workers: [...new Set(clients.flatMap(({ rawname }) => rawname?.split(":w:")[1] ?? []))].sort(),
  };
}
