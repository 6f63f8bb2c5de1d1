import { z } from "zod";
import type { ListedWorkflow, StoredVersion } from "../../core/listed-workflow.ts";
import type { StoredWorkflow } from "../../engine/engine.ts";
import { mistake } from "./errors.ts";

/** A workflow in the store. */
export const storedWorkflow = z
  .strictObject({ name: z.string(), version: z.int() })
  .meta({ id: "StoredWorkflow" }) satisfies z.ZodType<StoredWorkflow>;

/** A definition as it is sent: an object, or YAML text. */
export const definitionBody = z
  .union([z.string().min(1), z.record(z.string(), z.unknown())], {
    error: "must be a workflow definition: a JSON object, or YAML text sent as text/yaml.",
  })
  .meta({
    description: "A definition: a JSON object, or YAML text with a YAML content type.",
    examples: [{ name: "hello", steps: [{ id: "greet", llm: { prompt: "Greet {{ input.name }}." } }] }],
  });

const moment = z.number().nullable().describe("Epoch milliseconds; null: nobody knows.");

/** A workflow of the list. */
export const listedWorkflow = z
  .strictObject({
    name: z.string(),
    version: z.int().describe("The newest one."),
    storedAt: moment,
    lastRunAt: z.number().nullable().describe("Epoch milliseconds of its newest run; null: it has none."),
    lastRun: z.string().nullable(),
  })
  .meta({ id: "Workflow" }) satisfies z.ZodType<ListedWorkflow>;

/** A version of a workflow with what its author wrote. */
export const shownWorkflow = z
  .strictObject({
    name: z.string(),
    version: z.int(),
    definition: z.record(z.string(), z.unknown()).describe("As its author wrote it, checked."),
  })
  .meta({ id: "WorkflowVersion" });

/** A version of a workflow. */
export const storedVersion = z
  .strictObject({ version: z.int(), storedAt: moment })
  .meta({ id: "Version" }) satisfies z.ZodType<StoredVersion>;

/** Whether a definition could be stored. */
export const validation = z
  .strictObject({
    valid: z.boolean(),
    name: z.string().nullable(),
    steps: z.array(z.string()).describe("Ids of its steps."),
    problems: z.array(mistake).describe("Everything that is wrong."),
  })
  .meta({ id: "Validation" });
