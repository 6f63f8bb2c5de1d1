import type { CallRecord, Hints } from "../core/call.ts";
import { defaultMaxCalls } from "./router.ts";

const firstPauseMs = 250;
const longestPauseMs = 4_000;

/** Why a request ended, if its time was over. */
export const timeIsOver = "The request's time is over.";

/** The pause before a request calls the same targets again. @param round 1 for the first repetition @param random 0..1, moves it by up to 20 % either way */
export function pauseBefore(round: number, random: number): number {
  return Math.round(Math.min(firstPauseMs * 2 ** (round - 1), longestPauseMs) * (0.8 + 0.4 * random));
}

/** What forbids a further call, or undefined. @param at epoch milliseconds at which it would begin @param begun calls that were begun */
export function budgetSpent(
  hints: Hints,
  calls: readonly CallRecord[],
  begun: number,
  at: number,
  deadline: number,
): string | undefined {
  const { max_calls: maxCalls = defaultMaxCalls, max_usd: maxUsd } = hints;
  const spentUsd = calls.reduce((sum, call) => sum + (call.costUsd ?? 0), 0);
  if (begun >= maxCalls) return `The request's ${maxCalls} calls are spent.`;
  if (maxUsd !== undefined && spentUsd > maxUsd) return `The request's ${maxUsd} USD are spent.`;
  if (at >= deadline) return timeIsOver;
  return undefined;
}
