import type { Command } from "commander";
import { AppError } from "../../core/errors.ts";
import { type CliContext, exitWith, type GlobalOptions, type Register } from "../context.ts";
import { readDefinitionText } from "../definition-file.ts";
import { withMachine } from "../definition-machine.ts";
import { exitCodes, failureLines } from "../failure.ts";

/** What was found out about one file. */
interface Finding {
  readonly file: string;
  readonly name?: string;
  readonly error?: AppError;
}

/** `switchyard validate FILE...`: checks definitions without a server. Exit code 2 if one of them has a mistake. */
export const registerValidate: Register = (program, context) => {
  program
    .command("validate")
    .description("check workflow files; needs no server")
    .argument("<files...>", "definitions, YAML or JSON")
    .action(async (files: readonly string[], _options, command: Command) => {
      const { json }: GlobalOptions = command.optsWithGlobals();
      const findings = await Promise.all(files.map((file) => examine(file, context)));
      if (json) context.output.json({ valid: findings.every(({ error }) => !error), files: findings.map(asJson) });
      else for (const finding of findings) tell(finding, context);
      if (findings.some(({ error }) => error)) exitWith(exitCodes.refused);
    });
};

async function examine(file: string, { cwd }: CliContext): Promise<Finding> {
  try {
    const { strategyNames } = await import("../../config/settings.ts");
    const { checkDefinition } = await import("../../workflow/check.ts");
    const { compileWorkflow } = await import("../../workflow/compile.ts");
    const checked = checkDefinition(await readDefinitionText(file, cwd), { fileName: file, strategies: strategyNames });
    const definition = await withMachine(checked, file, cwd);
    compileWorkflow(definition);
    return { file, name: definition.name };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, problems, details } = error;
    return { file, error: new AppError(code, { message, problems, details: { ...details, file } }) };
  }
}

function asJson({ file, name, error }: Finding) {
  if (!error) return { file, valid: true, name };
  return { file, valid: false, code: error.code, detail: error.message, problems: error.problems };
}

function tell({ file, name, error }: Finding, { output }: CliContext): void {
  if (error) output.note(`${output.paint.red("✖")} ${file}`, ...failureLines(error, output));
  else output.print(`${output.paint.green("✔")} ${file} (${name})`);
}
