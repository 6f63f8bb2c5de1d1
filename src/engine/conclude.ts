import type { Redis } from "ioredis";
import { toErrorRecord } from "../core/errors.ts";
import type { IdSource } from "../core/ids.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Keys } from "../redis/keys.ts";
import type { CompiledWorkflow, Scope } from "../workflow/compiled.ts";
import { decideRefusal } from "./decide.ts";
import type { LoadedWorkflow } from "./definitions.ts";
import type { CommitContent } from "./run-store.ts";
import type { Transition } from "./state.ts";

/** Turns a transition into what a commit stores; at the end of a run that includes its rendered output. */
export class Conclusion {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #token: IdSource;

  /** @param token makes the id of each commit. */
  constructor(redis: Redis, keys: Keys, token: IdSource) {
    this.#redis = redis;
    this.#keys = keys;
    this.#token = token;
  }

  /** A run whose output cannot be rendered does not succeed: it has failed with that error, or undoes what it has done. @param now epoch milliseconds */
  async of(
    runId: string,
    { compiled: workflow, driver }: Pick<LoadedWorkflow, "compiled" | "driver">,
    input: JsonObject,
    transition: Transition,
    now: number,
  ): Promise<CommitContent> {
    const { ending, events } = transition;
    const id = this.#token();
    if (!ending) return goingOn(id, transition);
    if (ending.status === "failed") return failed(id, transition, ending.error);
    if (ending.status === "cancelled") {
      const { status, ...told } = ending;
      const error = told.error ? { error: told.error as unknown as Json } : {};
      return { id, transition, status, events: [...events, { type: "run.cancelled", ...told }], ...error };
    }
    try {
      const refused = workflow.tolerate(transition.state.failed ?? []);
      if (refused) throw refused;
      const given = ending.output ?? (await this.#rendered(runId, workflow, input, transition));
      const output = workflow.checkOutput(given);
      return { id, transition, status: "succeeded", events: [...events, { type: "run.succeeded" }], output };
    } catch (error) {
      const refusal = decideRefusal(driver, transition, toErrorRecord(error), now);
      return refusal.ending?.status === "failed" ? failed(id, refusal, refusal.ending.error) : goingOn(id, refusal);
    }
  }

  async #rendered(runId: string, workflow: CompiledWorkflow, input: JsonObject, end: Transition): Promise<Json> {
    return workflow.renderOutput(await this.#scope(runId, workflow, input, end));
  }

  /** Outputs that this transition brings are at hand; the others are read. */
  async #scope(
    runId: string,
    { outputReads }: CompiledWorkflow,
    input: JsonObject,
    { outputs }: Transition,
  ): Promise<Scope> {
    const stored = outputReads.filter((step) => !(step in outputs));
    const texts = stored.length > 0 ? await this.#redis.hmget(this.#keys.run(runId).outputs, ...stored) : [];
    const read = stored.map((step, index): [string, Json] => [step, texts[index] ? JSON.parse(texts[index]) : null]);
    return scopeOf(input, [...read, ...Object.entries(outputs)]);
  }
}

/** What templates read: the run's input and outputs by step. @param read by name: `STEP`, or `STEP.error` */
export function scopeOf(input: JsonObject, read: readonly (readonly [string, Json])[]): Scope {
  const steps: Record<string, { output: Json; error?: Json }> = {};
  for (const [name, value] of read) {
    const [step = name, part] = name.split(".", 2);
    const known = steps[step] ?? { output: null };
    steps[step] = part === undefined ? { ...known, output: value } : { ...known, error: value };
  }
  return { input, steps };
}

function goingOn(id: string, transition: Transition): CommitContent {
  const { events } = transition;
  const unpauses = events.some((event) => event.type === "run.compensating" && event.because === "cancelled");
  return { id, transition, status: "running", events, ...(unpauses ? { unpauses } : {}) };
}

function failed(id: string, transition: Transition, error: ReturnType<typeof toErrorRecord>): CommitContent {
  const events = [...transition.events, { type: "run.failed", error } as const];
  return { id, transition, status: "failed", events, error: error as unknown as Json };
}
