import type { FailureClass } from "../../core/call.ts";
import { formatDuration } from "../../core/duration.ts";
import { AppError, type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { compensationId } from "../../workflow/checked.ts";
import type { RepeatedRuns } from "../../workflow/kinds/kind.ts";

/** How one attempt of a step ends. */
export type AttemptEnding = {
  /** Milliseconds from its start. */
  readonly takesMs: number;
} & (
  | { readonly type: "output"; readonly output: Json }
  | {
      readonly type: "error";
      readonly error: ErrorRecord;
      readonly isRetryable: boolean;
      /** Of the call that failed; a step may try again only after some. */
      readonly failureClass?: FailureClass;
    }
);

/** How the attempts of a step end, the first one first. */
export interface Script {
  /** Empty: there is none but for some of the block's runs. */
  readonly attempts: readonly AttemptEnding[];
  /** Whether the last one also stands for every attempt after it. */
  readonly isForAll: boolean;
  /** Of a step inside a block that is run more than once: what it gives in some of these runs, by number, or by the item itself where that is a text. */
  readonly runs?: { readonly of: RepeatedRuns; readonly by: ReadonlyMap<string, Script> };
  /** Of a step that a machine invokes more than once: what it gives the first time, the second time, ... */
  readonly turns?: readonly Script[];
}

/** A child run of a block, as scripts tell it from others. */
export interface ScriptedRun {
  /** Id of the block's step. */
  readonly step: string;
  /** The number of the item or round; the name of the branch or case. */
  readonly key: string;
  readonly input: JsonObject;
  /** Of the block; empty: it is the step's only one. */
  readonly name: string;
  /** Undefined: the block is run once. */
  readonly of: RepeatedRuns | undefined;
}

/** Of scripts by path those of one child run, by the paths in there. */
export function scriptsOfRun(scripts: ReadonlyMap<string, Script>, run: ScriptedRun): ReadonlyMap<string, Script> {
  const { step, key, name, input, of } = run;
  const prefix = name === "" ? `${step}.` : `${step}.${name}.`;
  const inside = [...scripts].filter(([path]) => path.startsWith(prefix));
  return new Map(
    inside.map(([path, script]) => {
      if (of === undefined || script.runs?.of !== of) return [path.slice(prefix.length), script];
      const { runs, ...others } = script;
      const byItem = typeof input.item === "string" ? runs.by.get(input.item) : undefined;
      return [path.slice(prefix.length), runs.by.get(key) ?? byItem ?? others];
    }),
  );
}

/** The script of a step for one of the times that a machine invokes it. @param turn 1-based @returns undefined: nobody wrote one */
export function scriptOfTurn(script: Script | undefined, turn: number): Script | undefined {
  return script?.turns ? script.turns[turn - 1] : script;
}

/** Of shared scripts and a test's own: those of the test go first, also where it says what a step inside a block gives and the shared ones what the whole block does. */
export function laidOver(
  shared: ReadonlyMap<string, Script>,
  own: ReadonlyMap<string, Script>,
): ReadonlyMap<string, Script> {
  const isInside = (path: string, outer: string) => path.startsWith(`${outer}.`) && path !== compensationId(outer);
  const paths = [...own.keys()];
  const kept = [...shared].filter(([outer]) => !paths.some((path) => isInside(path, outer)));
  return new Map([...kept, ...own]);
}

/**
 * How an attempt ends by its script; undefined if the script does not say.
 * @param attempt 1-based. @param timeoutMs of the step: an attempt that takes longer ends there, with `step_timeout`
 */
export function scripted(
  script: Script | undefined,
  attempt: number,
  timeoutMs: number | undefined,
): AttemptEnding | undefined {
  const ending = script?.attempts[attempt - 1] ?? (script?.isForAll ? script.attempts.at(-1) : undefined);
  if (!ending || timeoutMs === undefined || ending.takesMs <= timeoutMs) return ending;
  const message = `The attempt took longer than the step's timeout of ${formatDuration(timeoutMs)}.`;
  const error = toErrorRecord(new AppError("step_timeout", { message }));
  return { type: "error", error, isRetryable: true, failureClass: "timeout", takesMs: timeoutMs };
}
