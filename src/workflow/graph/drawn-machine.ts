import type { AnyStateMachine } from "xstate";
import { AppError } from "../../core/errors.ts";
import type { CheckedDefinition } from "../checked.ts";
import { machineOf } from "../machine.ts";

/** The machine of a definition: its author's own, or the one that its steps make. @throws AppError machine_unknown - its module is not here */
export function drawnMachine(definition: CheckedDefinition): AnyStateMachine {
  const { machine } = definition;
  if (!machine) return machineOf(definition);
  if (!machine.loaded) throw new AppError("machine_unknown", { details: { module: machine.source?.module ?? "" } });
  return machine.loaded;
}
