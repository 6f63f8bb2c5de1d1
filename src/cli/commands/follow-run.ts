import type { SwitchyardClient } from "../../client/client.ts";
import { AppError } from "../../core/errors.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../failure.ts";
import { watchRun } from "../watch/watch-run.ts";

/** Watches a run for a command. @returns the exit code: how the run ended, or that Ctrl-C ended the watching. */
export async function followRun(options: {
  readonly client: SwitchyardClient;
  readonly runId: string;
  readonly context: CliContext;
  readonly json?: boolean | undefined;
}): Promise<number> {
  const { client, runId, context, json = false } = options;
  const { output, stop } = context;
  try {
    const run = await watchRun({ client, runId, output, json, signal: stop.signal });
    return run.status === "succeeded" ? exitCodes.succeeded : exitCodes.runFailed;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "cancelled") throw error;
    output.note(`The run goes on. Watch it: switchyard runs watch ${runId}`);
    return exitCodes.interrupted;
  }
}
