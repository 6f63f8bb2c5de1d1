import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { readNote } from "./address.ts";
import type { CliContext } from "./context.ts";

/** The settings of this folder and environment. Where they name no Redis, that of a `dev` which runs in this folder. */
export function settingsHere(context: CliContext): Settings {
  const settings = loadSettings(context);
  return { ...settings, redisUrl: settings.redisUrl ?? readNote(context.cwd)?.redisUrl ?? null };
}
