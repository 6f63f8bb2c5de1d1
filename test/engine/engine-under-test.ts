import type { Redis } from "ioredis";
import { tokenSource } from "../../src/core/ids.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { Conclusion } from "../../src/engine/conclude.ts";
import type { CrashHook } from "../../src/engine/crash-point.ts";
import { createEngine } from "../../src/engine/create-engine.ts";
import { Definitions } from "../../src/engine/definitions.ts";
import { Dispatcher } from "../../src/engine/dispatch.ts";
import { Folder, type Settlement } from "../../src/engine/fold.ts";
import type { JobData, QueueName } from "../../src/engine/job.ts";
import { operateParts } from "../../src/engine/operate.ts";
import { closeRun, type RestoreParts, restoreJobs } from "../../src/engine/restore.ts";
import { type Execution, RunStore } from "../../src/engine/run-store.ts";
import type { Delivery, RunState } from "../../src/engine/state.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { kinds } from "../workflow/support/define.ts";

/** The worker's side of the engine as one process has it, on a connection of its own, without BullMQ workers: the test executes. */
export interface Hand {
  readonly store: RunStore;
  readonly folder: Folder;
  readonly definitions: Definitions;
  readonly redis: Redis;
  /** Begins an attempt of an active step. */
  begin(runId: string, step: string): Promise<Execution>;
  /** Begins an attempt of an active step, as a worker that settles it with a commit at once. */
  settlement(execution: Execution): Promise<Settlement>;
}

/** The engine without its workers, on a Redis of its own. */
export interface EngineUnderTest {
  readonly server: TestRedis;
  readonly keys: ReturnType<typeof keysOf>;
  readonly restoring: RestoreParts;
  /** One more process. @param crash told of each crash point that it passes */
  hand(crash?: CrashHook): Hand;
  /** A run of these steps, all of kind `noop`. */
  submit(steps: readonly JsonObject[], more?: JsonObject): Promise<string>;
  state(runId: string): Promise<RunState>;
  events(runId: string): Promise<readonly RunEvent[]>;
  /** Ids of all jobs that are there, finished ones too. */
  jobs(queue: QueueName): Promise<readonly string[]>;
  /** What a job carries; undefined: it is not there. */
  jobData(queue: QueueName, id: string): Promise<JobData | undefined>;
  close(): Promise<void>;
}

/** Starts it. */
export async function engineUnderTest(): Promise<EngineUnderTest> {
  const server = await testRedis();
  const keys = keysOf("test");
  const clock = Date.now;
  const opened: (() => unknown)[] = [];
  const connection = () => {
    const redis = server.redis.duplicate();
    redis.on("error", () => undefined);
    opened.push(() => redis.disconnect());
    return redis;
  };
  const parts = { keys, kinds, checkHints: () => undefined, clock, onError: () => undefined };
  const engine = await createEngine({ ...parts, redis: server.redis, subscriber: connection() });
  opened.push(() => engine.close());
  const definitions = new Definitions(server.redis, keys, kinds);
  const { redis: own } = server;
  const { dispatcher: engines } = engine;
  const restoring = operateParts({
    redis: own,
    keys,
    definitions,
    dispatcher: engines,
    clock,
    store: new RunStore(own, keys),
  });
  let count = 0;
  return {
    server,
    keys,
    restoring,
    hand(crash = () => undefined) {
      const redis = connection();
      const token = tokenSource();
      const store = new RunStore(redis, keys);
      const own = new Definitions(redis, keys, kinds);
      const dispatcher = new Dispatcher(redis, keys.queues, () => undefined);
      opened.push(() => dispatcher.close());
      const mine = operateParts({ redis, keys, definitions: own, dispatcher, clock, store });
      const folder = new Folder({
        store,
        definitions: own,
        dispatcher,
        conclusion: new Conclusion(redis, keys, token),
        crash,
        clock,
        closed: (runId, last) => closeRun(mine, runId, last),
        restore: (runId) => restoreJobs(mine, runId),
        abandon: async () => undefined,
        token,
      });
      const stateOf = async (runId: string) =>
        JSON.parse((await redis.hget(keys.run(runId).run, "state")) ?? "{}") as RunState;
      return {
        store,
        folder,
        definitions: own,
        redis,
        async begin(runId, step) {
          const { active } = await stateOf(runId);
          const execution = { runId, actor: step, epoch: active[step]?.epoch ?? 0, token: token() };
          await store.begin(execution, 3, "hand", []);
          return execution;
        },
        async settlement(execution) {
          const begun = await store.begin(execution, 3, "hand", []);
          if (begun.type !== "begun") throw new Error(`the step is ${begun.type}`);
          const [name = "", version] = await redis.hmget(keys.run(execution.runId).run, "workflow", "version");
          const workflow = await own.load(name ?? "", Number(version));
          return { begun, execution, delivery: succeeded(execution), costUsd: 0, workflow };
        },
      };
    },
    async submit(steps, more = {}) {
      const definition = { name: `w${++count}`, steps: steps.map((step) => ({ noop: {}, ...step })), ...more };
      return (await engine.submit({ definition })).run.id;
    },
    state: async (runId) => JSON.parse((await server.redis.hget(keys.run(runId).run, "state")) ?? "{}") as RunState,
    events: (runId) => engine.events(runId, 0),
    async jobs(queue) {
      const found = await engine.dispatcher.queues[queue].getJobs();
      return found.flatMap((job) => job?.id ?? []).sort();
    },
    jobData: async (queue, id) => (await engine.dispatcher.queues[queue].getJob(id))?.data,
    async close() {
      for (const end of opened.reverse()) await end();
      await server.close();
    },
  };
}

/** The success of a step, as a worker delivers it. */
export function succeeded({ actor, epoch }: Execution): Delivery {
  const event = { type: "step.succeeded", step: actor, attempt: 1, served: null, calls: [] } as const;
  return { actor, epoch, type: "done", output: `output of ${actor}`, event };
}
