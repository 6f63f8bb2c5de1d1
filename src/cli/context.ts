import type { Command } from "commander";
import { SwitchyardClient } from "../client/client.ts";
import { serverUrl } from "./address.ts";
import type { Output } from "./output.ts";
import type { Secrets } from "./protect.ts";
import type { Stop } from "./stop.ts";

/** The world as a command sees it. */
export interface CliContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Folder that paths start from. */
  readonly cwd: string;
  readonly stop: Stop;
  /** Keeps these secrets out of what a crash of the process leaves behind. Absent: the process is not ours. */
  readonly protect?: (secrets: Secrets) => void;
  readonly version: string;
}

/** Options that every command takes. */
export interface GlobalOptions {
  /** Server to talk to. */
  readonly url?: string;
  /** Print JSON for machines. */
  readonly json?: boolean;
}

/** Adds one command to the program. One file a command. */
export type Register = (program: Command, context: CliContext) => void;

/** Ends the program's work with an exit code of `exitCodes`, once the command's action is done. */
export function exitWith(code: number): void {
  process.exitCode = code;
}

/** A client for the server that the command's options, the environment or a running `dev` name. */
export function clientFor({ url }: GlobalOptions, { env, cwd }: CliContext): SwitchyardClient {
  return new SwitchyardClient({ url: serverUrl({ url, env, cwd }) });
}
