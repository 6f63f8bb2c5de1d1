import { destination, type Logger, pino } from "pino";

/** The log of one process: JSON lines on stderr, so that stdout stays for answers. @param level silent, error, warn, info, debug, trace. */
export function createLog(level: string, name: string): Logger {
  return pino({ level, name, base: { name, pid: process.pid } }, destination({ fd: 2, sync: true }));
}
