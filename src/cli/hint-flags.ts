import type { Hints } from "../core/call.ts";

/** Options of commands that say where requests shall go. */
export interface HintFlags {
  readonly provider?: string;
  readonly model?: string;
  /** With `provider`: that one or an error. */
  readonly strict?: boolean;
  readonly strategy?: string;
  readonly allow?: readonly string[];
}

/** The hints that these options mean. Pure. */
export function hintsOf({ provider, model, strict, strategy, allow }: HintFlags): Hints {
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(model === undefined ? {} : { model }),
    ...(strict ? { strict_provider: true } : {}),
    ...(strategy === undefined ? {} : { strategy }),
    ...(allow === undefined ? {} : { allow }),
  };
}
