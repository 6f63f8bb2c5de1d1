import { strategyNames } from "../config/settings.ts";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { isStrict, type Known } from "./known.ts";

/** Checks hints against what is configured. @throws AppError unknown_provider, strict_needs_provider, bad_request */
export function checkHints(hints: Hints, known: Known): void {
  const { enabled } = known.routing;
  for (const name of [...(hints.provider === undefined ? [] : [hints.provider]), ...(hints.allow ?? [])]) {
    if (!known.providers.has(name)) throw unknownProvider(name, enabled);
  }
  if (hints.strict_provider === true && hints.provider === undefined) throw new AppError("strict_needs_provider");
  const isPinned = isStrict(hints, known);
  if (isPinned && hints.provider !== undefined && !enabled.includes(hints.provider)) {
    const message = `Provider ${hints.provider} is not enabled. Enabled: ${enabled.join(", ")}.`;
    throw new AppError("unknown_provider", { message, details: { provider: hints.provider, known: enabled } });
  }
  if (hints.allow && !hints.allow.some((name) => enabled.includes(name))) {
    throw bad(`allow names no enabled provider. Enabled: ${enabled.join(", ")}.`);
  }
  if (isPinned && hints.allow && !hints.allow.includes(hints.provider ?? "")) {
    throw bad(`strict_provider pins ${hints.provider}, which allow leaves out.`);
  }
  checkStrategy(hints.strategy, known);
  if (hints.max_calls !== undefined && !(Number.isInteger(hints.max_calls) && hints.max_calls >= 1)) {
    throw bad(`max_calls is ${hints.max_calls}; allowed: a whole number, 1 or more.`);
  }
  if (hints.max_usd !== undefined && !(Number.isFinite(hints.max_usd) && hints.max_usd >= 0)) {
    throw bad(`max_usd is ${hints.max_usd}; allowed: a number, 0 or more.`);
  }
  if (hints.max_seconds !== undefined && !(Number.isFinite(hints.max_seconds) && hints.max_seconds > 0)) {
    throw bad(`max_seconds is ${hints.max_seconds}; allowed: a number, more than 0.`);
  }
}

/** The error for a provider's name that nobody bears. */
export function unknownProvider(name: string, enabled: readonly string[]): AppError {
  const list = enabled.length > 0 ? `Known: ${enabled.join(", ")}.` : "No provider is configured.";
  const message = `No provider is called ${name.slice(0, 100)}. ${list}${didYouMean(name, enabled)}`;
  return new AppError("unknown_provider", { message, details: { provider: name.slice(0, 100), known: enabled } });
}

function checkStrategy(name: string | undefined, { edition }: Known): void {
  const allowed = strategyNames.filter((strategy) => edition === "enterprise" || strategy !== "cost_optimized");
  if (name === undefined || allowed.some((strategy) => strategy === name)) return;
  const why =
    name === "cost_optimized"
      ? "Strategy cost_optimized is not part of EDITION=community."
      : `No strategy is called ${name.slice(0, 100)}.`;
  throw bad(`${why} Allowed: ${allowed.join(", ")}.${didYouMean(name, allowed)}`);
}

function bad(message: string): AppError {
  return new AppError("bad_request", { message });
}
