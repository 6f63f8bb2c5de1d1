import type { Register } from "../context.ts";

/** `switchyard schema`: the workflow format as JSON Schema, for editors. */
export const registerSchema: Register = (program, { output }) => {
  program
    .command("schema")
    .description("print the JSON Schema of workflow files, for editors")
    .addHelpText("after", example)
    .action(async () => {
      const { defaultKinds } = await import("../../workflow/check.ts");
      const { schemaText, workflowSchema } = await import("../../workflow/schema/workflow-schema.ts");
      output.print(schemaText(workflowSchema(defaultKinds)).trimEnd());
    });
};

const example = `
Example:
  switchyard schema > workflow.schema.json    and as the first line of a workflow file:
  # yaml-language-server: $schema=./workflow.schema.json`;
