/** Takes secrets out of a text. */
export type Mask = (text: string) => string;

/** Stands where a secret was. */
const masked = "***";
/** A shorter secret than this is no secret, and would be found in every text. */
const shortest = 4;
/** So many characters of a secret in a row give it away. */
const part = 8;

/**
 * Builds a mask for some secrets: whole, as they are written in addresses, JSON and Base64, and in parts of 8 characters and more. Parts that
 * are plain words (lower-case letters and signs alone) stay, or a key such as `my-anthropic-key` would hide the name of its provider.
 */
export function createMask(secrets: readonly string[]): Mask {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= shortest).flatMap(formsOf))];
  if (forms.length === 0) return (text) => text;
  const longestFirst = forms.sort((a, b) => b.length - a.length);
  const parts = new Set(forms.flatMap(partsOf));
  return (text) =>
    hideParts(
      longestFirst.reduce((rest, form) => rest.replaceAll(form, masked), text),
      parts,
    );
}

function formsOf(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
  ];
}

function partsOf(form: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at + part <= form.length; at++) {
    const piece = form.slice(at, at + part);
    if (/\d/.test(piece) || (/[a-z]/.test(piece) && /[A-Z]/.test(piece))) parts.push(piece);
  }
  return parts;
}

function hideParts(text: string, parts: ReadonlySet<string>): string {
  let clean = "";
  let hiddenTo = -1;
  for (let at = 0; at + part <= text.length; at++) {
    if (!parts.has(text.slice(at, at + part))) continue;
    if (at > hiddenTo) clean += `${text.slice(Math.max(0, hiddenTo), at)}${masked}`;
    hiddenTo = at + part;
  }
  return clean + text.slice(Math.max(0, hiddenTo));
}
