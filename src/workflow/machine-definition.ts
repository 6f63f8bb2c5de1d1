import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { CheckedDefinition } from "./checked.ts";
import { defaultsShape, definitionShape } from "./definition.ts";
import { checkJsonSchema } from "./json-schema.ts";
import { isFunctionFile, moduleMistake } from "./kinds/function.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { buildMachine, isConfig } from "./machine-json/build.ts";
import { checkMachineConfig } from "./machine-json/check.ts";
import { isInvocable, type MachineSource } from "./own-machine.ts";
import type { ProblemList } from "./problem-list.ts";
import { readShape } from "./shape.ts";

const { name, description, input, output_schema } = definitionShape.shape;

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
  output_schema,
  defaults: z.unknown().optional().describe("Holds for every step that does not say otherwise."),
  machine: z.json(),
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
  const { machine, input: inputSchema, output_schema: outputSchema } = content;
  if (isJsonObject(inputSchema)) checkJsonSchema(inputSchema, ["input"], problems);
  if (isJsonObject(outputSchema)) checkJsonSchema(outputSchema, ["output_schema"], problems);
  const put = isConfig(machine)
    ? checkWritten(machine, { head, kinds }, problems)
    : checkSource(readShape(machineShape, machine, ["machine"], problems), problems);
  return () => ({
    name: head?.name ?? "",
    ...(head?.description === undefined ? {} : { description: head.description }),
    ...(head?.input === undefined ? {} : { input: head.input as JsonObject }),
    ...(head?.output_schema === undefined ? {} : { outputSchema: head.output_schema as JsonObject }),
    steps: [],
    routes: [],
    tolerance: { type: "none" },
    machine: put(),
    source: content,
    toJSON: () => content,
  });
}

type Machine = NonNullable<CheckedDefinition["machine"]>;

function checkSource(source: z.infer<typeof machineShape> | undefined, problems: ProblemList): () => Machine {
  const module = source?.module;
  const mistake =
    module === undefined ? undefined : (moduleMistake(module) ?? (isFunctionFile(module) ? undefined : noFile));
  if (mistake !== undefined) problems.add(["machine", "module"], mistake);
  return () => ({ source: (source ?? { module: "" }) as MachineSource });
}

function checkWritten(
  machine: JsonObject,
  { head, kinds }: { readonly head: z.infer<typeof shape> | undefined; readonly kinds: readonly StepKindSpec[] },
  problems: ProblemList,
): () => Machine {
  const properties = (head?.input as JsonObject | undefined)?.properties;
  const inputs = isJsonObject(properties) ? Object.keys(properties) : null;
  const names = kinds.filter(isInvocable).map((kind) => kind.name);
  const config = checkMachineConfig(machine, ["machine"], { kinds: names, inputs }, problems);
  return () => {
    if (!config) throw new AppError("internal", { message: "A machine with mistakes was put together." });
    try {
      return { loaded: buildMachine(config, head?.name ?? "machine", ["machine"]) };
    } catch (error) {
      const { message } = error as Error;
      const found = [{ path: "machine", message }];
      throw new AppError("invalid_definition", { message: `machine: ${message}`, problems: found, cause: error });
    }
  };
}

const noFile = "must be a file of the functions folder, such as ./order-triage.machine.mjs.";
