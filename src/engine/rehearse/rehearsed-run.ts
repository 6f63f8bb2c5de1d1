import type { ErrorRecord } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { EventBody, StepRecord } from "../../core/run.ts";
import type { MachineWay } from "./machine-trace.ts";
import type { ScriptedSignal } from "./signals.ts";

/** How a rehearsed run ended. Times in its steps are milliseconds from its start. */
export interface RehearsedRun {
  /**
   * `stopped`: a step ran that nobody wrote a result for; of a child run also: the whole ended before it. `cancelled`: only of child runs.
   * `waiting`: only of XState machines: nothing happens to it any more, and it has not ended.
   */
  readonly status: "succeeded" | "failed" | "cancelled" | "stopped" | "waiting";
  /** Steps whose compensations ran, in that order. */
  readonly compensated: readonly string[];
  readonly output: Json;
  readonly error: ErrorRecord | null;
  /** In the definition's order, each followed by its compensation where that ran. */
  readonly steps: readonly StepRecord[];
  /** What each step that ran was given, its templates rendered; of the last attempt. */
  readonly rendered: ReadonlyMap<string, Json>;
  /** By step id. */
  readonly outputs: ReadonlyMap<string, Json>;
  /** Attempts that began, by step id. */
  readonly began: ReadonlyMap<string, number>;
  /** Of an XState machine. */
  readonly machine?: RehearsedMachine;
  /** The runs of each step's blocks, by step id, in the order of their starts. */
  readonly blocks: ReadonlyMap<string, readonly BlockRun[]>;
  /** Of a stopped run: what has no result. */
  readonly unscripted?: Unscripted;
}

/** What an XState machine and its child machines went through. */
export interface RehearsedMachine {
  /** By the machine's name in the run, each time that it began; the run's own: "". */
  readonly machines: readonly (readonly [path: string, way: MachineWay])[];
  readonly emitted: readonly EmittedEvent[];
  /** Signals of the test that were not sent, with their places. */
  readonly unsent: readonly (readonly [index: number, signal: ScriptedSignal])[];
  /** Where the run's machine was at the end, in words. */
  readonly place: string;
}

/** An event that a machine has emitted. */
export type EmittedEvent = Extract<EventBody, { readonly type: "machine.emitted" }>;

/** One time that a block was run. */
export interface BlockRun {
  /** The number of the item or round; the name of the branch or case. */
  readonly key: string;
  /** Name of the block; empty: it is the only one of its step. */
  readonly name: string;
  readonly run: RehearsedRun;
}

/** An attempt that has no result. */
export interface Unscripted {
  /** Id of the step, or its path. */
  readonly step: string;
  readonly attempt: number;
  /** Of a step inside blocks: `item 2`, from outside. */
  readonly within: readonly string[];
  /** Of a step that a machine invokes: how often it had begun, this time included. */
  readonly turn?: number;
  /** Given: it has a result, and could not give it. */
  readonly why?: string;
}

/** Where a step of a path stands in a run: the run itself, or the runs of the blocks around it, each with the step's id there. */
export function stepsAt(
  run: RehearsedRun,
  path: string,
): readonly { readonly run: RehearsedRun; readonly id: string }[] {
  const dot = path.indexOf(".");
  if (dot < 0 || run.steps.some(({ id }) => id === path)) return [{ run, id: path }];
  const rest = path.slice(dot + 1);
  return (run.blocks.get(path.slice(0, dot)) ?? []).flatMap(({ name, run: inner }) => {
    if (name === "") return stepsAt(inner, rest);
    return rest.startsWith(`${name}.`) ? stepsAt(inner, rest.slice(name.length + 1)) : [];
  });
}
