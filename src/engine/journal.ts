import type { Served } from "../core/call.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { ActiveActor, Delivery, JournalMark, OutsideEvent } from "./state.ts";

/** What came to a run of an author's own machine, as its journal keeps it. */
export type Told =
  | {
      readonly type: "done";
      readonly actor: string;
      readonly output: Json;
      readonly served?: Served | null;
      /** The run in which the step was executed. Absent: the journal's. */
      readonly run?: string;
    }
  | { readonly type: "error"; readonly actor: string; readonly error: ErrorRecord }
  | { readonly type: "timer"; readonly actor: string }
  | OutsideEvent;

/** One decision of such a run: made again with the same, the machine comes to the same state. */
export interface JournalEntry {
  /** Epoch milliseconds. */
  readonly at: number;
  /** In the order in which the machine took it; the first entry is the start, which takes the run's input. */
  readonly told: readonly Told[];
  /** Steps that it dispatched. */
  readonly opened: readonly string[];
}

/** How much of a run's journal is kept. A machine may go on for ever. */
export const journalLimits = { entries: 10_000, length: 16 * 1_048_576 };

/** The name under which an entry is stored, among the outputs of the run. @param index 0-based */
export function journalName(index: number): string {
  return `#journal:${index}`;
}

/** The journal with one more entry, as what is to be stored and the mark; an entry that it has no room for is its end. Pure. */
export function withEntry(
  mark: JournalMark,
  entry: JournalEntry,
  limits = journalLimits,
): { readonly mark: JournalMark; readonly stored: Readonly<Record<string, Json>> } {
  if (mark.isFull) return { mark, stored: {} };
  const length = mark.length + JSON.stringify(entry).length;
  if (mark.entries >= limits.entries || length > limits.length) return { mark: { ...mark, isFull: true }, stored: {} };
  const stored = { [journalName(mark.entries)]: entry as unknown as Json };
  return { mark: { entries: mark.entries + 1, length }, stored };
}

/** A journal from its beginning, as what is to be stored and the mark. Pure. */
export function journalOf(entries: readonly JournalEntry[]): ReturnType<typeof withEntry> {
  let mark: JournalMark = { entries: 0, length: 0 };
  const stored: Record<string, Json> = {};
  for (const entry of entries) {
    const next = withEntry(mark, entry);
    mark = next.mark;
    Object.assign(stored, next.stored);
  }
  return { mark, stored };
}

/** What a delivery or a signal is in the journal: without its line of history. */
export function toldOf(entry: Delivery | OutsideEvent): Told {
  switch (entry.type) {
    case "event":
      return { type: "event", event: entry.event };
    case "timer":
      return { type: "timer", actor: entry.actor };
    case "error":
      return { type: "error", actor: entry.actor, error: entry.error };
    case "done": {
      const { actor, output, event } = entry;
      const served = event?.type === "step.succeeded" ? event.served : null;
      return { type: "done", actor, output, ...(served ? { served } : {}) };
    }
  }
}

/** Steps that are active after a decision and were dispatched by it. */
export function openedSteps(
  before: Readonly<Record<string, ActiveActor>>,
  after: readonly (readonly [actor: string, active: ActiveActor])[],
): readonly string[] {
  return after.flatMap(([actor, { epoch, timer }]) => {
    return timer === undefined && before[actor]?.epoch !== epoch ? [actor] : [];
  });
}
