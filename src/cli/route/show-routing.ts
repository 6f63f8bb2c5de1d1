import type { RoutingReport, RoutingTarget, RoutingVersion, ShadowSummary } from "../../core/routing.ts";
import { momentWords } from "../moment.ts";
import type { Output, Paint } from "../output.ts";
import { headedTable } from "../table.ts";
import { formatUsd } from "../watch/words.ts";
import { latencyWords, limitWords, originWords, shareWords, stateWords, valueWords } from "./words.ts";

/** Prints what is in force and how the targets stand. */
export function printRouting(report: RoutingReport, output: Output): void {
  const { paint } = output;
  output.print(versionLine(report, paint), "");
  const heads = ["setting", "value", "from"];
  const settings = Object.entries(report.settings).map(([key, { value, origin }]) => {
    const from = originWords(origin);
    return [key, valueWords(value), from === "run time" ? paint.yellow(from) : paint.dim(from)];
  });
  output.print(...headedTable(heads, settings, paint).map((line) => `  ${line}`));
  if (report.targets.length === 0) output.note("No provider is configured.");
  else output.print("", ...targetTable(report.targets, paint));
  if (report.degraded) output.note("Redis did not answer in time: health is what the server last knew.");
}

function versionLine({ version, author, at, note }: RoutingVersion, paint: Paint): string {
  if (version === 0 || at === null)
    return `${paint.bold("routing")} as each process is configured; nothing was set at run time`;
  return `${paint.bold(`routing version ${version}`)} by ${author}, ${momentWords(at)} UTC: ${note}`;
}

function targetTable(targets: readonly RoutingTarget[], paint: Paint): string[] {
  const names = ["provider", "model", "state", "share", "latency", "busy", "failed", "limits", "why"];
  const rows = [...targets].sort((a, b) => (a.provider < b.provider ? -1 : 1)).map((target) => cells(target, paint));
  return headedTable(names, rows, paint).map((line) => `  ${line}`);
}

function cells(target: RoutingTarget, paint: Paint): string[] {
  const { provider, model, state, share, latencyMs, busy, breaker, limits, reason } = target;
  const { failed, answered } = breaker;
  return [
    provider,
    model,
    stateWords(state, paint),
    shareWords(share),
    latencyWords(latencyMs),
    String(busy),
    `${failed} of ${failed + answered}`,
    limitWords(limits, provider),
    reason ?? "",
  ];
}

/** Prints the versions, newest first. */
export function printHistory(versions: readonly RoutingVersion[], output: Output): void {
  const heads = ["version", "when (UTC)", "who", "what"];
  const rows = versions.map(({ version, at, author, note }) => [
    String(version),
    momentWords(at),
    author ?? "",
    note ?? "",
  ]);
  if (rows.length === 0) output.note("The routing was never changed at run time.");
  else output.print(...headedTable(heads, rows, output.paint));
}

/** Prints what mirrored requests have shown: mirror beside answer. */
export function printShadows(shadows: readonly ShadowSummary[], output: Output): void {
  if (shadows.length === 0) {
    output.note("Nothing was mirrored yet; `switchyard route set shadow=PROVIDER:SHARE` begins it.");
    return;
  }
  const heads = ["mirror", "answered by", "calls", "failed", "ms", "USD", "characters"];
  const pair = (
    values: { shadow: number | null; answered: number | null } | null,
    words: (value: number | null) => string,
  ) => (values === null ? "" : `${words(values.shadow)} / ${words(values.answered)}`);
  const whole = (value: number | null) => String(Math.round(value ?? 0));
  const rows = shadows.map(({ shadow, answered, requests, failed, durationMs, costUsd, length }) => [
    shadow,
    answered,
    String(requests),
    failed > 0 ? String(failed) : "",
    pair(durationMs, whole),
    pair(costUsd, formatUsd),
    pair(length, whole),
  ]);
  output.print(...headedTable(heads, rows, output.paint));
}
