import type { Redis } from "ioredis";
import type { Json } from "../core/json.ts";
import type { Keys } from "../redis/keys.ts";
import { type Execution, fenceArgs, parse, type RunScripts, text } from "./run-scripts.ts";

/** Values put aside by one script call. */
const stowedAtOnce = 500;

/** This execution counts no more: what it does further is for nobody. */
export class FenceLost extends Error {
  constructor() {
    super("another execution of the step has taken over, or nobody wants it any more");
    this.name = "FenceLost";
  }
}

/** What an execution keeps for those that come after it, and takes of what was sent to the run. All of it is fenced. */
export class WaitingStore {
  readonly #scripts: RunScripts;
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(scripts: RunScripts, redis: Redis, keys: Keys) {
    this.#scripts = scripts;
    this.#redis = redis;
    this.#keys = keys;
  }

  /** The oldest kept signal of a name, for this step alone; undefined: none. @throws FenceLost */
  async take(execution: Execution, name: string): Promise<Json | undefined> {
    const [word, payload] = await this.#scripts.run("take", execution.runId, [...fenceArgs(execution), name]);
    if (word === "stale") throw new FenceLost();
    return word === "taken" ? parse(payload) : undefined;
  }

  /** Keeps a memo for the execution that goes on after this one. @param drop forgets what was taken, so that another one can be @throws FenceLost */
  async save(execution: Execution, memo: Json, drop = false): Promise<void> {
    const args = [...fenceArgs(execution), text(memo), drop ? "drop" : ""];
    const [word] = await this.#scripts.run("save", execution.runId, args);
    if (word !== "done") throw new FenceLost();
  }

  /** Puts values aside for the executions that come after this one, by name. They go when the run ends. @throws FenceLost */
  async stow(execution: Execution, values: Readonly<Record<string, Json>>): Promise<void> {
    const entries = Object.entries(values);
    for (let i = 0; i < entries.length; i += stowedAtOnce) {
      const args = entries.slice(i, i + stowedAtOnce).flatMap(([name, value]) => [name, JSON.stringify(value)]);
      const [word] = await this.#scripts.run("stow", execution.runId, [...fenceArgs(execution), ...args]);
      if (word !== "done") throw new FenceLost();
    }
  }

  /** Values that were put aside, in the order asked; null: there is none of that name. */
  async stowed({ runId, actor }: Execution, names: readonly string[]): Promise<readonly Json[]> {
    if (names.length === 0) return [];
    const fields = names.map((name) => `${actor}:#${name}`);
    return (await this.#redis.hmget(this.#keys.run(runId).memos, ...fields)).map((text) => parse(text ?? undefined));
  }

  /** Lists runs that a step is about to start as its children. @param execution its token "": whichever is under way @returns undefined: nobody wants them */
  async adopt(execution: Execution, children: readonly string[]): Promise<{ readonly paused: boolean } | undefined> {
    const [word] = await this.#scripts.run("adopt", execution.runId, [...fenceArgs(execution), ...children]);
    return word === "stale" ? undefined : { paused: word === "paused" };
  }
}
