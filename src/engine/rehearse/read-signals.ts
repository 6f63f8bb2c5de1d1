import { isJsonObject, type Json } from "../../core/json.ts";
import type { Path } from "../../workflow/path.ts";
import { readShape } from "../../workflow/shape.ts";
import type { ScriptedSignal } from "./signals.ts";
import type { TestContext } from "./test-context.ts";
import { signalShape } from "./test-shape.ts";

/** Reads what a test sends to its machine, and reports what the machine does not know. @param written what stands under `signals`; its type is checked elsewhere */
export function readSignals(written: Json | undefined, path: Path, context: TestContext): readonly ScriptedSignal[] {
  if (written === undefined || !context.ofMachine("signals; give its wait and approval steps a result", path))
    return [];
  const list = Array.isArray(written) ? (written as readonly Json[]) : [];
  return list.flatMap((one, index) => readSignal(one, [...path, index], context) ?? []);
}

function readSignal(written: Json, path: Path, { machine, problems }: TestContext): ScriptedSignal | undefined {
  const signal = readShape(signalShape, written, path, problems);
  if (!signal) return undefined;
  const { name, payload = {}, in: state, after: afterMs = 0 } = signal;
  const mistake = machine?.eventMistake(name);
  if (mistake !== undefined) problems.add([...path, "name"], mistake);
  const misplaced = state === undefined ? undefined : machine?.stateMistake(state);
  if (misplaced !== undefined) problems.add([...path, "in"], misplaced);
  const given = payload as Json;
  return {
    name,
    payload: isJsonObject(given) ? given : { payload: given },
    afterMs,
    ...(state === undefined ? {} : { in: state }),
  };
}
