import { type Logger, pino } from "pino";
import type { Mask } from "../core/mask.ts";
import { loggedError } from "./logged-error.ts";

/**
 * The log of one process: JSON lines on standard error, so that standard output stays for people and pipes.
 * @param level silent, error, warn, info, debug or trace. @param mask takes secrets out of each line; default: there are none
 */
export function createLog(level: string, mask: Mask = (line) => line): Logger {
  const hooks = { streamWrite: mask };
  return pino(
    { level, base: { pid: process.pid }, hooks, serializers: { err: (error) => loggedError(error) } },
    pino.destination({ dest: 2, sync: true }),
  );
}
