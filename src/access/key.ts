import { createHash, timingSafeEqual } from "node:crypto";

/**
 * A key is `sy_ID_SECRET`: the id names it in lists, the secret is 256 random bits. Only the SHA-256 of the secret is kept: what is random cannot be guessed,
 * so a slow hash would protect nothing and cost every request.
 */
export interface KeyParts {
  /** 12 small letters and digits. */
  readonly id: string;
  /** 43 characters of Base64URL. */
  readonly secret: string;
}

const form = /^sy_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Takes a key apart; undefined: the text is none. */
export function parseKey(text: string): KeyParts | undefined {
  const match = form.exec(text);
  return match?.[1] && match[2] ? { id: match[1], secret: match[2] } : undefined;
}

/** The key as its owner gets it. */
export function keyText({ id, secret }: KeyParts): string {
  return `sy_${id}_${secret}`;
}

/** A new key. @param bytes gives random bytes */
export function newKey(bytes: (count: number) => Buffer): KeyParts {
  const id = Array.from(bytes(12), (byte) => alphabet.charAt(byte % 32)).join("");
  return { id, secret: newSecret(bytes) };
}

/** 256 random bits as text. */
export function newSecret(bytes: (count: number) => Buffer): string {
  return bytes(32).toString("base64url");
}

/** What is kept of a secret. */
export function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Whether two digests are the same; takes the same time wherever they differ. */
export function isSameDigest(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
