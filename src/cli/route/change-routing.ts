import { hostname, userInfo } from "node:os";
import type { RoutingChangeOptions, RoutingClient } from "../../client/routing-client.ts";
import type { RoutingChange } from "../../core/routing.ts";
import { type CliContext, fleetClientFor, type GlobalOptions } from "../context.ts";

/** Options of the commands that change the routing. */
export interface ChangeFlags extends GlobalOptions {
  /** The version that the change is made for. */
  readonly ifVersion?: number;
}

/** Makes one change in the user's name and tells what came of it. */
export async function changeRouting(
  flags: ChangeFlags,
  context: CliContext,
  make: (routing: RoutingClient, options: RoutingChangeOptions) => Promise<RoutingChange>,
): Promise<void> {
  const { output } = context;
  const { ifVersion, json } = flags;
  const author = authorHere(context.env);
  const options = ifVersion === undefined ? { author } : { author, version: ifVersion };
  const change = await make(fleetClientFor(flags, context).routing, options);
  if (json) return output.json(change);
  const { version, note, changed, warnings } = change;
  if (changed) output.print(`routing version ${version}: ${note}`);
  else
    output.print(`nothing to change: ${version === 0 ? "it is so by the settings" : `version ${version} has it so`}`);
  for (const warning of warnings) output.note(`warning: ${warning}`);
}

/** Who is at the keyboard, for the history: `ada@desk`. */
export function authorHere(env: NodeJS.ProcessEnv): string {
  return `${env.USER || systemUser()}@${hostname()}`;
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under an id that has no name.
    return "unknown";
  }
}
