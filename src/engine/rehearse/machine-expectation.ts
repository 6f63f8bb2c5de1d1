import { isJsonObject, type Json } from "../../core/json.ts";
import { differences } from "./difference.ts";
import type { RehearsedMachine, RehearsedRun } from "./rehearsed-run.ts";
import type { ScriptedSignal } from "./signals.ts";

/** What a test expects of the XState machine of its run. What is absent may be anything. */
export interface MachineExpectation {
  /** Exactly these states were entered, in this order; of those with states inside, these. */
  readonly states?: readonly string[];
  /** The same of child machines, by their names in the run. */
  readonly machines?: Readonly<Record<string, readonly string[]>>;
  /** Exactly these events were emitted, in this order; a text is a type. */
  readonly emitted?: readonly Json[];
}

/** All that is not as expected of a machine: `states`, `emitted.0`, `signals.1`, ... */
export function unmetOfMachine(
  { states, machines = {}, emitted }: MachineExpectation,
  run: RehearsedRun,
): readonly { readonly place: string; readonly message: string }[] {
  const { machine } = run;
  if (!machine) return [];
  const unsent = machine.unsent.map(([index, signal]) => ({
    place: `signals.${index}`,
    message: unsentText(signal, run.status),
  }));
  return [
    ...(states ? unmetStates("states", states, statesOf(machine, "")) : []),
    ...Object.entries(machines).flatMap(([path, expected]) =>
      unmetStates(`machines.${path}`, expected, statesOf(machine, path)),
    ),
    ...(emitted ? unmetEvents(emitted, machine) : []),
    ...unsent,
  ];
}

function statesOf({ machines }: RehearsedMachine, path: string): readonly string[] {
  return machines.flatMap(([name, { states }]) => (name === path ? states : []));
}

function unmetStates(place: string, expected: readonly string[], actual: readonly string[]) {
  if (expected.join("\n") === actual.join("\n")) return [];
  const words = (states: readonly string[]) => (states.length === 0 ? "none" : states.join(", "));
  return [{ place, message: `expected ${words(expected)}; got ${words(actual)}` }];
}

function unmetEvents(expected: readonly Json[], { emitted }: RehearsedMachine) {
  const actual = emitted.map(({ event }, index): Json => {
    return typeof expected[index] === "string" || !isJsonObject(event as Json) ? event.type : (event as Json);
  });
  return differences([...expected], actual, ["emitted"]);
}

function unsentText({ name, in: state }: ScriptedSignal, status: RehearsedRun["status"]): string {
  const end = status === "waiting" ? "the machine waits" : "the run ended";
  return `${name} was not sent: ${end} before ${state === undefined ? "it was due" : `it came to state "${state}"`}`;
}
