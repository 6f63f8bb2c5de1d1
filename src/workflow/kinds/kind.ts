import type { z } from "zod";
import type { Hints } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Path } from "../path.ts";

/** A place of a step's body that holds a template. */
export interface TemplatePlace {
  /** Below the body: `["messages", 0, "content"]`. */
  readonly path: Path;
  readonly text: string;
  /** `text`: always rendered to a string. `value` (default): a text that is one `{{ expression }}` and nothing else keeps its type. */
  readonly result?: "text" | "value";
}

/** A JSON Schema that the author wrote into a step's body. */
export interface SchemaPlace {
  readonly path: Path;
  readonly schema: JsonObject;
}

/**
 * What the workflow room must know of a step kind. Shared code never looks at a kind's name: it asks this object.
 * The optional questions have an answer that promises nothing.
 */
export interface StepKindSpec<Body extends JsonObject = JsonObject> {
  /** The step's kind key, and the name of its invoked actor. */
  readonly name: string;
  /** Queue of its jobs. */
  readonly queue: "llm" | "io";
  /** What may stand under the kind key, with `defaults` laid under it. Strict objects: unknown keys are then reported. */
  readonly schema: z.ZodType<Body>;
  /** What may stand under `defaults.<name>`. Absent: nothing. */
  readonly defaults?: z.ZodType<JsonObject>;
  /** Rules between keys that the schema cannot say. */
  check?(body: Body): Iterable<{ readonly path: Path; readonly message: string }>;
  /** Every template of the body. */
  templates(body: Body): Iterable<TemplatePlace>;
  /** Schemas that the author wrote into the body; they are checked as JSON Schema. */
  schemas?(body: Body): Iterable<SchemaPlace>;
  /** JSON Schema of what the step gives; references to its fields are checked against it. Absent or undefined: anything. */
  outputSchema?(body: Body): JsonObject | undefined;
  /** Hints that the body itself implies. The step's `route` wins over them. */
  hints?(body: Body): Hints;
}
