import { Command, CommanderError } from "commander";
import { AppError } from "../core/errors.ts";
import { registerAudit } from "./commands/audit.ts";
import { registerBudgets } from "./commands/budgets.ts";
import { registerConfig } from "./commands/config.ts";
import { registerCosts } from "./commands/costs.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerDev } from "./commands/dev.ts";
import { registerGraph } from "./commands/graph.ts";
import { registerHealth } from "./commands/health.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerPlan } from "./commands/plan.ts";
import { registerPlans } from "./commands/plans.ts";
import { registerProviders } from "./commands/providers.ts";
import { registerReconcile } from "./commands/reconcile.ts";
import { registerRoute } from "./commands/route.ts";
import { registerRun } from "./commands/run.ts";
import { registerRuns } from "./commands/runs.ts";
import { registerSchedules } from "./commands/schedules.ts";
import { registerSchema } from "./commands/schema.ts";
import { registerServe } from "./commands/serve.ts";
import { registerSimulate } from "./commands/simulate.ts";
import { registerTest } from "./commands/test.ts";
import { registerTriggers } from "./commands/triggers.ts";
import { registerValidate } from "./commands/validate.ts";
import { registerWorker } from "./commands/worker.ts";
import { registerWorkflows } from "./commands/workflows.ts";
import { type CliContext, exitWith, type Register } from "./context.ts";
import { exitCodes, printFailure } from "./failure.ts";

/** Every command, in the order of the help. */
const commands: readonly Register[] = [
  registerDemo,
  registerDev,
  registerRun,
  registerRuns,
  registerWorkflows,
  registerPlan,
  registerPlans,
  registerRoute,
  registerValidate,
  registerGraph,
  registerTest,
  registerSchema,
  registerConfig,
  registerProviders,
  registerCosts,
  registerBudgets,
  registerSchedules,
  registerTriggers,
  registerKeys,
  registerAudit,
  registerServe,
  registerWorker,
  registerHealth,
  registerReconcile,
  registerSimulate,
];

/** Runs one command line. Never throws: errors are printed and told by the exit code. @param args without node and script. */
export async function runProgram(args: readonly string[], context: CliContext): Promise<void> {
  const { output } = context;
  const program = new Command("switchyard")
    .description("Durable multi-step LLM workflows whose every step is routed to a healthy provider.")
    .version(context.version, "--version", "print the version")
    .option(
      "--url <url>",
      "server to talk to (default: SWITCHYARD_URL, a `dev` running in this folder, port 7700 here)",
    )
    .option(
      "--tenant <name>",
      "tenant to ask as, for admins of the default tenant and open servers (default: SWITCHYARD_TENANT, whose the key is)",
    )
    .option("--json", "print JSON for machines")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => output.print(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
      // Told once, with the fix, by printFailure.
      outputError: () => undefined,
    })
    .exitOverride();
  for (const register of commands) register(program, context);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return;
    exitWith(exitCodes.refused);
    // Without a command the help has been printed.
    if (thrown instanceof CommanderError && thrown.code === "commander.help") return;
    const error = thrown instanceof CommanderError ? misused(thrown) : thrown;
    if (error instanceof AppError && error.code === "cancelled") exitWith(exitCodes.interrupted);
    else printFailure(error, output, args.includes("--json"));
  }
}

/** Commander's words as a sentence: `error: unknown option '--wach'\n(Did you mean --watch?)`. */
function misused(error: CommanderError): AppError {
  const words = error.message
    .replace(/^error: /, "")
    .replace(/\s*\n\(/, " (")
    .replace(/\.+$/, "");
  const message = `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[)?]$/.test(words) ? "" : "."}`;
  return new AppError("usage", { message, cause: error });
}
