/**
 * Every Redis key of Switchyard. The part in braces is the cluster hash tag: keys that one script touches share it, but for a worker's handover.
 * A `prefix` (default "switchyard") lets several fleets share one Redis.
 */
export interface Keys {
  /** The prefix given to BullMQ; its queue keys share one hash tag. */
  readonly queues: string;
  run(runId: string): RunKeys;
  /** What the keys of the lists of runs begin with; the engine's scripts derive them from it. */
  readonly lists: string;
  /** Sorted set: run id by creation time. What `runs list --all` reads. */
  readonly runs: string;
  /** Sorted set: ids of the runs that no step has started, by creation time. What `runs list` reads. */
  readonly ownRuns: string;
  /** Sorted set: ids of runs that have not ended, by creation time. What reconcile reads. */
  readonly openRuns: string;
  /** Sorted set: ids of the runs that no step has started and that have ended, by when they did; 0: to be removed now. What retention reads. */
  readonly endedRuns: string;
  /** Sorted set: ids of runs by creation time, of one workflow (full name), of one tenant, or that ended with one status. */
  runsBy(what: "workflow" | "tenant" | "status", value: string): string;
  /** Sorted set: "run|actor" of steps that may wait for a person's word, by when they began to, of one tenant. */
  approvals(tenant: string): string;
  /** Hash with expiry: the run id that an idempotency key made, and the hash of its request. */
  idempotency(key: string): string;
  /** Hash with expiry: who is carried out for an idempotency key, or what that was answered. @param record see recordId */
  answer(record: string): string;
  /** Hash: definitions of one workflow by version, version by content hash, and the newest version. */
  workflow(name: string): string;
  /** Set: full names of the stored workflows. */
  readonly workflows: string;
  /** Router keys, all of one hash tag. @param name what is kept: `keys`, `counter`, `health:TARGET`, `use:NAME`, ... */
  router(name: string): string;
  /** Hash: schedule by id, and the last run of each. */
  readonly schedules: string;
  /** Hash: trigger by id, with its secret. */
  readonly triggers: string;
  /** Hash with expiry while it is pending: a plan, its versions, its run. */
  plan(tenant: string, id: string): string;
  /** Sorted set: ids of a tenant's plans by creation time. */
  plans(tenant: string): string;
  /** Text with expiry: what a step with that content gave. */
  cache(hash: string): string;
  /** Who may do what. */
  readonly access: AccessKeys;
  /** Who is under way of runs that count together, and who waits. @param group see placesGroup */
  places(group: string): PlacesKeys;
  /** Channel on which workers are told of steps that nobody wants any more: the beginnings of their job ids, JSON. */
  readonly stops: string;
  /** Channel on which a run's new events are announced. */
  channel(runId: string): string;
}

/** Keys of keys, logins and the audit log. */
export interface AccessKeys {
  /** Hash: key record by id, and the time of its revocation by `ID.revoked`. */
  readonly keys: string;
  /** Hash: epoch milliseconds of a key's last use, by id. */
  readonly used: string;
  /** Text with expiry: what a browser that is logged in may do. @param digest of its cookie */
  session(digest: string): string;
  /** Stream: what was changed over HTTP. */
  readonly audit: string;
  /** Stream: of the audit log, what was begun. */
  readonly begun: string;
  /** Beginning of the counters of requests by key. */
  readonly rates: string;
  /** Channel on which servers are told that keys have changed. */
  readonly changed: string;
}

/** The keys of one run. All carry its hash tag, and begin with the first one: the engine's scripts derive them from it. */
export interface RunKeys {
  /** Hash: the run itself, its machine state, its counters. */
  readonly run: string;
  /** List: outcomes delivered and not yet folded into the state. */
  readonly inbox: string;
  /** Hash: step id to its output, JSON. */
  readonly outputs: string;
  /** Hash: actor to the fence of its current dispatch. */
  readonly fences: string;
  /** Stream: the run's events, ids 1-0, 2-0, ... */
  readonly events: string;
  /** Text with expiry: token of the worker that is folding. */
  readonly lease: string;
  /** Hash: child run id to "step|epoch" of what started it, "step|epoch|ended" once it has ended. */
  readonly children: string;
  /** Sorted set: ids of the runs that were forked from this one, by creation time. One that was never written may be among them. */
  readonly forks: string;
  /** Hash: what executions of steps keep for later ones. */
  readonly memos: string;
  /** Hash: actor to the signal that wakes it. */
  readonly waits: string;
  /** Hash: name to the signals of that name that no step has taken. */
  readonly signals: string;
  /** Set: ids of signals that have come. */
  readonly known: string;
}

/** The keys of runs that count together. They share a hash tag. */
export interface PlacesKeys {
  /** Sorted set: ids of the runs that are under way, by the time of their submission. */
  readonly taken: string;
  /** Sorted set: ids of the runs that wait for a place, by the time of their submission. */
  readonly queue: string;
}

/** The key names below one prefix. */
export function keysOf(prefix: string): Keys {
  const lists = `${prefix}:{runs}`;
  return {
    queues: `{${prefix}}`,
    run: (runId) => {
      const base = `${prefix}:{${runId}}`;
      return {
        run: base,
        inbox: `${base}:inbox`,
        outputs: `${base}:outputs`,
        fences: `${base}:fences`,
        events: `${base}:events`,
        lease: `${base}:lease`,
        children: `${base}:children`,
        forks: `${base}:forks`,
        memos: `${base}:memos`,
        waits: `${base}:waits`,
        signals: `${base}:signals`,
        known: `${base}:known`,
      };
    },
    lists,
    runs: `${lists}:all`,
    ownRuns: `${lists}:own`,
    openRuns: `${lists}:open`,
    endedRuns: `${lists}:ended`,
    runsBy: (what, value) => `${lists}:${what}:${value}`,
    approvals: (tenant) => `${prefix}:{approvals}:${tenant}`,
    idempotency: (key) => `${prefix}:{idempotency}:${key}`,
    answer: (record) => `${prefix}:{answer:${record}}`,
    workflow: (name) => `${prefix}:{workflows}:${name}`,
    workflows: `${prefix}:{workflows}`,
    router: (name) => `${prefix}:{router}:${name}`,
    schedules: `${prefix}:{schedules}`,
    triggers: `${prefix}:{triggers}`,
    plan: (tenant, id) => `${prefix}:{plans:${tenant}}:${id}`,
    plans: (tenant) => `${prefix}:{plans:${tenant}}`,
    cache: (hash) => `${prefix}:{cache}:${hash}`,
    access: {
      keys: `${prefix}:{access}:keys`,
      used: `${prefix}:{access}:used`,
      session: (digest) => `${prefix}:{access}:session:${digest}`,
      audit: `${prefix}:{access}:audit`,
      begun: `${prefix}:{access}:begun`,
      rates: `${prefix}:rates:`,
      changed: `${prefix}:access`,
    },
    places: (group) => ({ taken: `${prefix}:{places:${group}}:taken`, queue: `${prefix}:{places:${group}}:queue` }),
    stops: `${prefix}:stops`,
    channel: (runId) => `${prefix}:{${runId}}:feed`,
  };
}
