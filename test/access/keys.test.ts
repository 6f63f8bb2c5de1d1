import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLoopback, warningOf } from "../../src/access/exposure.ts";
import { digestOf, isSameDigest, keyText, newKey, parseKey } from "../../src/access/key.ts";
import { isTenant } from "../../src/core/access-key.ts";
import { mayDo, type Scope, scopes, scopesUpTo } from "../../src/core/principal.ts";
import { credentialsOf } from "../../src/server/credentials.ts";

describe("keys", () => {
  test("what is made is read again, and its digest tells nothing but itself", () => {
    const made = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const key = newKey(randomBytes);
      expect(parseKey(keyText(key))).toEqual(key);
      expect(isSameDigest(digestOf(key.secret), digestOf(key.secret))).toBe(true);
      expect(digestOf(key.secret)).not.toContain(key.secret.slice(0, 8));
      made.add(keyText(key));
    }
    expect(made.size).toBe(200);
  });

  test("no other text is a key", () => {
    const text = keyText(newKey(randomBytes));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(" ", "/", "ä", "\n", ""), (at, sign) => {
        expect(parseKey(text.slice(0, at) + sign + text.slice(at + 1))).toBeUndefined();
      }),
    );
    fc.assert(fc.property(fc.string(), (any) => void expect(parseKey(any)).toBeUndefined()));
  });

  test("secrets are compared in constant time, and nowhere else", () => {
    const folder = fileURLToPath(new URL("../../src/access/", import.meta.url));
    const sources = readdirSync(folder).map((name) => readFileSync(`${folder}${name}`, "utf8"));
    const compared = sources.flatMap((text) => text.match(/\b(digest|secret|key|token)\s*[!=]==?[^=].*/g) ?? []);
    expect(compared).toEqual([]);
    expect(readFileSync(`${folder}key.ts`, "utf8")).toMatch(/isSameDigest[^}]*timingSafeEqual\(one, other\)/);
    expect(readFileSync(`${folder}gate.ts`, "utf8").match(/isSameDigest\(digest, /g)).toHaveLength(2);
  });

  test("two digests are the same only where they are", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void expect(isSameDigest(a, b)).toBe(a === b)));
  });
});

describe("scopes", () => {
  const some = fc.subarray([...scopes]);

  test("each holds those before it", () => {
    fc.assert(
      fc.property(some, fc.constantFrom(...scopes), (given, needed) => {
        const held = scopesUpTo(given);
        const highest = Math.max(-1, ...given.map((scope: Scope) => scopes.indexOf(scope)));
        expect(mayDo({ scopes: held }, needed)).toBe(scopes.indexOf(needed) <= highest);
      }),
    );
  });
});

describe("what a request shows", () => {
  const key = keyText(newKey(randomBytes));
  const basic = `Basic ${Buffer.from(`acme:${key}`).toString("base64")}`;

  test.each([
    ["Bearer", { authorization: `Bearer ${key}` }, { key }],
    ["bearer in small letters", { authorization: `bearer   ${key}` }, { key }],
    ["the password of Basic", { authorization: basic }, { key }],
    ["X-Api-Key", { "x-api-key": key }, { key }],
    ["a cookie", { cookie: "a=b; switchyard=token" }, { session: "token" }],
    ["a key before a cookie", { "x-api-key": key, cookie: "switchyard=token" }, { key }],
    ["nothing", { cookie: "a=b", authorization: "Bearer" }, undefined],
  ])("%s", (_what, headers, shown) => {
    expect(credentialsOf(headers)).toEqual(shown);
  });

  test("no header makes it throw", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (authorization, cookie) => void credentialsOf({ authorization, cookie })),
    );
  });
});

describe("a server without keys", () => {
  test.each(["127.0.0.1", "127.8.8.8", "::1", "localhost", "::ffff:127.0.0.1"])("%s is this machine", (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(warningOf({ host, isClosed: false, open: false })).toContain("whoever is on this machine");
  });

  test.each(["0.0.0.0", "::", "10.1.2.3", "example.com", "localhost.example.com"])("%s is not", (host) => {
    expect(isLoopback(host)).toBe(false);
    expect(() => warningOf({ host, isClosed: false, open: false })).toThrow(/no key was made/);
    expect(warningOf({ host, isClosed: false, open: true })).toContain("SWITCHYARD_OPEN");
    expect(warningOf({ host, isClosed: true, open: false })).toBeUndefined();
  });
});

describe("a tenant's name", () => {
  test("holds no sign that parts names elsewhere", () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(isTenant(text) && /[/:\s{}]/.test(text)).toBe(false)));
    expect([isTenant("acme"), isTenant("a.b-c_1"), isTenant(""), isTenant("-a"), isTenant("A")]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
