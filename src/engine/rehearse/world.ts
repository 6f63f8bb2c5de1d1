import type { Json, JsonObject } from "../../core/json.ts";
import type { StepHandler } from "../../steps/handler.ts";
import type { CompiledWorkflow } from "../../workflow/compiled.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import type { Driver } from "../drive.ts";
import type { MachineTrace } from "./machine-trace.ts";
import type { RehearsedRun, Unscripted } from "./rehearsed-run.ts";
import type { AttemptEnding, Script } from "./script.ts";
import type { ScriptedSignal, SignalScript } from "./signals.ts";
import type { Timeline } from "./timeline.ts";

/** What all runs of a rehearsal share. */
export interface World {
  readonly timeline: Timeline<Due>;
  readonly handlers: ReadonlyMap<string, StepHandler>;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly kindOf: (name: string) => StepKindSpec | undefined;
  /** @throws AppError invalid_definition */
  readonly compiled: (definition: JsonObject) => { readonly workflow: CompiledWorkflow; readonly driver: Driver };
  /** A stored workflow by its name; undefined: it is not at hand. */
  readonly stored: (name: string) => ReturnType<World["compiled"]> | undefined;
  /** An attempt that has no result: nothing happens after it. */
  unscripted?: Unscripted;
}

/** What happens next to a run, and when (milliseconds from the start). */
export type Due = DueOfActor | DueSignal;

/** What happens next to an actor of a run. */
export type DueOfActor = {
  readonly run: TimedRun;
  readonly actor: string;
  readonly epoch: number;
  readonly at: number;
} & (
  | { readonly type: "begin"; readonly attempt: number }
  | { readonly type: "end"; readonly attempt: number; readonly ending: AttemptEnding }
  | { readonly type: "resume" | "timer" }
);

/** A signal of the test comes to the run's machine. */
export interface DueSignal {
  readonly type: "signal";
  readonly run: TimedRun;
  readonly at: number;
  readonly signal: ScriptedSignal;
}

/** One run of a rehearsal. */
export interface RunPlan {
  readonly workflow: CompiledWorkflow;
  readonly driver: Driver;
  /** By step id; of steps inside its blocks by path. */
  readonly scripts: ReadonlyMap<string, Script>;
  /** Of the block that it is a run of; empty: of none. */
  readonly path: string;
  /** Which run of the blocks around it: `item 2`, from outside. */
  readonly within: readonly string[];
  /** Told once, when it has ended. */
  readonly ended: () => void;
  /** Of an XState machine: what its driver tells, and what comes to it. */
  readonly machine?: { readonly trace: MachineTrace; readonly signals: SignalScript };
}

/** A run on the clock of its world. */
export interface TimedRun {
  readonly isOpen: boolean;
  /** When it ended, in milliseconds from the start; null: it has not. */
  readonly endedAt: number | null;
  /** Checks the input and begins. */
  begin(input: Json): Promise<void>;
  /** What is due happens to it. */
  happen(due: Due): Promise<void>;
  /** Ends it from outside, as the engine does with runs that nobody waits for any more. */
  cancel(reason: string): Promise<void>;
  /** How it stands. */
  told(): RehearsedRun;
}
