import type { Json } from "../../core/json.ts";
import type { Path } from "../../workflow/path.ts";
import type { MachineExpectation } from "./machine-expectation.ts";
import type { TestContext } from "./test-context.ts";
import type { WrittenExpectation } from "./test-shape.ts";

/** Reads what a test expects of an XState machine: the states that it goes through, what it emits. Reports what the machine does not have. */
export function readMachineExpectation(
  { states, machines, emitted }: WrittenExpectation,
  path: Path,
  context: TestContext,
): MachineExpectation {
  if (states) checkStates(states, "", [...path, "states"], context);
  if (machines) checkMachines(machines, [...path, "machines"], context);
  if (emitted) context.ofMachine("emitted", [...path, "emitted"]);
  return {
    ...(states ? { states } : {}),
    ...(machines ? { machines } : {}),
    ...(emitted ? { emitted: emitted as unknown as readonly Json[] } : {}),
  };
}

function checkMachines(machines: Readonly<Record<string, readonly string[]>>, path: Path, context: TestContext): void {
  const names = context.ofMachine("machines", path);
  if (!names) return;
  for (const [machine, states] of Object.entries(machines)) {
    const mistake = names.machineMistake(machine);
    if (mistake !== undefined) context.problems.addKey([...path, machine], mistake);
    else checkStates(states, machine, [...path, machine], context);
  }
}

function checkStates(states: readonly string[], machine: string, path: Path, context: TestContext): void {
  const names = context.ofMachine("states", path);
  for (const [index, state] of states.entries()) {
    const mistake = names?.leafMistake(state, machine);
    if (mistake !== undefined) context.problems.add([...path, index], mistake);
  }
}
