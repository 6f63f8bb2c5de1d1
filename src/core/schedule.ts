import type { Hints } from "./call.ts";
import type { JsonObject } from "./json.ts";

/** Runs that begin by the clock. */
export interface Schedule {
  readonly id: string;
  readonly workflow: string;
  /** Null: the newest at each time. */
  readonly version: number | null;
  readonly input: JsonObject;
  readonly hints: Hints;
  /** Five or six fields: `0 7 * * 1-5`. */
  readonly cron: string;
  /** IANA name: `Europe/Berlin`. */
  readonly timezone: string;
  /** `skip`: no run begins while the one before still runs. */
  readonly overlap: "allow" | "skip";
  readonly by: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Epoch milliseconds; null: never, or nobody knows yet. */
  readonly nextAt: number | null;
  readonly lastRun: string | null;
}
