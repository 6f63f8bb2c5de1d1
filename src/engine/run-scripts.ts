import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Priority } from "../core/priority.ts";
import type { EventBody } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript, type ScriptValue } from "../redis/script.ts";
import { settleScript } from "./handover-scripts.ts";

const script = (name: string) => loadScript(name, new URL(`./lua/${name}.lua`, import.meta.url));
const scripts = {
  create: script("create"),
  begin: script("begin"),
  suspend: script("suspend"),
  note: script("note"),
  deliver: script("deliver"),
  commit: script("commit"),
  settle: settleScript,
  wake: script("wake"),
  signal: script("signal"),
  take: script("take"),
  save: script("save"),
  stow: script("stow"),
  adopt: script("adopt"),
  post: script("post"),
  pause: script("pause"),
};

/** One execution of a dispatched actor: what the fence is compared with. */
export interface Execution {
  readonly runId: string;
  readonly actor: string;
  readonly epoch: number;
  /** Unique to this execution of the job; "" for actors that are not begun (timers). */
  readonly token: string;
  /** Number of the parking that its job follows; absent: none. */
  readonly times?: number;
  /** Of its run. Absent: normal. */
  readonly priority?: Priority;
}

/** The Lua scripts of a run, on one connection. */
export class RunScripts {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Given the run's key alone, a script derives the run's others, which share its hash tag. `settle` also derives those of the lists, and has the queue's among its arguments. */
  async run(name: keyof typeof scripts, runId: string, args: readonly ScriptValue[]): Promise<string[]> {
    return (await scripts[name].run(this.#redis, [this.#keys.run(runId).run], args)) as string[];
  }
}

/** What scripts compare with a step's fence. */
export function fenceArgs({ actor, epoch, token }: Execution): (string | number)[] {
  return [actor, epoch, token];
}

/** A value of Redis as JSON; null where there is none. */
export function parse(value: string | undefined): Json {
  return value ? (JSON.parse(value) as Json) : null;
}

/** A value for Redis: "" for null. */
export function text(value: EventBody | Json): string {
  return value === null ? "" : JSON.stringify(value);
}

/** A script has said what its header does not know. */
export function unexpected(name: string, word: string | undefined): AppError {
  return new AppError("internal", { message: `Redis script ${name} answered ${String(word)}.` });
}
