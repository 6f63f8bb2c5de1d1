import type { Redis } from "ioredis";
import { toErrorRecord } from "../core/errors.ts";
import type { IdSource } from "../core/ids.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Keys } from "../redis/keys.ts";
import type { CompiledWorkflow, Scope } from "../workflow/compiled.ts";
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

  /** A run whose output cannot be rendered has failed, with that error. */
  async of(
    runId: string,
    workflow: CompiledWorkflow,
    input: JsonObject,
    transition: Transition,
  ): Promise<CommitContent> {
    const { ending, events } = transition;
    const id = this.#token();
    if (!ending) return { id, transition, status: "running", events };
    if (ending.status === "failed") return failed(id, transition, ending.error);
    if (ending.status === "cancelled") {
      const { by, reason } = ending;
      return { id, transition, status: "cancelled", events: [...events, { type: "run.cancelled", by, reason }] };
    }
    if (ending.output !== undefined) {
      return {
        id,
        transition,
        status: "succeeded",
        events: [...events, { type: "run.succeeded" }],
        output: ending.output,
      };
    }
    const refused = workflow.tolerate(transition.state.failed ?? []);
    if (refused) return failed(id, transition, toErrorRecord(refused));
    try {
      const output = await workflow.renderOutput(await this.#scope(runId, workflow, input, transition));
      return { id, transition, status: "succeeded", events: [...events, { type: "run.succeeded" }], output };
    } catch (error) {
      return failed(id, transition, toErrorRecord(error));
    }
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

/** What templates read: the run's input and outputs by step. */
export function scopeOf(input: JsonObject, outputs: readonly (readonly [string, Json])[]): Scope {
  return { input, steps: Object.fromEntries(outputs.map(([step, output]) => [step, { output }])) };
}

function failed(id: string, transition: Transition, error: ReturnType<typeof toErrorRecord>): CommitContent {
  const events = [...transition.events, { type: "run.failed", error } as const];
  return { id, transition, status: "failed", events, error: error as unknown as Json };
}
