import type { Hints } from "../core/call.ts";
import type { JsonObject } from "../core/json.ts";
import type { Priority } from "../core/priority.ts";
import type { RunStatus, RunSummary } from "../core/run.ts";

/** A run to be started. Either `workflow` (and perhaps `version`), or `definition`. */
export interface Submission {
  /** Name of a stored workflow. */
  readonly workflow?: string;
  /** Default: the newest. */
  readonly version?: number;
  /** YAML or JSON text, or the object that such a text means. */
  readonly definition?: string | JsonObject;
  readonly input?: JsonObject;
  readonly hints?: Hints;
  /** Default: the workflow's. */
  readonly priority?: Priority;
  /** The same key gives the same run: makes it safe to repeat a submission that got no answer. */
  readonly idempotencyKey?: string;
}

/** A run that is to begin in the middle of another one. */
export interface ForkOptions {
  /** In place of that run's, whole. */
  readonly input?: JsonObject;
  readonly hints?: Hints;
  /** Default: that run's. */
  readonly priority?: Priority;
  /** Of its workflow. Default: that run's. */
  readonly version?: number;
  /** The same key gives the same run. */
  readonly idempotencyKey?: string;
}

/** What became of one of many submissions. */
export type Submitted =
  | { readonly status: 200 | 202; readonly run: RunSummary }
  | { readonly status: number; readonly problem: { readonly code: string; readonly detail: string } };

/** Which runs are listed. */
export interface ListOptions {
  /** Default 50, max 500. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
  /** One, or several with commas. */
  readonly status?: RunStatus | (string & {});
  readonly workflow?: string;
  readonly version?: number;
  /** Only the runs that steps of this one have started. */
  readonly parent?: string;
  /** Those too that steps have started. Default: they are left out. */
  readonly all?: boolean;
}
