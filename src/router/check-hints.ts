import { strategyNames } from "../config/settings.ts";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { isStrict, type Known } from "./known.ts";

/** Checks hints against what is configured. @throws AppError unknown_provider, strict_needs_provider, bad_request */
export function checkHints(hints: Hints, known: Known): void {
  const enabled = known.settings.routing.enabled;
  for (const name of [...(hints.provider === undefined ? [] : [hints.provider]), ...(hints.allow ?? [])]) {
    if (!known.providers.has(name)) throw unknown(name, enabled);
  }
  if (hints.strict_provider === true && hints.provider === undefined) throw new AppError("strict_needs_provider");
  const isPinned = isStrict(hints, known.settings);
  if (isPinned && hints.provider !== undefined && !enabled.includes(hints.provider)) {
    const message = `Provider ${hints.provider} is not enabled (LLM_PROVIDERS). Enabled: ${enabled.join(", ")}.`;
    throw new AppError("unknown_provider", { message, details: { provider: hints.provider, known: enabled } });
  }
  if (hints.allow && !hints.allow.some((name) => enabled.includes(name))) {
    throw bad(`allow names no enabled provider. Enabled: ${enabled.join(", ")}.`);
  }
  if (isPinned && hints.allow && !hints.allow.includes(hints.provider ?? "")) {
    throw bad(`strict_provider pins ${hints.provider}, which allow leaves out.`);
  }
  checkStrategy(hints.strategy);
  if (hints.max_calls !== undefined && !(Number.isInteger(hints.max_calls) && hints.max_calls >= 1)) {
    throw bad(`max_calls is ${hints.max_calls}; allowed: a whole number, 1 or more.`);
  }
  if (hints.max_usd !== undefined && !(Number.isFinite(hints.max_usd) && hints.max_usd >= 0)) {
    throw bad(`max_usd is ${hints.max_usd}; allowed: a number, 0 or more.`);
  }
}

function unknown(name: string, enabled: readonly string[]): AppError {
  const list = enabled.length > 0 ? `Known: ${enabled.join(", ")}.` : "No provider is configured.";
  const message = `No provider is called ${name.slice(0, 100)}. ${list}${didYouMean(name, enabled)}`;
  return new AppError("unknown_provider", { message, details: { provider: name.slice(0, 100), known: enabled } });
}

function checkStrategy(name: string | undefined): void {
  if (name === undefined || strategyNames.some((known) => known === name)) return;
  throw bad(
    `No strategy is called ${name.slice(0, 100)}. Allowed: ${strategyNames.join(", ")}.${didYouMean(name, strategyNames)}`,
  );
}

function bad(message: string): AppError {
  return new AppError("bad_request", { message });
}
