import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";
import { stringsIn } from "../path.ts";
import { authorSchema } from "../shape.ts";
import type { StepKindSpec } from "./kind.ts";

const schema = z
  .strictObject({
    module: z.string().min(1).describe("A file of the workers' functions folder, such as ./orders.mjs, or a package."),
    export: z
      .string()
      .regex(/^[A-Za-z_$][\w$]*$/, { error: "must be the name of an export." })
      .optional()
      .describe("Name of the function in it. Default: its default export."),
    input: z.json().optional().describe("What the function is given, with templates in its strings."),
    output: authorSchema.optional().describe("JSON Schema of what the function returns."),
  })
  .describe("A function from a module that the worker loads.");

/** What an author writes under `function`. */
export type FunctionBody = z.infer<typeof schema> & JsonObject;

/** A function of the user's, from a module that the worker loads. Its output is what the function returns, as JSON. */
export const functionKind: StepKindSpec<FunctionBody> = {
  name: "function",
  queue: "io",
  schema: schema as z.ZodType<FunctionBody>,
  readsEnv: true,

  *check({ module }) {
    const message = moduleMistake(module);
    if (message !== undefined) yield { path: ["module"], message };
  },

  *templates({ input }) {
    for (const { path, text } of stringsIn(input)) yield { path: ["input", ...path], text };
  },

  *schemas({ output }) {
    if (output !== undefined) yield { path: ["output"], schema: output };
  },

  outputSchema: ({ output }) => output,
};

/** Whether a module is named as a file of the workers' functions folder. Any other name is a package's. */
export function isFunctionFile(module: string): boolean {
  return module.startsWith("./");
}

const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(\/[\w.~-]+)*$/;

/** What is wrong with a module's name; undefined: nothing. */
export function moduleMistake(module: string): string | undefined {
  if (!isFunctionFile(module)) {
    if (/\.(c|m)?(j|t)s$/.test(module) && !module.startsWith("@"))
      return `must begin with ./ to be a file of the workers' functions folder: ./${module.replace(/^[./]+/, "")}.`;
    return packageName.test(module)
      ? undefined
      : "must be a file of the workers' functions folder, such as ./orders.mjs, or the name of a package.";
  }
  if (module.split("/").includes("..")) return "must lie below the workers' functions folder; .. is not taken.";
  if (/\.[cm]?ts$/.test(module))
    return `is TypeScript, which Node 20 cannot load; compile it and name the result: ${module.replace(/ts$/, "js")}.`;
  return /[^/]\.[cm]?js$/.test(module) ? undefined : "must end in .js, .mjs or .cjs.";
}
