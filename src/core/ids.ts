import { randomBytes } from "node:crypto";

/** Makes ids. A parameter wherever ids are made, so that tests can fix them. */
export type IdSource = () => string;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * A run id: `run_` + 9 characters of time + 11 random ones. Sorts by creation, reads aloud, needs no escaping in a URL, a Redis key or a BullMQ job id.
 * @param nowMs epoch milliseconds. @param bytes 11 random bytes.
 */
export function runId(nowMs: number, bytes: Uint8Array = randomBytes(11)): string {
  return `run_${sortable(nowMs, bytes)}`;
}

/** A plan's id: `plan_`, then as {@link runId}. */
export function planId(nowMs: number, bytes: Uint8Array = randomBytes(11)): string {
  return `plan_${sortable(nowMs, bytes)}`;
}

/** The id of a call that its caller makes itself (`ctx_`), or of his report on it (`audit_`), then as {@link runId}. */
export function gatewayId(kind: "ctx" | "audit", nowMs: number, bytes: Uint8Array = randomBytes(11)): string {
  return `${kind}_${sortable(nowMs, bytes)}`;
}

function sortable(nowMs: number, bytes: Uint8Array): string {
  let time = "";
  for (let rest = nowMs, i = 0; i < 9; i++, rest = Math.floor(rest / 32)) time = alphabet.charAt(rest % 32) + time;
  return `${time}${Array.from(bytes, (byte) => alphabet.charAt(byte % 32)).join("")}`;
}

/** Makes tokens that name one holder of a lease or one execution: random for the process, counted within it; about 12 characters. */
export function tokenSource(process: string = randomBytes(6).toString("base64url")): IdSource {
  let count = 0;
  return () => `${process}${(count++).toString(36)}`;
}
