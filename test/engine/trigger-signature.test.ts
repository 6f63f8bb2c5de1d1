import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SignatureRequest } from "../../src/core/trigger.ts";
import { signatureMistakes, signatureOf, verify } from "../../src/engine/trigger-signature.ts";

const now = 1_800_000_000_000;
const anyBody = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const anySecret = fc.string({ minLength: 16, maxLength: 60 });
const forms: readonly SignatureRequest[] = [
  {},
  { encoding: "base64", prefix: "" },
  { style: "stripe" },
  { header: "x-signature", prefix: "v0=", timestamp: "x-time", signed: "v0:{timestamp}:{body}" },
];

/** A delivery as its sender would sign it. */
function signed(form: SignatureRequest, { secret, body, stamp }: { secret: string; body: Buffer; stamp: string }) {
  const { style, header, prefix, encoding, timestamp, signed: text } = signatureOf(form);
  const [before = "", after = ""] = text.replaceAll("{timestamp}", stamp).split("{body}");
  const bytes = Buffer.concat([Buffer.from(before), body, Buffer.from(after)]);
  const digest = `${prefix}${createHmac("sha256", secret).update(bytes).digest(encoding)}`;
  const value = style === "stripe" ? `t=${stamp},${digest}` : digest;
  return { headers: { [header]: value, ...(timestamp === null ? {} : { [timestamp]: stamp }) }, body };
}

describe.each(forms)("a signature of the form %j", (form) => {
  const signature = signatureOf(form);
  const stamp = `${now / 1_000}`;

  test("holds for the secret and body that it was made of, whatever bytes these are", () => {
    fc.assert(
      fc.property(anySecret, anyBody, (secret, body) => {
        expect(verify(signature, secret, signed(form, { secret, body, stamp }), now).type).toBe("valid");
      }),
    );
  });

  test("holds for no other secret, and for no body in which one bit differs", () => {
    fc.assert(
      fc.property(anySecret, anySecret, anyBody, fc.nat(), (secret, other, body, at) => {
        fc.pre(secret !== other && body.length > 0);
        const sent = signed(form, { secret, body, stamp });
        expect(verify(signature, other, sent, now).type).toBe("refused");
        const changed = Buffer.from(body);
        const bit = at % (body.length * 8);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verify(signature, secret, { ...sent, body: changed }, now).type).toBe("refused");
      }),
    );
  });

  test("never holds for what somebody made up, and never throws", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), anyBody, (value, time, body) => {
        const headers = { [signature.header]: value, "x-time": time };
        expect(verify(signature, "correct horse battery staple", { headers, body }, now).type).toBe("refused");
      }),
    );
  });
});

test.each([
  ["at the tolerance", -300_000, "valid"],
  ["just beyond it", -301_000, "refused"],
  ["as far in the future", 300_000, "valid"],
  ["farther in the future", 301_000, "refused"],
])("a time %s is %s", (_name, offset, type) => {
  const secret = "correct horse battery staple";
  for (const stamp of [`${(now + offset) / 1_000}`, `${now + offset}`]) {
    const sent = signed({ style: "stripe" }, { secret, body: Buffer.from("{}"), stamp });
    expect(verify(signatureOf({ style: "stripe" }), secret, sent, now).type).toBe(type);
  }
});

test("a description whose time is not signed, or whose body is not, is a mistake", () => {
  const keys = (form: SignatureRequest) => signatureMistakes(signatureOf(form)).map(([key]) => key);
  for (const form of forms) expect(keys(form)).toEqual([]);
  expect(keys({ timestamp: "x-time", signed: "{body}" })).toEqual(["signed"]);
  expect(keys({ signed: "{timestamp}.{body}" })).toEqual(["signed"]);
  expect(keys({ signed: "constant" })).toEqual(["signed"]);
  expect(keys({ signed: "{body}{body}" })).toEqual(["signed"]);
  expect(keys({ style: "stripe", timestamp: "x-time" })).toEqual(["timestamp"]);
});
