import { z } from "zod";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Path } from "../path.ts";
import { anyObject } from "../shape.ts";
import type { StepKindSpec, TemplatePlace } from "./kind.ts";

const schema = z
  .strictObject({
    name: z.string().min(1).describe("Name of a stored workflow; a Liquid template."),
    version: z.number().int().min(1).optional().describe("Default: the newest when the step begins."),
    input: anyObject.optional().describe("The run's input, with templates in its strings."),
  })
  .describe("Another workflow, as a run of its own.");

/** What an author writes under `workflow`. */
export type WorkflowBody = z.infer<typeof schema> & JsonObject;

/** Runs another workflow, as a run of its own. The step's output is that run's. */
export const workflowKind: StepKindSpec<WorkflowBody> = {
  name: "workflow",
  queue: "io",
  schema: schema as z.ZodType<WorkflowBody>,
  runsOne: true,

  *templates({ name, input }) {
    yield { path: ["name"], text: name, result: "text" };
    if (input !== undefined) yield* texts(input, ["input"]);
  },

  *calls({ name }) {
    if (typeof name === "string" && !/\{[{%]/.test(name)) yield { name: "", workflow: name };
  },
};

/** Every text below a value. */
function* texts(value: Json, path: Path): Iterable<TemplatePlace> {
  if (typeof value === "string") yield { path, text: value };
  else if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* texts(item, [...path, index]);
  else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* texts(item as Json, [...path, key]);
  }
}
