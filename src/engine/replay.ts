import { setImmediate } from "node:timers/promises";
import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { decideNext, decideStart } from "./decide.ts";
import type { Driver } from "./drive.ts";
import { type JournalEntry, openedSteps, type Told } from "./journal.ts";
import type { Delivery, InboxEntry, RunState, Transition } from "./state.ts";

/** Decisions that are made at once, before others get their turn. */
const atOnce = 50;

/**
 * The state of an author's own machine after what its journal tells. Nothing is done; the machine decides again.
 * @param changed what is not as in the journal's run, in words: `this input`; empty: nothing
 * @throws AppError fork_diverged - it opens other steps than it did, or has ended
 */
export async function replayed(
  driver: Driver,
  input: JsonObject,
  journal: readonly JournalEntry[],
  changed: string,
): Promise<RunState> {
  let last: Transition | undefined;
  for (const [index, entry] of journal.entries()) {
    if (index % atOnce === atOnce - 1) await setImmediate();
    const before = last?.state.active ?? {};
    const missing = last && entry.told.find((told) => told.type !== "event" && before[told.actor] === undefined);
    if (missing && missing.type !== "event") throw diverged(changed, before, `does not wait for "${missing.actor}"`);
    last = decided(driver, input, entry, last?.state);
    if (last.ending) throw diverged(changed, before, endText(last));
    const opened = openedSteps(before, Object.entries(last.state.active));
    if (opened.toSorted().join("\n") !== entry.opened.toSorted().join("\n"))
      throw diverged(changed, before, `begins ${names(opened)} in place of ${names(entry.opened)}`);
  }
  if (!last) throw new AppError("internal", { message: "A journal without entries was replayed." });
  return last.state;
}

function decided(
  driver: Driver,
  input: JsonObject,
  { at, told }: JournalEntry,
  state: RunState | undefined,
): Transition {
  if (!state) return decideStart(driver, input, at);
  const entries = told.map((one): InboxEntry => (one.type === "event" ? one : deliveryOf(one, state)));
  return decideNext(driver, state, entries, at);
}

/** Actors are found by their names: where what they were given is another, their dispatches have other numbers. */
function deliveryOf(told: Exclude<Told, { readonly type: "event" }>, { active }: RunState): Delivery {
  const head = { actor: told.actor, epoch: active[told.actor]?.epoch ?? 0 };
  switch (told.type) {
    case "timer":
      return { type: "timer", ...head };
    case "error":
      return { type: "error", ...head, error: told.error };
    case "done":
      return { type: "done", ...head, output: told.output };
  }
}

function diverged(changed: string, before: RunState["active"], how: string): AppError {
  const steps = Object.entries(before).flatMap(([actor, { timer }]) => (timer ? [] : [actor]));
  const where = steps.length === 0 ? "" : ` after ${names(steps)}`;
  const why = changed === "" ? "Told the same again" : `With ${changed}`;
  const hint = changed === "" ? " Its functions are not pure." : "";
  const message = `${why}, the machine goes another way${where}: it ${how}.${hint}`;
  return new AppError("fork_diverged", { message, details: { after: steps } });
}

function endText({ ending }: Transition): string {
  return ending?.status === "failed" ? `fails (${ending.error.code}: ${ending.error.message})` : "ends";
}

function names(steps: readonly string[]): string {
  return steps.length === 0 ? "nothing" : steps.map((step) => `"${step}"`).join(", ");
}
