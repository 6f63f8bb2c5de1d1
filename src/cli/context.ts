import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { SwitchyardClient } from "../client/client.ts";
import { isTenant, tenantForm } from "../core/access-key.ts";
import { AppError } from "../core/errors.ts";
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
  /** Asked as. */
  readonly tenant?: string;
  /** Print JSON for machines. */
  readonly json?: boolean;
}

/** Adds one command to the program. One file a command. */
export type Register = (program: Command, context: CliContext) => void;

/** Ends the program's work with an exit code of `exitCodes`, once the command's action is done. */
export function exitWith(code: number): void {
  process.exitCode = code;
}

/** A client for the server that the command's options, the environment or a running `dev` name, asking as the tenant that they name. @throws AppError usage */
export function clientFor(options: GlobalOptions, context: CliContext): SwitchyardClient {
  const tenant = tenantIn(options, context.env);
  return new SwitchyardClient({ ...serverFor(options, context), ...(tenant === undefined ? {} : { tenant }) });
}

/** As {@link clientFor}, for what concerns all tenants alike: whoever asks for it asks in his own name. */
export function fleetClientFor(options: GlobalOptions, context: CliContext): SwitchyardClient {
  return new SwitchyardClient(serverFor(options, context));
}

function serverFor({ url }: GlobalOptions, { env, cwd }: CliContext) {
  const apiKey = apiKeyIn(env, cwd);
  return { url: serverUrl({ url, env, cwd }), ...(apiKey === undefined ? {} : { apiKey }) };
}

/** Whom a command asks as: `--tenant`, SWITCHYARD_TENANT; undefined: whose its key is. @throws AppError usage */
export function tenantIn({ tenant: option }: GlobalOptions, { SWITCHYARD_TENANT: variable }: NodeJS.ProcessEnv) {
  const tenant = option ?? (variable?.trim() || undefined);
  if (tenant === undefined || isTenant(tenant)) return tenant;
  const name = option === undefined ? "SWITCHYARD_TENANT" : "--tenant";
  throw new AppError("usage", { message: `${name} must be ${tenantForm}.` });
}

/** The key that commands send: SWITCHYARD_API_KEY, or what the file holds that SWITCHYARD_API_KEY_FILE names. No option takes it: other users see options. @throws AppError file_unreadable */
function apiKeyIn({ SWITCHYARD_API_KEY: key, SWITCHYARD_API_KEY_FILE: file }: NodeJS.ProcessEnv, cwd: string) {
  if (key?.trim()) return key.trim();
  if (!file?.trim()) return undefined;
  try {
    return readFileSync(resolve(cwd, file.trim()), "utf8").trim();
  } catch (cause) {
    throw new AppError("file_unreadable", {
      message: `SWITCHYARD_API_KEY_FILE names ${file}, which cannot be read.`,
      cause,
    });
  }
}
