import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { AppError } from "../core/errors.ts";
import { readNote } from "./address.ts";
import type { CliContext } from "./context.ts";

/** The settings of this folder and environment. Where they name no Redis, that of a `dev` which runs in this folder. @throws AppError redis_not_named - there is neither. */
export function settingsHere(context: CliContext): Settings {
  const settings = loadSettings(context);
  const redisUrl = settings.redisUrl ?? readNote(context.cwd)?.redisUrl;
  if (redisUrl !== undefined) return { ...settings, redisUrl };
  throw new AppError("redis_not_named", {
    message:
      "No Redis is named: REDIS_URL is not set, and no `switchyard dev` with a Redis of its own runs in this folder.",
  });
}
