import { randomBytes, randomUUID } from "node:crypto";

/** Makes ids. A parameter wherever ids are made, so that tests can fix them. */
export type IdSource = () => string;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * A run id: `run_` + 9 characters of time + 11 random ones. Sorts by creation, reads aloud, needs no escaping in a URL, a Redis key or a BullMQ job id.
 * @param nowMs epoch milliseconds. @param bytes 11 random bytes.
 */
export function runId(nowMs: number, bytes: Uint8Array = randomBytes(11)): string {
  let time = "";
  for (let rest = nowMs, i = 0; i < 9; i++, rest = Math.floor(rest / 32)) time = alphabet.charAt(rest % 32) + time;
  return `run_${time}${Array.from(bytes, (byte) => alphabet.charAt(byte % 32)).join("")}`;
}

/** A random token that names one holder of a lease or one execution. */
export function token(): string {
  return randomUUID();
}
