import type { Hints } from "../core/call.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { RecentState } from "./recent.ts";
import { type Execution, parse, unexpected } from "./run-scripts.ts";
import type { RunState } from "./state.ts";

/** An attempt as begun, with what the step reads. */
export interface Begun {
  readonly attempt: number;
  /** Attempts of this dispatch that ended before it. One whose worker died did not end: its calls are repeated under the same idempotency keys. */
  readonly ended: number;
  /** Providers that failed the attempt before. */
  readonly avoid: readonly string[];
  /** Milliseconds since the first attempt of this dispatch began, by Redis's clock. */
  readonly waitedMs: number;
  /** Whether it has its memo alone: input, state and outputs are not loaded. */
  readonly isBare: boolean;
  readonly input: JsonObject;
  readonly hints: Hints;
  readonly rev: number;
  readonly state: RunState;
  /** What a former execution of this dispatch kept for this one; null: nothing. */
  readonly memo: Json;
  /** In the order asked; null: the step has none (skipped). */
  readonly outputs: readonly Json[];
}

/** What came of beginning an attempt. */
export type Beginning =
  | ({ readonly type: "begun" } & Begun)
  | { readonly type: "delivered" | "stale" | "paused" }
  | { readonly type: "parked"; readonly waitMs: number | null }
  | { readonly type: "exhausted"; readonly attempts: number; readonly execution: Execution };

/** What begin_attempt.lua answers. @param recent the run's state as this process last saw it, if the script was told of its commit */
export function parseBeginning(execution: Execution, reply: readonly string[], recent?: RecentState): Beginning {
  const [word, attempt, ended, avoid, waited, input, hints, rev, state, memo, ...outputs] = reply;
  switch (word) {
    case "begun":
      return {
        type: "begun",
        attempt: Number(attempt),
        ended: Number(ended),
        avoid: avoid ? avoid.split(",") : [],
        waitedMs: Number(waited),
        isBare: input === "",
        input: parse(input) as JsonObject,
        hints: parse(hints) as Hints,
        rev: Number(rev),
        state: state === "" && recent ? recent.state : (parse(state) as unknown as RunState),
        memo: parse(memo),
        outputs: outputs.map((text) => parse(text)),
      };
    case "exhausted":
      // The script marks the token: this execution may say that the attempts are spent, but not bring an attempt's outcome.
      return {
        type: "exhausted",
        attempts: Number(attempt),
        execution: { ...execution, token: `${execution.token}~` },
      };
    case "parked":
      return { type: "parked", waitMs: Number(attempt) === 0 ? null : Number(attempt) };
    case "delivered":
    case "stale":
    case "paused":
      return { type: word };
    default:
      throw unexpected("begin_attempt", word);
  }
}
