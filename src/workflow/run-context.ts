import type { ErrorRecord } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Scope } from "./compiled.ts";
import type { Condition, KeptValues, Watch } from "./condition.ts";
import type { Saga } from "./saga.ts";

/** What a workflow's machine remembers: as little as its conditions need, never an output that none of them reads. */
export interface RunContext {
  readonly values: KeptValues;
  /** Why the run failed. `step` is null when it is not one step's doing. */
  readonly error: RunError | null;
  /** Steps that have failed and gone elsewhere. Present where a step of the workflow may. */
  readonly jumped?: readonly string[];
  /** Present where a step of the workflow has a compensation. */
  readonly saga?: Saga;
}

/** The end of a failed run. */
export interface RunError {
  readonly step: string | null;
  readonly error: ErrorRecord;
}

/** Knows which values are to be kept, and when. */
export class Memory {
  readonly #ofInput: readonly Watch[];
  readonly #ofStep = new Map<string, Watch[]>();

  constructor(conditions: Iterable<Condition>) {
    const watches = new Map(
      [...conditions].flatMap((condition) => condition.watches).map((watch) => [watch.name, watch]),
    );
    this.#ofInput = [...watches.values()].filter((watch) => watch.keys[0] === "input");
    for (const watch of watches.values()) {
      const [root, step] = watch.keys;
      if (root !== "steps") continue;
      const known = this.#ofStep.get(String(step)) ?? [];
      this.#ofStep.set(String(step), [...known, watch]);
    }
  }

  /** Whether a condition reads of that step's output or error. */
  readonly isWatched = (step: string): boolean => this.#ofStep.has(step);

  /** The values as the run begins. */
  begin(input: JsonObject): KeptValues {
    return added({}, this.#ofInput, { input, steps: {} });
  }

  /** The values once a step has ended. @param output null for a skipped step. @param error null unless it failed and the run goes on */
  ended(values: KeptValues, step: string, output: Json, error: Json = null): KeptValues {
    return added(values, this.#ofStep.get(step) ?? [], { input: {}, steps: { [step]: { output, error } } });
  }
}

function added(values: KeptValues, watches: readonly Watch[], scope: Scope): KeptValues {
  const found = watches.flatMap((watch) => {
    const text = watch.read(scope);
    return text === undefined ? [] : [[watch.name, text] as const];
  });
  return { ...values, ...Object.fromEntries(found) };
}
