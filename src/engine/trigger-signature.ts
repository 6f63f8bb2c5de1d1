import { createHmac, timingSafeEqual } from "node:crypto";
import type { SignatureRequest, TriggerSignature } from "../core/trigger.ts";

/** A request from outside, as it came. */
export interface Delivery {
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undecoded: what is signed. */
  readonly body: Buffer;
}

/** Whether a delivery may be believed; `sentAt` is the signed time in epoch milliseconds, null where none is signed. */
export type Verdict =
  | { readonly type: "valid"; readonly sentAt: number | null }
  | { readonly type: "refused"; readonly message: string };

/** How far a delivery's time may be from now where nothing says otherwise, in milliseconds. */
const defaultToleranceMs = 300_000;

/** A signature's description, complete. Pure. @param toleranceMs its tolerance, read; undefined: 5 minutes */
export function signatureOf(asked: SignatureRequest = {}, toleranceMs = defaultToleranceMs): TriggerSignature {
  const { style = "github", algorithm = "sha256", encoding = "hex", timestamp = null } = asked;
  const isStripe = style === "stripe";
  const {
    header = isStripe ? "stripe-signature" : "x-hub-signature-256",
    prefix = isStripe ? "v1=" : "sha256=",
    signed = isStripe || timestamp !== null ? "{timestamp}.{body}" : "{body}",
  } = asked;
  return {
    style,
    header: header.toLowerCase(),
    algorithm,
    encoding,
    prefix,
    timestamp: timestamp?.toLowerCase() ?? null,
    signed,
    toleranceMs,
  };
}

/** What is wrong with a description, by key. Pure. */
export function signatureMistakes({
  style,
  timestamp,
  signed,
}: TriggerSignature): readonly (readonly [string, string])[] {
  const isTimed = style === "stripe" || timestamp !== null;
  const mistakes: (readonly [string, string])[] = [];
  if (style === "stripe" && timestamp !== null)
    mistakes.push(["timestamp", "goes with style github; with stripe the time stands beside the digest."]);
  if (signed.split("{body}").length !== 2) mistakes.push(["signed", "must hold {body} once."]);
  if (isTimed && !signed.includes("{timestamp}"))
    mistakes.push(["signed", "must hold {timestamp}: a time that is not signed proves nothing."]);
  if (!isTimed && signed.includes("{timestamp}"))
    mistakes.push(["signed", "reads {timestamp}, but no header is named with it: give `timestamp`."]);
  return mistakes;
}

/** Checks a delivery's signature over its raw body, in constant time, and that it was not sent long ago. Pure. @param now epoch milliseconds */
export function verify(signature: TriggerSignature, secret: string, { headers, body }: Delivery, now: number): Verdict {
  const { header, style, prefix, toleranceMs } = signature;
  const given = headers[header];
  if (given === undefined || given === "")
    return refused(`The request has no header ${header}; a signature is expected there.`);
  const parts = style === "stripe" ? given.split(",").map((part) => part.trim()) : [given.trim()];
  const digests = parts.filter((part) => part.startsWith(prefix)).map((part) => part.slice(prefix.length));
  if (digests.length === 0) {
    const form = style === "stripe" ? `a list such as t=SECONDS,${prefix}DIGEST` : `${prefix}DIGEST`;
    return refused(`The header ${header} holds no signature of the expected form: ${form}.`);
  }
  const isTimed = style === "stripe" || signature.timestamp !== null;
  const stamp = isTimed ? stampOf(signature, headers, parts) : "";
  if (stamp === undefined || (isTimed && !/^\d{1,15}$/.test(stamp))) {
    return refused(
      `The request does not say when it was sent: ${signature.timestamp ?? `t= in ${header}`} must be Unix time.`,
    );
  }
  const expected = digestOf(signature, secret, stamp, body);
  // All are compared, so that the time tells nothing of which one it was.
  const matching = digests.filter((digest) => isSame(Buffer.from(digest, signature.encoding), expected));
  if (matching.length === 0) return refused("The signature does not match the body and the trigger's secret.");
  if (!isTimed) return { type: "valid", sentAt: null };
  const sentAt = Number(stamp) < 1e11 ? Number(stamp) * 1_000 : Number(stamp);
  if (Math.abs(now - sentAt) <= toleranceMs) return { type: "valid", sentAt };
  const when = sentAt < now ? "ago" : "in the future";
  const seconds = Math.round(Math.abs(now - sentAt) / 1_000);
  return refused(`The request was signed ${seconds} s ${when}; at most ${toleranceMs / 1_000} s are allowed.`);
}

function stampOf(
  { timestamp }: TriggerSignature,
  headers: Delivery["headers"],
  parts: readonly string[],
): string | undefined {
  if (timestamp !== null) return headers[timestamp]?.trim();
  return parts.find((part) => part.startsWith("t="))?.slice(2);
}

function digestOf({ algorithm, signed }: TriggerSignature, secret: string, stamp: string, body: Buffer): Buffer {
  const [before = "", after = ""] = signed.split("{body}").map((text) => text.replaceAll("{timestamp}", stamp));
  return createHmac(algorithm, secret).update(before).update(body).update(after).digest();
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function refused(message: string): Verdict {
  return { type: "refused", message };
}
