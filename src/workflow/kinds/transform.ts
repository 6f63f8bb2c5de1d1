import { z } from "zod";
import type { Json } from "../../core/json.ts";
import type { Scope } from "../compiled.ts";
import { parseJsonata } from "../jsonata.ts";
import { stringsIn } from "../path.ts";
import { readName, stepsRead } from "../reference.ts";
import type { StepKindSpec } from "./kind.ts";

const expression = z.string().min(1);

const schema = z
  .union([
    expression,
    z
      .record(z.string(), expression)
      .refine((members) => Object.keys(members).length > 0, { error: "must have at least one member." })
      .meta({ minProperties: 1 }),
  ])
  .describe("A JSONata expression over input and steps, or an object with one for each member of the output.");

/** What an author writes under `transform`: a JSONata expression, or an object with one for each member of the output. */
export type TransformBody = z.infer<typeof schema>;

/** What the handler gets: expressions as they were written, and everything that they can read. */
export interface TransformWork {
  readonly expressions: TransformBody;
  readonly data: Scope;
}

/** Makes data of data, without a model. Its output is the expression's value, or an object of the values; `null` where there is none. */
export const transformKind: StepKindSpec<TransformBody> = {
  name: "transform",
  queue: "io",
  schema,

  *templates(body) {
    for (const { path, text } of stringsIn(body)) yield { path, text, language: "jsonata" };
  },

  outputSchema: (body) =>
    typeof body === "string"
      ? undefined
      : {
          type: "object",
          properties: Object.fromEntries(Object.keys(body).map((name) => [name, {}])),
          additionalProperties: false,
        },

  rendering(body, { before }) {
    const reads = readsOf(body, before);
    return {
      reads,
      render: ({ input, steps }) => {
        const data = { input, steps: stepsRead(reads, steps) };
        return { expressions: body, data } satisfies TransformWork as unknown as Json;
      },
    };
  },
};

/** The steps that the expressions name; all that have ended where one of them may read others. */
function readsOf(body: TransformBody, before: () => readonly string[]): readonly string[] {
  const parsed = [...stringsIn(body)].map(({ text }) => parseJsonata(text));
  if (parsed.some(({ isOpen }) => isOpen)) return before();
  const named = parsed.flatMap(({ references }) => references.map(({ segments }) => segments));
  return [...new Set(named.flatMap((segments) => readName(segments) ?? []))];
}
