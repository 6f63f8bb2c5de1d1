import { createHash } from "node:crypto";
import { z } from "zod";

/** What the header `Idempotency-Key` may hold. Absent: the request is carried out each time that it comes. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[!-~]{1,255}$/, { error: "must be 1 to 255 printable ASCII characters without spaces." })
  .optional();

/**
 * What a route does with an `Idempotency-Key`:
 * - `own`: what it makes bears the key itself, so the second request finds it (runs).
 * - `turns`: so too; and requests of one key wait for each other, since making takes long.
 * - `answer`: its answer is kept and given again.
 * - `sealed`: so too, and the answer holds a secret: it can only be read with what the asker showed.
 */
export type Idempotency = "own" | "turns" | "answer" | "sealed";

/** Header of an answer whose request has made nothing: an earlier one of its key has. */
export const replayed = { "idempotency-replayed": "true" } as const;

const same = "The same key and the same request";

/** What the API's document says of the header. */
export const idempotencyMeanings: Readonly<Record<Idempotency, string>> = {
  own: `${same} give what the first one made. Remembered for 7 days.`,
  turns: `${same} give what the first one made; while that is under way, the second waits. Remembered for 7 days.`,
  answer: `${same} give the first one's answer again, with Idempotency-Replayed: true. Kept for SWITCHYARD_IDEMPOTENCY_KEEP.`,
  sealed: `${same}, shown with the same API key, give the first one's answer again, with Idempotency-Replayed: true. Kept for SWITCHYARD_IDEMPOTENCY_KEEP.`,
};

/** Vendors take keys of up to 255 characters, and theirs have the tenant before them and the call's number behind them. */
const longestForVendors = 150;

/** The key that the calls to vendors are made of: the same one of two tenants is two. Pure. */
export function vendorKey(tenant: string, key: string): string {
  return `${tenant}-${key.length <= longestForVendors ? key : createHash("sha256").update(key).digest("base64url")}`;
}
