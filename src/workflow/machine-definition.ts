import { z } from "zod";
import type { JsonObject } from "../core/json.ts";
import type { CheckedDefinition } from "./checked.ts";
import { defaultsShape, definitionShape } from "./definition.ts";
import { isFunctionFile, moduleMistake } from "./kinds/function.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import type { MachineSource } from "./own-machine.ts";
import type { ProblemList } from "./problem-list.ts";
import { readShape } from "./shape.ts";

const { name, description, input } = definitionShape.shape;

/** What stands under `machine`, in the place of `steps`. */
export const machineShape = z
  .strictObject({
    module: z.string().min(1).describe("A file of the functions folder, such as ./order-triage.machine.mjs."),
    export: z
      .string()
      .regex(/^[A-Za-z_$][\w$]*$/, { error: "must be the name of an export." })
      .optional()
      .describe("Name of the machine in it. Default: its default export."),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: "must be the SHA-256 of the file, in 64 hexadecimal digits." })
      .optional()
      .describe("Of the file. Filled in when the workflow is stored."),
  })
  .describe("An XState machine of a module, in the place of steps.");

const shape = z.strictObject({
  name,
  description,
  input,
  defaults: z.unknown().optional().describe("Holds for every step that does not say otherwise."),
  machine: machineShape,
});

/** Whether a definition is that of an XState machine. */
export function hasMachine(content: JsonObject): boolean {
  return Object.hasOwn(content, "machine") && !Object.hasOwn(content, "steps");
}

/** Checks a definition whose machine stands in a module; the module itself is not looked at. @returns puts it together, once nothing is wrong */
export function checkMachineDefinition(
  content: JsonObject,
  kinds: readonly StepKindSpec[],
  problems: ProblemList,
): () => CheckedDefinition {
  const head = readShape(shape, content, [], problems);
  const { defaults = {} } = content;
  readShape(defaultsShape(kinds), defaults, ["defaults"], problems);
  const module = head?.machine.module;
  const mistake =
    module === undefined ? undefined : (moduleMistake(module) ?? (isFunctionFile(module) ? undefined : noFile));
  if (mistake !== undefined) problems.add(["machine", "module"], mistake);
  return () => ({
    name: head?.name ?? "",
    ...(head?.description === undefined ? {} : { description: head.description }),
    ...(head?.input === undefined ? {} : { input: head.input as JsonObject }),
    steps: [],
    routes: [],
    tolerance: { type: "none" },
    machine: { source: (head?.machine ?? { module: "" }) as MachineSource },
    source: content,
    toJSON: () => content,
  });
}

const noFile = "must be a file of the functions folder, such as ./order-triage.machine.mjs.";
