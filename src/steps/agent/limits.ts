import type { Hints } from "../../core/call.ts";
import { AppError } from "../../core/errors.ts";

/** What an agent may use up, over all its attempts. Null: no limit. */
export interface AgentLimits {
  /** Answers of the model. */
  readonly turns: number;
  /** Calls of providers, failed ones included. */
  readonly calls: number | null;
  /** USD of these calls; those with an unknown price count as 0. */
  readonly usd: number | null;
}

/** What it has used up. */
export interface AgentUse {
  readonly turns: number;
  readonly calls: number;
  readonly usd: number;
}

/** The limits that a body and the hints set. */
export function limitsOf({ max_turns = 10 }: { readonly max_turns?: number }, hints: Hints): AgentLimits {
  return { turns: max_turns, calls: hints.max_calls ?? null, usd: hints.max_usd ?? null };
}

/** The limit that forbids a further question to the model, as its error; undefined: none does. @param why what it would be asked for */
export function reached(limits: AgentLimits, use: AgentUse, why: string): AppError | undefined {
  const { turns, calls, usd } = limits;
  if (use.turns >= turns)
    return limitError("turns", turns, use, `had ${count(use.turns, "turn")}, all that max_turns allows`, why);
  if (calls !== null && use.calls >= calls)
    return limitError(
      "calls",
      calls,
      use,
      `made ${count(use.calls, "call")} of providers, all that max_calls allows`,
      why,
    );
  if (usd !== null && use.usd > usd)
    return limitError("usd", usd, use, `spent ${round(use.usd)} USD, more than max_usd (${usd}) allows`, why);
  return undefined;
}

/** What is left for one request to the router, which counts within that request alone. @param most calls of one request where nothing is said */
export function hintsLeft(hints: Hints, limits: AgentLimits, use: AgentUse, most: number): Hints {
  const { max_calls: _, max_usd: __, ...others } = hints;
  return {
    ...others,
    max_calls: limits.calls === null ? most : Math.min(most, limits.calls - use.calls),
    ...(limits.usd === null ? {} : { max_usd: Math.max(0, limits.usd - use.usd) }),
  };
}

function limitError(limit: string, allowed: number, use: AgentUse, what: string, why: string): AppError {
  const details = { limit, allowed, turns: use.turns, calls: use.calls, usd: round(use.usd) };
  return new AppError("agent_limit", { message: `The agent ${what}, and ${why.replace(/\.$/, "")}.`, details });
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function round(usd: number): number {
  return Number(usd.toPrecision(6));
}
