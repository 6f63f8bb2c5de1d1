import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMask } from "../../src/core/mask.ts";

const secret = "sk-proj-Ab3dE6gH9/jK+mN=";

describe("createMask", () => {
  const mask = createMask([secret, "second-secret-2", ""]);
  test("hides a secret wherever it stands, and leaves the rest as it is", () => {
    expect(mask(`key=${secret}, twice: ${secret}${secret}; second-secret-2.`)).toBe("key=***, twice: ******; ***.");
    expect(mask("nothing here")).toBe("nothing here");
  });

  test("hides it as an address, JSON and Base64 have it", () => {
    const quoted = createMask(['pass"word\\1']);
    expect(mask(`?key=${encodeURIComponent(secret)}&b=1`)).toBe("?key=***&b=1");
    expect(mask(`Basic ${Buffer.from(secret).toString("base64")}`)).toBe("Basic ***");
    expect(quoted(JSON.stringify({ key: 'pass"word\\1' }))).toBe('{"key":"***"}');
  });

  test("hides what a vendor repeats of it: its beginning, its end", () => {
    expect(mask("Incorrect API key provided: sk-proj-Ab3d****.")).not.toMatch(/Ab3d/);
    expect(mask("Incorrect API key provided: ...H9/jK+mN=.")).not.toMatch(/jK\+mN/);
  });

  test("leaves plain words that a key happens to have", () => {
    const named = createMask(["my-anthropic-key-0123456789"]);
    expect(named("anthropic answered 401 with my-anthropic-key-0123456789")).toBe("anthropic answered 401 with ***");
    expect(createMask(["k", "abc"])("a key: abc")).toBe("a key: abc");
  });

  test("no text keeps a secret, or eight of its characters that are no word", () => {
    const text = fc.string({ maxLength: 30 });
    const key = fc.stringMatching(/^[A-Za-z0-9]{16,40}$/);
    fc.assert(
      fc.property(key, text, text, fc.nat(), fc.nat({ max: 32 }), (hidden, before, after, from, more) => {
        const at = from % (hidden.length - 7);
        const piece = hidden.slice(at, at + 8 + more);
        const clean = createMask([hidden])(before + piece + after);
        for (let i = 0; i + 8 <= hidden.length; i++) {
          const eight = hidden.slice(i, i + 8);
          if (/\d/.test(eight) || (/[a-z]/.test(eight) && /[A-Z]/.test(eight))) expect(clean).not.toContain(eight);
        }
      }),
    );
  });

  test("what holds no secret comes out as it went in", () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-z .,]*$/), (plain) => mask(plain) === plain));
  });
});
