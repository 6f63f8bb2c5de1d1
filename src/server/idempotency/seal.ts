import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Bytes of the nonce and of the tag that stand before a sealed text. */
const nonceBytes = 12;
const tagBytes = 16;

/** What a seal is made with. */
export interface SealParts {
  /** What the asker showed: 256 random bits, of which Redis has only a digest. */
  readonly credential: string;
  /** Where the text is kept: it opens nowhere else. */
  readonly record: string;
}

/** A text that only who shows the same credential can read: AES-256-GCM, its key derived from the credential. @returns Base64 */
export function sealed(text: string, parts: SealParts): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", keyOf(parts), nonce);
  const hidden = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString("base64");
}

/** The text that was sealed; undefined: with another credential, or it is none. Pure. */
export function opened(text: string, parts: SealParts): string | undefined {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", keyOf(parts), bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}

function keyOf({ credential, record }: SealParts): Buffer {
  return Buffer.from(hkdfSync("sha256", credential, record, "switchyard kept answer", 32));
}
