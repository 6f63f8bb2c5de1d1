import type { Priority } from "../core/priority.ts";

/** BullMQ takes the smallest number first. */
const base: Readonly<Record<Priority, number>> = { high: 0, normal: 2, low: 4 };

/**
 * BullMQ's priority of a step's job: jobs of a more urgent run go first; among equals those of runs that have begun, so that runs are finished before further ones are
 * begun; then in the order in which they were added. @returns 1 to 6
 */
export function jobPriority(priority: Priority | undefined, place: "front" | "back"): number {
  return base[priority ?? "normal"] + (place === "front" ? 1 : 2);
}

/** From this age on a run of low priority counts as a normal one, so that it is not starved for ever. */
const agedMs = 10 * 60_000;

/** The priority of a run at some time. @param createdAt, now epoch milliseconds */
export function agedPriority(priority: Priority | undefined, createdAt: number, now: number): Priority | undefined {
  return priority === "low" && now - createdAt >= agedMs ? undefined : priority;
}
