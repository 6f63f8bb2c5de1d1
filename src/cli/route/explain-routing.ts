import type { ExplainedCandidate, Explanation } from "../../core/routing.ts";
import { type CliContext, clientFor, type GlobalOptions } from "../context.ts";
import { type HintFlags, hintsOf } from "../hint-flags.ts";
import type { Output, Paint } from "../output.ts";
import { headedTable } from "../table.ts";
import { formatUsd } from "../watch/words.ts";
import { latencyWords, limitWords, shareWords, stateWords } from "./words.ts";

/** Options of `route explain`. */
export interface ExplainFlags extends GlobalOptions, HintFlags {
  readonly caller?: string;
  readonly tokens?: number;
  readonly maxTokens?: number;
}

/** `switchyard route explain`: the candidates in order, and why. */
export async function explainRouting(flags: ExplainFlags, context: CliContext): Promise<void> {
  const { tokens, maxTokens, caller, json } = flags;
  const hints = { ...hintsOf(flags), ...(caller === undefined ? {} : { caller }) };
  const explanation = await clientFor(flags, context).routing.explain({ hints, tokens, maxTokens });
  if (json) return context.output.json(explanation);
  printExplanation(explanation, context.output);
}

function printExplanation({ decision, candidates, routingVersion, degraded }: Explanation, output: Output): void {
  const { paint } = output;
  const set = routingVersion === 0 ? "nothing set at run time" : `routing version ${routingVersion}`;
  output.print(`${paint.bold(decision.strategy)}, ${set}`, decision.reason, "");
  const heads = ["", "provider", "model", "state", "share", "latency", "busy", "cost", "score", "limits", "why"];
  const rows = candidates.map((candidate) => cells(candidate, paint));
  output.print(...headedTable(heads, rows, paint).map((line) => `  ${line}`));
  if (degraded) output.note("Redis did not answer in time: this is what the server last knew.");
}

function cells(candidate: ExplainedCandidate, paint: Paint): string[] {
  const { place, provider, model, state, share, latencyMs, busy, costUsd, score, limits, reason } = candidate;
  return [
    place === null ? "–" : `${place}.`,
    place === null ? paint.dim(provider) : provider,
    model,
    stateWords(state, paint),
    shareWords(share),
    latencyWords(latencyMs),
    String(busy),
    formatUsd(costUsd),
    score === null ? "" : String(Number(score.toPrecision(4))),
    limitWords(limits, provider),
    reason ?? "",
  ];
}
