import { createHash } from "node:crypto";
import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { definitionShape } from "../definition.ts";
import { type Path, stringsIn } from "../path.ts";
import { anyObject, stepDefaults, stepList } from "../shape.ts";
import type { BlockPlace, CalledWorkflow, TemplatePlace } from "./kind.ts";

/**
 * A *block* is what a step runs as child runs: a stored workflow by its name, or steps that stand inside the step. The latter are a
 * workflow of their own: they read their own `input` and each other, and nothing of what is around them.
 */
export interface Block {
  readonly workflow?: string;
  /** Default: the newest when the step begins. */
  readonly version?: number;
  readonly steps?: readonly Json[];
  readonly output?: Json;
  readonly defaults?: JsonObject;
}

/** The keys of a block, to stand among a kind's own. */
export const blockKeys = {
  workflow: definitionShape.shape.name.optional().describe("Name of a stored workflow that is run; or say steps."),
  version: z.number().int().min(1).optional().describe("Of that workflow. Default: the newest when the step begins."),
  steps: stepList
    .optional()
    .describe("Steps that are run, as in a workflow; they read their own input and each other."),
  output: z.json().optional().describe("What these steps give, with templates. Default: what the last of them give."),
  defaults: stepDefaults.optional().describe("Holds for these steps; laid over the workflow's defaults."),
};

/** A block with an input of its own, as branches and cases are. */
export const namedBlockKeys = {
  ...blockKeys,
  input: anyObject.optional().describe("Laid over the step's input."),
};

/** What the schema cannot say of a block. @param path of it, below the body */
export function* blockMistakes(
  block: Block,
  path: Path = [],
): Iterable<{ readonly path: Path; readonly message: string }> {
  const { workflow, steps } = block;
  if (workflow === undefined && steps === undefined) {
    yield { path, message: "needs what to run: workflow (the name of a stored one), or steps." };
  }
  if (workflow !== undefined && steps !== undefined) {
    yield { path: [...path, "steps"], message: "stands beside workflow; keep one of the two." };
  }
  if (block.version !== undefined && workflow === undefined) {
    yield { path: [...path, "version"], message: "belongs to workflow." };
  }
  for (const key of ["output", "defaults"] as const) {
    if (block[key] !== undefined && steps === undefined) yield { path: [...path, key], message: "belongs to steps." };
  }
}

/** Reports keys of an `input` that the kind itself gives each run. */
export function* takenKeys(input: JsonObject | undefined, taken: Readonly<Record<string, string>>) {
  for (const [key, what] of Object.entries(taken)) {
    if (input?.[key] !== undefined) yield { path: ["input", key], message: `is ${what}; give this another name.` };
  }
}

/** Every template of an `input`. @param path of it, below the body */
export function* inputTemplates(input: JsonObject | undefined, path: Path = ["input"]): Iterable<TemplatePlace> {
  for (const { path: at, text } of stringsIn(input)) yield { path: [...path, ...at], text };
}

/** The block at a place, if it stands there inline. @param inputs what it is given, by name */
export function* inlineBlock(
  block: Json | undefined,
  { path = [], name = "", inputs }: { readonly path?: Path; readonly name?: string; readonly inputs: JsonObject },
): Iterable<BlockPlace> {
  if (isJsonObject(block) && Array.isArray(block.steps)) yield { path, name, block, input: inputs };
}

/** The stored workflow that a block is, if it is one. */
export function* calledBlock(block: Json | undefined, name = ""): Iterable<CalledWorkflow> {
  if (isJsonObject(block) && typeof block.workflow === "string") yield { name, workflow: block.workflow };
}

/** Any value, for each key of these inputs. */
export function anyOf(...inputs: readonly (Json | undefined)[]): JsonObject {
  const keys = inputs.flatMap((input) => (isJsonObject(input) ? Object.keys(input) : []));
  return Object.fromEntries(keys.map((key) => [key, {}]));
}

/** Longest name of a workflow. */
const longestName = 100;

/** The name under which an inline block is stored: `OUTER.STEP`, or `OUTER.STEP.NAME` where the step has several. */
export function blockName(outer: string, step: string, name: string): string {
  const full = [outer, step, ...(name === "" ? [] : [name])]
    .join(".")
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, "_");
  if (full.length <= longestName) return full;
  const hash = createHash("sha256").update(full).digest("hex").slice(0, 8);
  return `${full.slice(0, longestName - 9)}-${hash}`;
}

/** The workflow that an inline block is. @param name that of {@link blockName} */
export function blockDefinition(name: string, { block, input }: Pick<BlockPlace, "block" | "input">): JsonObject {
  const { steps, output, defaults } = block;
  return {
    name,
    input: { type: "object", properties: input },
    ...(defaults === undefined ? {} : { defaults }),
    steps,
    ...(output === undefined ? {} : { output }),
  };
}
