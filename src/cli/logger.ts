import { type Logger, pino } from "pino";

/** The log of a server process: JSON lines on standard error, so that standard output stays for people and pipes. */
export function createLog(level: string): Logger {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
}
