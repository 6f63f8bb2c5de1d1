import type { CallRecord, Decision } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { WireEvent } from "../../providers/wire.ts";
import type { PartOrigin, RouteOutcome } from "../../router/router.ts";

type Answered = Extract<RouteOutcome, { type: "answered" }>;

/** Who served a request, what it took and cost: `switchyard` in bodies and streams. */
export function summaryOf({ served, calls }: Answered, leftOut: readonly string[]): JsonObject {
  const warnings = [...leftOut, ...calls.flatMap((call) => call.warnings ?? [])];
  return {
    provider: served.provider,
    model: served.modelServed,
    calls: calls.map(callOf),
    cost_usd: costOf(calls),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

/** A call as clients see it. */
export function callOf({ provider, model, ok, failure, durationMs, costUsd, role }: CallRecord): JsonObject {
  return {
    provider,
    model,
    ok,
    ...(failure ? { class: failure.class, status: failure.status, message: failure.message } : {}),
    ...(role ? { role } : {}),
    duration_ms: durationMs,
    cost_usd: costUsd,
  };
}

/** The headers of a whole answer. */
export function headersOf(outcome: Answered): Readonly<Record<string, string>> {
  const { served, calls, decision } = outcome;
  const costUsd = costOf(calls);
  return {
    "x-switchyard-provider": printable(served.provider),
    "x-switchyard-model": printable(served.modelServed),
    "x-switchyard-calls": String(calls.length),
    ...(costUsd === null ? {} : { "x-switchyard-cost-usd": String(costUsd) }),
    "x-switchyard-decision": shortOf(decision),
  };
}

/** The headers of a stream, sent with its first part: what it costs is not known by then. */
export function streamHeadersOf({ provider, model, call, decision }: PartOrigin): Readonly<Record<string, string>> {
  return {
    "x-switchyard-provider": printable(provider),
    "x-switchyard-model": printable(model),
    "x-switchyard-calls": String(call),
    "x-switchyard-decision": shortOf(decision),
  };
}

/** USD of all calls whose price is known; null: of none. */
function costOf(calls: readonly CallRecord[]): number | null {
  let sum: number | null = null;
  for (const { costUsd } of calls) if (costUsd !== null) sum = (sum ?? 0) + costUsd;
  return sum;
}

function shortOf({ strategy, reason }: Decision): string {
  const text = reason.startsWith(strategy) ? reason : `${strategy}: ${reason}`;
  return printable(text).slice(0, 300);
}

/** A text as a header may hold it. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}

/** A JSON object's text with one member more. Nothing else in it is touched, so what a vendor wrote stays as it was. */
export function spliced(text: string, member: JsonObject): string {
  const end = text.lastIndexOf("}");
  const isEmpty = text.slice(0, end).trimEnd().endsWith("{");
  return `${text.slice(0, end)}${isEmpty ? "" : ","}"switchyard":${JSON.stringify(member)}${text.slice(end)}`;
}

/** The end of a stream with the member in its first event that is an object. */
export function splicedEvents(events: readonly WireEvent[], member: JsonObject): readonly WireEvent[] {
  const at = events.findIndex(({ data }) => data.startsWith("{"));
  return events.map((event, i) => (i === at ? { ...event, data: spliced(event.data, member) } : event));
}
