import type { Redis } from "ioredis";
import type { Hints } from "../core/call.ts";
import type { IdSource } from "../core/ids.ts";
import type { CrashHook } from "../engine/crash-point.ts";
import type { Keys } from "../redis/keys.ts";
import type { Catalogue } from "./catalogue.ts";
import type { PlannerParts } from "./planner.ts";

/** What plans are made of. */
export interface PlansParts {
  /** An impatient connection: requests fail rather than wait. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly planner: PlannerParts;
  readonly catalogue: Catalogue;
  /** Time in which a plan can be executed. */
  readonly expireAfterMs: number;
  /** @throws AppError when a hint names what does not exist. */
  readonly checkHints: (hints: Hints) => void | Promise<void>;
  /** Where to die, for rehearsals of a crash. */
  readonly crash?: CrashHook;
  readonly clock: () => number;
  /** Of plans. */
  readonly planId: (nowMs: number) => string;
  /** Names each change. */
  readonly token: IdSource;
}
