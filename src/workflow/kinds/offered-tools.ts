import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";
import type { Path } from "../path.ts";
import { authorSchema } from "../shape.ts";

/** The words of `tool_choice` that are no tool's name. */
const choices = ["auto", "required", "none"] as const;

/** The keys by which an `llm` step offers tools that it does not call itself. */
export const toolKeys = {
  tools: z
    .array(
      z
        .strictObject({
          name: z
            .string()
            .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, {
              error: "must start with a letter and hold only letters, digits, _ and -, at most 64.",
            })
            .describe("Name by which the model asks for it."),
          description: z.string().min(1).optional().describe("What the model knows of it."),
          input: authorSchema.optional().describe("JSON Schema of its arguments, an object. Default: it has none."),
        })
        .describe("A tool that the model may ask for. The step does not call it."),
    )
    .min(1)
    .max(128)
    .optional()
    .describe(
      "Tools that the model may ask for. The output is then { text, tools }: what it said, and what it asks for.",
    ),
  tool_choice: z
    .string()
    .min(1)
    .optional()
    .describe(
      "auto: the model decides; required: it asks for at least one; none; or the name of the one that it is to ask for.",
    ),
};

/** What an author writes by {@link toolKeys}. */
export interface OfferingBody {
  readonly tools?: readonly OfferedTool[] | undefined;
  readonly tool_choice?: string | undefined;
}

/** A tool that the model may ask for. */
export interface OfferedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly input?: JsonObject | undefined;
}

/** What the schema cannot say. Paths begin at the body. */
export function* offeringMistakes({
  tools,
  tool_choice: choice,
  output,
}: OfferingBody & { readonly output?: unknown }): Iterable<{ readonly path: Path; readonly message: string }> {
  const names = (tools ?? []).map(({ name }) => name);
  for (const [index, { name, input }] of (tools ?? []).entries()) {
    if (names.indexOf(name) < index)
      yield { path: ["tools", index, "name"], message: `there is another tool ${name}.` };
    if (input && input.type !== "object") {
      yield {
        path: ["tools", index, "input"],
        message: "must be the schema of an object (type: object): arguments have names.",
      };
    }
  }
  if (tools && output !== undefined)
    yield {
      path: ["output"],
      message: "stands beside tools: what the model asks for is the output then. Keep one of the two.",
    };
  if (choice === undefined) return;
  if (!tools) yield { path: ["tool_choice"], message: "needs tools." };
  else if (![...choices, ...names].includes(choice))
    yield { path: ["tool_choice"], message: `must be one of ${[...choices, ...names].join(", ")}.` };
}

/** JSON Schema of what a step gives that offers tools. */
export function offeringOutput(tools: readonly OfferedTool[]): JsonObject {
  const call = {
    type: "object",
    properties: { tool: { enum: tools.map(({ name }) => name) }, arguments: {} },
  };
  return { type: "object", properties: { text: { type: "string" }, tools: { type: "array", items: call } } };
}
