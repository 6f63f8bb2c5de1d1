import type { Command } from "commander";
import type { LoadedSettings } from "../../config/load.ts";
import { catalogue } from "../../core/catalogue.ts";
import { AppError } from "../../core/errors.ts";
import type { CliContext, GlobalOptions, Register } from "../context.ts";

/** Options of both commands. */
export interface ConfigOptions extends GlobalOptions {
  /** Settings file in place of SWITCHYARD_CONFIG and ./switchyard.yaml. */
  readonly file?: string;
}

/** `switchyard config check | show`. Neither needs a server; `show` asks Redis for what was set at run time. */
export const registerConfig: Register = (program, context) => {
  const config = program.command("config").description("check and show the settings");
  config
    .command("check")
    .description("read every setting as a start would; exit code 2 and every problem if something is wrong")
    .option("--file <file>", "settings file (default: SWITCHYARD_CONFIG, else ./switchyard.yaml)")
    .action((_options, command: Command) => checkConfig(command.optsWithGlobals(), context));
  config
    .command("show")
    .description("show every setting, its value and where that comes from; what was set at run time wins")
    .option("--file <file>", "settings file (default: SWITCHYARD_CONFIG, else ./switchyard.yaml)")
    .action(async (_options, command: Command) => {
      const options: ConfigOptions = command.optsWithGlobals();
      const { showConfig } = await import("./show-config.ts");
      await showConfig(await loadHere(options, context), options, context);
    });
};

async function checkConfig(options: ConfigOptions, context: CliContext): Promise<void> {
  const { settings, file } = await loadHere(options, context);
  const { output } = context;
  const { loadPlugins } = await import("../../providers/load-plugins.ts");
  const plugins = await loadPlugins(settings);
  await Promise.all([...plugins.values()].map((plugin) => plugin.close()));
  const enabled = settings.routing.enabled;
  const warnings = [...settings.warnings];
  if (enabled.length === 0)
    warnings.push(`No provider is configured: every llm step would fail. ${catalogue.no_provider.fix}`);
  if (options.json) return output.json({ ok: true, file: file ?? null, providers: enabled, warnings });
  const read = file === undefined ? "the environment; there is no settings file" : `the environment and ${file}`;
  output.print(`${output.paint.green("ok")}  read from ${read}`);
  for (const warning of warnings) output.print(`${output.paint.yellow("warning")}  ${warning}`);
}

/** The settings of this folder and environment. A file that is missing is told of the option that named it. */
async function loadHere({ file }: ConfigOptions, { env, cwd }: CliContext): Promise<LoadedSettings> {
  const { loadWithOrigins } = await import("../../config/load.ts");
  const { settingsError } = await import("../../config/problems.ts");
  try {
    return loadWithOrigins({ env, cwd, ...(file === undefined ? {} : { file }) });
  } catch (error) {
    if (!(error instanceof AppError) || file === undefined) throw error;
    const problems = error.problems.map((problem) =>
      problem.path === "SWITCHYARD_CONFIG" ? { ...problem, path: "--file" } : problem,
    );
    const { details } = error;
    throw settingsError(problems, typeof details.file === "string" ? details.file : undefined);
  }
}
