import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Locator } from "../locator.ts";
import { stringsIn } from "../path.ts";
import type { ProblemList } from "../problem-list.ts";
import { readShape } from "../shape.ts";
import { branchesOf } from "./branches.ts";
import { duration, ourDuration } from "./duration.ts";
import { inputSchema } from "./input.ts";
import { responseField, stepOf } from "./steps.ts";
import { Translation } from "./translation.ts";

const apiVersion = "axonflow.io/v1";

const shape = z.strictObject({
  apiVersion: z.literal(apiVersion, { error: `must be ${apiVersion}, the only version that is known.` }),
  kind: z.literal("Workflow", { error: "must be Workflow; nothing else of that format can be run." }),
  metadata: z.strictObject({
    name: z.string(),
    description: z.string().optional(),
    version: z.union([z.string(), z.number()]).optional(),
  }),
  spec: z.strictObject({
    timeout: duration.optional(),
    retries: z.number().int().min(0).max(99).optional(),
    input: z.record(z.string(), z.json()).optional(),
    soft_failure_tolerance: z.string().optional(),
    steps: z.array(z.unknown()).min(1),
    output: z.json().optional(),
  }),
});

/** A document of AxonFlow's format, as the definition that it means. */
export interface TranslatedDocument {
  readonly definition: JsonObject;
  /** Finds a place of the definition in the document. */
  locator(document: Locator): Locator;
}

/** Whether a value says that it is a document of AxonFlow's format. */
export function isAxonflowDocument(value: unknown): value is JsonObject {
  if (!isJsonObject(value as Json)) return false;
  const { apiVersion: version, kind, spec } = value as JsonObject;
  if (typeof version === "string") return version.startsWith("axonflow.io/");
  return kind === "Workflow" && isJsonObject(spec);
}

/**
 * Translates a document of AxonFlow's format (`apiVersion: axonflow.io/v1`, `kind: Workflow`). What it leaves open, and what has no
 * counterpart here, goes into the problems with its place in the document. @returns undefined: there is nothing to check further
 */
export function translateDocument(document: JsonObject, problems: ProblemList): TranslatedDocument | undefined {
  readShape(shape, document, [], problems);
  const { metadata, spec } = document;
  reportTags(spec, problems);
  if (!isJsonObject(metadata) || !isJsonObject(spec) || !Array.isArray(spec.steps)) return undefined;
  const steps = spec.steps as readonly Json[];
  const translation = new Translation(responseField(steps));
  const branches = branchesOf(steps, problems);
  const definition = {
    name: translation.keep(typeof metadata.name === "string" ? metadata.name : "unnamed", {
      to: ["name"],
      from: ["metadata", "name"],
    }),
    ...(typeof metadata.description === "string" ? { description: metadata.description } : {}),
    ...headOf(spec, translation, problems),
    steps: translation.keep(
      steps.map((step, index) => stepOf(step, { index, translation, branch: branches.get(index), problems })),
      { to: ["steps"], from: ["spec", "steps"] },
    ),
    ...(spec.output === undefined
      ? {}
      : { output: translation.texts(spec.output, { to: ["output"], from: ["spec", "output"] }) }),
  };
  return { definition, locator: (original) => translation.locator(original) };
}

/** A text that begins a tag of ours was nothing but a text there. */
function reportTags(spec: Json | undefined, problems: ProblemList): void {
  for (const { path, text } of stringsIn(spec)) {
    const lines = text.split("\n");
    const line = lines.findIndex((content) => content.includes("{%"));
    if (line < 0) continue;
    const message = "{% begins a tag of Liquid's here, and means nothing in this format; write the text without it.";
    problems.addInside(["spec", ...path], { line: line + 1, column: (lines[line] ?? "").indexOf("{%") + 1 }, message);
  }
}

function headOf(spec: JsonObject, translation: Translation, problems: ProblemList): JsonObject {
  const { timeout, retries, input, soft_failure_tolerance: tolerance } = spec;
  const move = (to: string, from: string) => ({ to: [to], from: ["spec", from] });
  return {
    ...(typeof timeout === "string"
      ? { timeout: translation.keep(ourDuration(timeout), move("timeout", "timeout")) }
      : {}),
    ...(isJsonObject(input) ? { input: inputSchema(input, translation, problems) } : {}),
    ...(typeof tolerance === "string"
      ? { soft_failure: translation.keep(tolerance, move("soft_failure", "soft_failure_tolerance")) }
      : {}),
    ...(typeof retries === "number" && Number.isInteger(retries) && retries >= 0 && retries < 100
      ? { defaults: translation.keep({ retry: { attempts: retries + 1 } }, move("defaults", "retries")) }
      : {}),
  };
}
