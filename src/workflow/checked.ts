import type { AnyStateMachine } from "xstate";
import type { Hints } from "../core/call.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Priority } from "../core/priority.ts";
import type { RetryPolicy } from "./compiled.ts";
import type { Concurrency } from "./concurrency.ts";
import type { OnError, Tolerance } from "./failure-policy.ts";
import type { MachineSource } from "./own-machine.ts";

/** One step of a checked definition, with every default filled in. */
export interface CheckedStep {
  readonly id: string;
  /** Name of its kind. */
  readonly kind: string;
  /** What stands under the kind key, with the definition's defaults laid under it. Templates not rendered. */
  readonly body: Json;
  /** Steps that must have ended before it starts; the step above it where the definition names none. */
  readonly needs: readonly string[];
  /** Liquid expression without braces. */
  readonly when?: string;
  readonly retry: RetryPolicy;
  readonly onError: OnError;
  /** Null: its outputs are not kept for others. */
  readonly cacheMs: number | null;
  /** Time in all that it may wait for a provider to become available. */
  readonly maxWaitMs: number;
  readonly timeoutMs: number;
  readonly route: Hints;
  /** Present: the step runs only where one of these steps has failed and goes to it. They are among its `needs`. */
  readonly handles?: readonly string[];
  /** What undoes it. */
  readonly compensation?: CheckedCompensation;
}

/** What undoes a step where the run fails or is cancelled after it. */
export interface CheckedCompensation {
  /** From when on the step is to be undone: once it has succeeded, or once it was dispatched, whatever became of it. */
  readonly from: "success" | "start";
  /** Its id is {@link compensationId} of the step; it fails alone. */
  readonly step: CheckedStep;
}

/** The id of what undoes a step. No step's own id holds a dot. */
export function compensationId(step: string): string {
  return `${step}.compensate`;
}

/** A definition without mistakes. As JSON it is the definition that its author wrote. */
export interface CheckedDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the run's input. Without it any object will do. */
  readonly input?: JsonObject;
  /** In the definition's order. */
  readonly steps: readonly CheckedStep[];
  /** The hints of every step, those in blocks included. */
  readonly routes: readonly Hints[];
  /** JSON with templates in its strings. Absent: what the leaves give. */
  readonly output?: Json;
  /** JSON Schema of the run's output. Without it anything will do. */
  readonly outputSchema?: JsonObject;
  /** Time the whole run may take. Without it: without limit. */
  readonly timeoutMs?: number;
  readonly tolerance: Tolerance;
  /** Absent: any number of its runs may be under way. */
  readonly concurrency?: Concurrency;
  /** Of runs whose submission says nothing. Absent: normal. */
  readonly priority?: Priority;
  /** The author's own XState machine, in the place of steps. `source`: absent where it is written as data; `loaded`: absent until its module is. */
  readonly machine?: { readonly source?: MachineSource; readonly loaded?: AnyStateMachine };
  /** What the author wrote. */
  readonly source: JsonObject;
  /** Gives {@link source}: `JSON.stringify(definition)` can be checked and compiled again. */
  toJSON(): JsonObject;
}
