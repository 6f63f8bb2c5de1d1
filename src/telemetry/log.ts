import { type Logger, pino } from "pino";

/**
 * The log of one process: JSON lines on standard error, so that standard output stays for people and pipes.
 * @param level silent, error, warn, info, debug or trace.
 */
export function createLog(level: string): Logger {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
}
