import type { z } from "zod";
import type { Hints } from "../../core/call.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Rendering } from "../compiled.ts";
import type { Path } from "../path.ts";

/** A place of a step's body that holds a template. */
export interface TemplatePlace {
  /** Below the body: `["messages", 0, "content"]`. */
  readonly path: Path;
  readonly text: string;
  /** Default: liquid. `expression`: Liquid's, without braces. What is written in JSONata is checked, and left for the step's handler to evaluate. */
  readonly language?: "liquid" | "expression" | "jsonata";
  /** `text`: always rendered to a string. `value` (default): a text that is one `{{ expression }}` and nothing else keeps its type. */
  readonly result?: "text" | "value";
  /** Whether it may read environment variables. Default: what the kind says. */
  readonly readsEnv?: boolean;
  /** Given: it is rendered when there are arguments, which it reads as `args`. Their JSON Schema. */
  readonly args?: JsonObject;
}

/** A JSON Schema that the author wrote into a step's body. */
export interface SchemaPlace {
  readonly path: Path;
  readonly schema: JsonObject;
}

/** A workflow that stands in a step's body: it is run as a child run, and is checked with the whole definition. */
export interface BlockPlace {
  /** Of the object that has its `steps`, below the body. */
  readonly path: Path;
  /** Tells it from the other blocks of the step; empty: it is the only one. */
  readonly name: string;
  readonly block: JsonObject;
  /** What its templates can read as `input`: JSON Schemas by name. */
  readonly input: JsonObject;
}

/** A stored workflow that a step runs as a block, or as its one run. */
export interface CalledWorkflow {
  /** Of the block, as in {@link BlockPlace}. */
  readonly name: string;
  /** The stored workflow's. */
  readonly workflow: string;
}

/** What the runs of one block are called: `items` by the item's number, `rounds` one after the other. Their number, from 0, tells them apart. */
export type RepeatedRuns = "items" | "rounds";

/** A step whose body is made ready to be rendered. */
export interface RenderedStep {
  readonly id: string;
  /** Steps that have always ended when it starts. */
  before(): readonly string[];
}

/**
 * What the workflow room must know of a step kind. Shared code never looks at a kind's name: it asks this object.
 * The optional questions have an answer that promises nothing.
 */
export interface StepKindSpec<Body extends Json = Json> {
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
  /**
   * The inline blocks of a body, as its author wrote it: those that are well-formed, even where the whole is not.
   * Their templates are no business of {@link templates}.
   */
  blocks?(body: JsonObject): Iterable<BlockPlace>;
  /** The stored workflows that a body calls, as far as it says so before it is rendered. */
  calls?(body: JsonObject): Iterable<CalledWorkflow>;
  /** Whether it starts one run at most, which needs no name. Default: no. */
  readonly runsOne?: boolean;
  /** Of a kind whose one block is run more than once: what these runs are called. Absent: its blocks have names. */
  readonly repeats?: RepeatedRuns;
  /** Whether it stands under `compensate` only. It is then for all that the step has done, whatever became of it: `from` is `start` by default. Default: no. */
  readonly onlyUndoes?: boolean;
  /** Whether an execution that finds a memo wants nothing else: its `body` is then null, and nothing is loaded or rendered for it. Default: no. */
  readonly resumesBare?: boolean;
  /** Whether templates of the body may read environment variables, as `env.NAME` or `secrets.NAME`. Default: no. */
  readonly readsEnv?: boolean;
  /** What a worker's handler gets of a checked body. Default: the body with its templates rendered. */
  rendering?(body: Body, step: RenderedStep): Rendering;
  /** What a worker's handler gets of a body without templates. Absent: the body itself; a kind with a rendering is then none that machines invoke. */
  literal?(body: Body): Json;
  /** Hints that the body itself implies. The step's `route` wins over them. */
  hints?(body: Body): Hints;
}
