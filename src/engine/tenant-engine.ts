import type { Run, RunEvent, RunSummary } from "../core/run.ts";
import type { Schedule } from "../core/schedule.ts";
import { defaultTenant, fullKey, fullName, ownName } from "../core/tenant.ts";
import type { Trigger } from "../core/trigger.ts";
import type { Engine, FleetEngine } from "./engine.ts";
import { notFound } from "./query.ts";

/** Runs that a tenant is known to have. They never change hands. */
const rememberedRuns = 10_000;

/**
 * The engine as one tenant sees it: workflows, schedules and triggers by their own names, and of runs its own. What is another tenant's is not there, by whatever
 * id or name it is asked for.
 */
export function tenantEngine(fleet: FleetEngine, tenant: string): Engine {
  const full = (name: string) => fullName(tenant, name);
  const own = ownRuns(fleet, tenant);
  const keyed = <T extends { readonly idempotencyKey?: string }>(request: T): T =>
    request.idempotencyKey === undefined
      ? request
      : { ...request, idempotencyKey: fullKey(tenant, request.idempotencyKey) };
  return {
    async store(definition) {
      const { name, version } = await fleet.store(definition, tenant);
      return { name: ownName(name), version };
    },
    async definition(name, version) {
      const shown = await fleet.definition(full(name), version);
      return { ...shown, name: ownName(shown.name) };
    },
    check: (definition) => fleet.check(definition),
    workflows: (request) => fleet.workflows({ ...request, tenant }),
    deleteWorkflow: (name) => fleet.deleteWorkflow(full(name)),
    versions: (name) => fleet.versions(full(name)),
    approvals: (request) => fleet.approvals({ ...request, tenant }),
    async submit({ workflow, ...request }) {
      const named = workflow === undefined ? {} : { workflow: full(workflow) };
      const { run, created } = await fleet.submit({ ...keyed(request), ...named, tenant });
      return { run: shownRun(run, tenant), created };
    },
    get: (id, options) => own(id, async () => shownRun<Run>(await fleet.get(id, options), tenant)),
    async list({ workflow, ...options } = {}) {
      const { parent, before } = options;
      if (parent !== undefined && !(await own(parent, async () => true).catch(absent))) return { runs: [], next: null };
      // A page may also begin behind a run.
      if (before?.startsWith("run_")) await own(before, async () => undefined);
      const named = workflow === undefined ? {} : { workflow: full(workflow) };
      const { runs, next } = await fleet.list({ ...options, ...named, tenant });
      return { runs: runs.map((run) => shownRun(run, tenant)), next };
    },
    events: (id, after, limit) => own(id, async () => (await fleet.events(id, after, limit)).map(shownEvent)),
    watch: (id, onNews) => own(id, () => fleet.watch(id, onNews)),
    fork: (id, request) =>
      own(id, async () => {
        const { run, created } = await fleet.fork(id, keyed(request));
        return { run: shownRun(run, tenant), created };
      }),
    cancel: (id, by, reason) => own(id, () => fleet.cancel(id, by, reason)),
    pause: (id, by) => own(id, () => fleet.pause(id, by)),
    resume: (id, by) => own(id, () => fleet.resume(id, by)),
    remove: (id) => own(id, () => fleet.remove(id)),
    signal: (id, signal) => own(id, () => fleet.signal(id, signal)),
    schedules: {
      async set(request) {
        const set = await fleet.schedules.set({ ...request, id: full(request.id), workflow: full(request.workflow) });
        return shownSchedule(set);
      },
      list: async () => (await fleet.schedules.list(tenant)).map(shownSchedule),
      show: async (id) => shownSchedule(await fleet.schedules.show(full(id))),
      remove: (id) => fleet.schedules.remove(full(id)),
    },
    triggers: {
      async set(id, { workflow, ...request }, by) {
        const named = workflow === undefined ? {} : { workflow: full(workflow) };
        return shownTrigger(await fleet.triggers.set(full(id), { ...request, ...named }, by));
      },
      list: async () => (await fleet.triggers.list(tenant)).map((trigger) => shownTrigger(trigger)),
      show: async (id) => shownTrigger(await fleet.triggers.show(full(id))),
      remove: (id) => fleet.triggers.remove(full(id)),
      deliver: (id, delivery) => fleet.triggers.deliver(full(id), delivery),
      announce: (name, signal) => fleet.triggers.announce(name, signal, tenant),
    },
    // What concerns all tenants alike.
    reconcile: () => fleet.reconcile(),
    health: () => fleet.health(),
    close: () => fleet.close(),
  };
}

/** Does something with a run, if it is the tenant's. @throws AppError run_not_found */
function ownRuns(fleet: FleetEngine, tenant: string) {
  const known = new Set<string>();
  return async <T>(id: string, act: () => Promise<T>): Promise<T> => {
    if (!known.has(id)) {
      if ((await fleet.ownerOf(id)) !== tenant) throw notFound(id);
      if (known.size >= rememberedRuns) known.clear();
      known.add(id);
    }
    return act();
  };
}

/** For lists: of a run that is not there nothing is listed. */
function absent(error: unknown): false {
  if (error instanceof Error && "code" in error && error.code === "run_not_found") return false;
  throw error;
}

function shownRun<T extends RunSummary>(run: T, tenant: string): T {
  const { id, ...rest } = { ...run, workflow: ownName(run.workflow) };
  return (tenant === defaultTenant ? { id, ...rest } : { id, tenant, ...rest }) as T;
}

function shownEvent(event: RunEvent): RunEvent {
  return event.type === "run.created" ? { ...event, workflow: ownName(event.workflow) } : event;
}

function shownSchedule(schedule: Schedule): Schedule {
  return { ...schedule, id: ownName(schedule.id), workflow: ownName(schedule.workflow) };
}

function shownTrigger<T extends Trigger>(trigger: T): T {
  const { id, workflow } = trigger;
  return { ...trigger, id: ownName(id), workflow: workflow === null ? null : ownName(workflow) };
}

/** Gives each tenant its engine, one a process. */
export function tenantEngines(fleet: FleetEngine): (tenant: string) => Engine {
  const engines = new Map<string, Engine>();
  return (tenant) => {
    const known = engines.get(tenant);
    if (known) return known;
    if (engines.size >= 1_000) engines.clear();
    const engine = tenantEngine(fleet, tenant);
    engines.set(tenant, engine);
    return engine;
  };
}
