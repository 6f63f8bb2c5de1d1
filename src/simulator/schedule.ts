import { formatDuration } from "../core/duration.ts";
import { describeFault, type Fault } from "./fault.ts";
import type { OutageScript } from "./script.ts";

/** An outage of a script in words: from when to when, who, what. */
export type ScheduleRow = readonly [span: string, provider: string, fault: string];

/** A script's outages in the order in which they begin: `["10 s to 20 s", "openai", "latency 4000 ms, 50 % of its calls"]`. */
export function scheduleOf({ outages }: OutageScript): readonly ScheduleRow[] {
  return [...outages]
    .sort((a, b) => a.fromMs - b.fromMs)
    .map(({ fromMs, toMs, provider, fault }) => [
      `${formatDuration(fromMs)} to ${toMs === undefined ? "the end" : formatDuration(toMs)}`,
      provider,
      [describeFault(fault), ...scopeWords(fault)].join(", "),
    ]);
}

function scopeWords(fault: Fault): readonly string[] {
  if (fault.kind === "refuse") return [];
  const { probability, times, match } = fault;
  return [
    ...(probability === undefined ? [] : [`${Math.round(probability * 100)} % of its calls`]),
    ...(times === undefined ? [] : [`${times} times`]),
    ...(match === undefined ? [] : [`where a prompt has "${match}"`]),
  ];
}
