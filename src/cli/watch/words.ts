import { formatDuration } from "../../core/duration.ts";
import type { LiveEvent } from "../../core/live.ts";
import type { StepStatus } from "../../core/run.ts";
import type { Failover, Setback } from "./run-view.ts";

/** One sentence part for why a provider did not serve, as in `openai refused the connection`. */
export function setbackWords({ provider, class: kind, status, message }: Setback): string {
  switch (kind) {
    case "set_aside":
      return `${provider} is set aside (${message})`;
    case "network":
      if (/ECONNREFUSED|refused/i.test(message)) return `${provider} refused the connection`;
      return /ECONNRESET|EPIPE|SOCKET|closed|terminated/i.test(message)
        ? `${provider} dropped the connection`
        : `${provider} could not be reached`;
    case "timeout":
      return `${provider} did not answer in time`;
    case "rate_limited":
      return `${provider} is at its rate limit${inBrackets(status)}`;
    case "overloaded":
      return `${provider} is overloaded${inBrackets(status)}`;
    case "server":
      return `${provider} failed${inBrackets(status)}`;
    case "malformed":
      return `${provider} sent a broken answer`;
    case "auth":
      return `${provider} refused the key${inBrackets(status)}`;
    case "not_found":
      return `${provider} does not know the model${inBrackets(status)}`;
    case "context_length":
      return `the text is too long for ${provider}`;
    case "content_filtered":
      return `${provider} filtered the content`;
    case "caller":
      return `${provider} rejected the request${inBrackets(status)}`;
    case "cancelled":
      return `the call to ${provider} was cancelled`;
  }
}

/** A failover in one line: `↪ step timeline: openai refused the connection → served by anthropic`. */
export function failoverWords({ step, setbacks, servedBy }: Failover): string {
  return `↪ step ${step}: ${setbacks.map(setbackWords).join(", ")} → served by ${servedBy}${afterAll(setbacks, servedBy)}`;
}

/** Failovers in a line for each reason, with all of its steps: `↪ openai refused the connection → anthropic served timeline, impact`. */
export function failoverLines(failovers: readonly Failover[]): string[] {
  const steps = new Map<string, { readonly names: readonly string[]; readonly ending: string }>();
  for (const { step, setbacks, servedBy } of failovers) {
    const why = `↪ ${setbacks.map(setbackWords).join(", ")} → ${servedBy} served`;
    const { names = [] } = steps.get(why) ?? {};
    steps.set(why, { names: [...names, step], ending: afterAll(setbacks, servedBy) });
  }
  return [...steps].map(([why, { names, ending }]) => `${why} ${names.join(", ")}${ending}`);
}

function afterAll(setbacks: readonly Setback[], servedBy: string): string {
  return setbacks.some(({ provider }) => provider === servedBy) ? " after all" : "";
}

/** USD for people: `$0.0031`, two digits of small ones as `$0.000074`, `$0`, and `-` where the price is unknown. */
export function formatUsd(usd: number | null): string {
  if (usd === null) return "-";
  if (usd === 0) return "$0";
  if (usd < 0.000001) return "<$0.000001";
  if (usd < 0.01) return `$${usd.toPrecision(2)}`;
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}

/** The time between two moments, as `2.1 s`; empty where it has not begun. @param now stands in for an end that is to come. */
export function formatSpan(start: number | null, end: number | null, now: number): string {
  return start === null ? "" : formatDuration(Math.max(0, (end ?? now) - start));
}

/** The sign before a step's line. */
export const stepSigns: Readonly<Record<StepStatus, string>> = {
  pending: "·",
  queued: "○",
  running: "●",
  waiting: "◌",
  succeeded: "✔",
  failed: "✖",
  skipped: "–",
  cancelled: "⊘",
};

function inBrackets(status: number | null): string {
  return status === null ? "" : ` (${status})`;
}

/** An answer that broke off, in one line. */
export function restartedWords({ step, provider, reason }: LiveEvent & { type: "step.restarted" }): string {
  const why = reason === "output_invalid" ? "does not match its schema" : `broke off (${reason})`;
  return `↻ step ${step}: the answer of ${provider} ${why}; another one begins`;
}
