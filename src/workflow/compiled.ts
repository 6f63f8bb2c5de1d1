import type { AnyStateMachine } from "xstate";
import type { FailureClass, Hints } from "../core/call.ts";
import type { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Priority } from "../core/priority.ts";
import type { OnError } from "./failure-policy.ts";
import type { MachineTree, OwnCode } from "./machine-tree.ts";

/** What templates and conditions can read. A skipped step's output is null. */
export interface Scope {
  readonly input: JsonObject;
  /** `error`: of a step that has failed while the run goes on; else null. */
  readonly steps: Readonly<Record<string, { readonly output: Json; readonly error?: Json }>>;
  /** Environment variables that steps of this kind may read, by name. Null: not set. Absent: none may be read. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Arguments of a call, where a template is rendered for one. */
  readonly args?: JsonObject;
  /** What a webhook brought, where a template is rendered for one: its names are read as they are. */
  readonly delivery?: JsonObject;
}

/** What a step's body becomes once there is a scope. */
export interface Rendering {
  /** Steps whose output it reads; `STEP.error`: those whose error it reads. */
  readonly reads: readonly string[];
  /** @throws AppError template_failed, variable_unavailable - naming step, place and what is missing */
  render(scope: Scope): Json;
}

/** Attempts of a step, and the waits between them. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Wait before the second attempt; doubles with each further one. */
  readonly backoffMs: number;
  /** The doubling ends here; the jitter comes on top. */
  readonly maxBackoffMs: number;
  /** Only failures of these classes are tried again; null: all that another attempt may help. */
  readonly on: readonly FailureClass[] | null;
}

/** One step, ready to be dispatched and executed. */
export interface CompiledStep {
  readonly id: string;
  /** The step's kind: the name of its invoked actor and of the handler that executes it. */
  readonly kind: string;
  /** Which queue its jobs go to. */
  readonly queue: "llm" | "io";
  /** Steps whose output its templates read, and `STEP.error` where they read its error. A worker loads just these. */
  readonly reads: readonly string[];
  readonly retry: RetryPolicy;
  /** Time in all that the step may wait for a provider to become available, from its first attempt on. Waiting spends no attempt. */
  readonly maxWaitMs: number;
  /** What follows when it has failed for good. */
  readonly onError: OnError;
  /** For how long an equal step gives the same output without being executed; null: never. */
  readonly cacheMs: number | null;
  /** Time one attempt may take, from its start by a worker. */
  readonly timeoutMs: number;
  readonly route: Hints;
  /** Of a compensation: the step that it undoes. */
  readonly compensates?: string;
  /** Whether an execution that finds a memo wants nothing else: no body is rendered for it and nothing that it reads is loaded. */
  readonly resumesBare: boolean;
  /**
   * The step's own part of the definition with every template rendered.
   * @throws AppError template_failed - a value is missing or the template breaks; the message names step and place.
   * @throws AppError variable_unavailable - it reads an environment variable that steps may not read, or that is not set.
   */
  render(scope: Scope): Promise<Json>;
  /**
   * Of a step that an author's own machine invokes: the body and the hints of one invocation, by the input that the machine gave it.
   * @throws AppError step_input_invalid
   */
  given?(input: Json): { readonly body: Json; readonly hints: Hints };
  /** Of a promise actor that stands in the machine's own file: what the worker calls. */
  readonly code?: OwnCode;
}

/** At most so many runs of a workflow are under way at once. */
export interface RunLimit {
  readonly limit: number;
  /** Runs with equal text count together. @throws AppError template_failed - the input lacks what the key reads */
  keyOf(input: JsonObject): string;
}

/** A checked definition with its machine. Immutable; made once a version and cached. */
export interface CompiledWorkflow {
  readonly name: string;
  /** All that can be dispatched, by id: steps, and after each what undoes it. */
  readonly steps: ReadonlyMap<string, CompiledStep>;
  /** The hints of every step, those in blocks included. */
  readonly routes: readonly Hints[];
  /**
   * The statechart. Each running step is an invoked actor: `id` = step id, `src` = step kind. Its machine input is the run's input.
   * Final with `context.error` null: succeeded; else failed with that error.
   */
  readonly machine: AnyStateMachine;
  /**
   * Of an author's own machine: what it starts. That has an input, the run's output is the machine's, its context is no concern of ours.
   */
  readonly own?: MachineTree;
  /** Checks and completes a run's input with the schema's defaults. @throws AppError invalid_input with every problem. */
  checkInput(input: unknown): JsonObject;
  /** Whether a run may succeed although these steps failed. @returns the error, where it may not */
  tolerate(failed: readonly string[]): AppError | undefined;
  /** Absent: any number of its runs may be under way at once. */
  readonly runLimit?: RunLimit;
  /** Of runs whose submission says nothing. Absent: normal. */
  readonly priority?: Priority;
  /** Steps whose output the run's output reads; `STEP.error`: those whose error it reads. */
  readonly outputReads: readonly string[];
  /** The run's output. @throws AppError template_failed */
  renderOutput(scope: Scope): Promise<Json>;
  /** Checks a run's output and completes it with the schema's defaults. @throws AppError output_invalid */
  checkOutput(output: Json): Json;
}
