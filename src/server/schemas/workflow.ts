import { z } from "zod";
import type { StoredWorkflow } from "../../engine/engine.ts";

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
