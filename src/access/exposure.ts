import ipaddr from "ipaddr.js";
import { AppError } from "../core/errors.ts";

/** Whether only this machine reaches an address that is listened on. */
export function isLoopback(host: string): boolean {
  if (/^(.+\.)?localhost$/i.test(host)) return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback";
}

/** How a server is reached, and whether keys protect it. */
export interface Exposure {
  readonly host: string;
  /** Whether a key was ever made. */
  readonly isClosed: boolean;
  /** Whether somebody said that all may use it. */
  readonly open: boolean;
}

/**
 * What the log says of a server that everybody may use who reaches it; undefined: keys protect it. Pure.
 * @throws AppError server_open - other machines reach it, and nobody said that they may
 */
export function warningOf({ host, isClosed, open }: Exposure): string | undefined {
  if (isClosed) return undefined;
  if (isLoopback(host)) return "No key was made: whoever is on this machine may do everything.";
  if (open) return `No key was made, and SWITCHYARD_OPEN is set: whoever reaches ${host} may do everything.`;
  throw new AppError("server_open", {
    message: `The API would listen on ${host}, where other machines reach it, and no key was made: everybody could do everything.`,
    details: { host },
  });
}
