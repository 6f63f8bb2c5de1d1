import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysOf } from "../../../src/redis/keys.ts";
import { type Asked, fingerprintOf, recordId } from "../../../src/server/idempotency/fingerprint.ts";
import { type KeptAnswer, KeptAnswers } from "../../../src/server/idempotency/kept-answers.ts";
import { vendorKey } from "../../../src/server/idempotency/key.ts";
import { opened, sealed } from "../../../src/server/idempotency/seal.ts";
import { Turn } from "../../../src/server/idempotency/turn.ts";
import { eventually } from "../../support/eventually.ts";
import { type TestRedis, testRedis } from "../../support/redis.ts";

let own: TestRedis;
let answers: KeptAnswers;
const keys = keysOf("kept");
beforeAll(async () => {
  own = await testRedis();
  answers = new KeptAnswers({ redis: own.redis, keys, keepMs: 60_000, limitBytes: 1_000 });
});
afterAll(() => own.close());

const answer: KeptAnswer = { status: 201, headers: { location: "/x" }, body: "{}", isSealed: false };
/** As if the process that holds the turn had said nothing for the time of its lease. */
const lapse = (record: string) => own.redis.hset(keys.answer(record), "until", 0);
const holder = (record: string) => own.redis.hget(keys.answer(record), "token");

describe("a turn", () => {
  test("is one request's, until its answer is kept for all that follow", async () => {
    expect(await answers.claim("a", "p", "one")).toEqual({ type: "mine" });
    expect(await answers.claim("a", "p", "two")).toMatchObject({ type: "busy", leftMs: expect.any(Number) });
    expect(await answers.claim("a", "q", "two")).toEqual({ type: "other" });
    expect(await answers.keep("a", "one", answer)).toBe(true);
    expect(await answers.claim("a", "p", "two")).toEqual({ type: "kept", answer });
    expect(await answers.claim("a", "q", "two")).toEqual({ type: "other" });
    expect(await own.redis.pttl(keys.answer("a"))).toBeLessThanOrEqual(60_000);
  });

  test("passes on when its lease has ended; whoever had it can neither keep, free nor renew", async () => {
    await answers.claim("b", "p", "one");
    await lapse("b");
    expect(await answers.claim("b", "p", "two")).toEqual({ type: "mine" });
    expect(await answers.keep("b", "one", answer)).toBe(false);
    expect(await answers.renew("b", "one")).toBe(false);
    await answers.free("b", "one");
    expect(await answers.claim("b", "p", "three")).toMatchObject({ type: "busy" });
    expect(await answers.keep("b", "two", undefined)).toBe(true);
    expect(await answers.claim("b", "p", "three")).toEqual({ type: "lost" });
  });

  test("claimed, renewed or kept twice by the same token is the same as once", async () => {
    await answers.claim("c", "p", "one");
    expect(await answers.claim("c", "p", "one")).toEqual({ type: "mine" });
    await answers.keep("c", "one", answer);
    await answers.keep("c", "one", { ...answer, body: "other" });
    expect(await answers.claim("c", "p", "two")).toEqual({ type: "kept", answer });
  });

  test("is renewed while its request is under way, and not after it", async () => {
    await answers.claim("d", "p", "one");
    const turn = new Turn({ answers, record: "d", token: "one", keepsAnswer: true });
    await lapse("d");
    await eventually(async () => expect(Number(await own.redis.hget(keys.answer("d"), "until"))).toBeGreaterThan(0));
    await turn.free();
    expect(await holder("d")).toBeNull();
    await turn.done(answer);
    expect(await answers.claim("d", "q", "two")).toEqual({ type: "mine" });
  });

  test("keeps an answer that could not be written at first", async () => {
    await answers.claim("e", "p", "one");
    const [record, aside] = [keys.answer("e"), "{aside}"];
    await own.redis.rename(record, aside);
    await own.redis.set(record, "no hash");
    await new Turn({ answers, record: "e", token: "one", keepsAnswer: true }).done(answer);
    await own.redis.rename(aside, record);
    await eventually(async () => expect(await answers.claim("e", "p", "two")).toEqual({ type: "kept", answer }));
  });

  test("whose answer is too large, or cannot be sealed, is done without it", async () => {
    for (const [record, options, body] of [
      ["f", {}, "ä".repeat(501)],
      ["g", { seal: null }, "{}"],
    ] as const) {
      await answers.claim(record, "p", "one");
      await new Turn({ answers, record, token: "one", keepsAnswer: true, ...options }).done({ ...answer, body });
      expect(await answers.claim(record, "p", "two")).toEqual({ type: "lost" });
    }
  });
});

const asked: fc.Arbitrary<Asked> = fc.record({
  tenant: fc.constantFrom("a", "b"),
  method: fc.constantFrom("POST", "PUT"),
  route: fc.constantFrom("/x", "/x/:id"),
  path: fc.constantFrom("/x", "/x/1", "/x/2"),
  query: fc.dictionary(fc.constantFrom("p", "q"), fc.constantFrom("1", "2")),
  body: fc.oneof(fc.string(), fc.jsonValue()),
});

describe("what stands for a request", () => {
  test("is the same for the same request, whatever the order of members, and another one for another request", () => {
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        const again = JSON.parse(JSON.stringify(one)) as Asked;
        const turned = { ...again, body: reversed(again.body) };
        expect(fingerprintOf(turned)).toBe(fingerprintOf(one));
        const isSame = (["method", "path", "query", "body"] as const).every(
          (part) => JSON.stringify(sorted(one[part])) === JSON.stringify(sorted(other[part])),
        );
        expect(fingerprintOf(other) === fingerprintOf(one)).toBe(isSame);
      }),
    );
  });

  test("belongs to tenant and route; vendors get a key of at most 255 characters", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "-", "|", '"'), minLength: 1, maxLength: 255 });
    fc.assert(
      fc.property(asked, asked, text, text, (one, other, key, another) => {
        const isSame = (["tenant", "method", "route"] as const).every((part) => one[part] === other[part]);
        expect(recordId(one, key) === recordId(other, another)).toBe(isSame && key === another);
        expect(vendorKey("t".repeat(64), key).length).toBeLessThan(240);
        expect(vendorKey("t", key) === vendorKey("t", another)).toBe(key === another);
      }),
    );
  });

  test("is sealed for who showed the credential, in its record alone", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (text, credential, record) => {
        const hidden = sealed(text, { credential, record });
        expect(opened(hidden, { credential, record })).toBe(text);
        expect(opened(hidden, { credential: `${credential}x`, record })).toBeUndefined();
        expect(opened(hidden, { credential, record: `${record}x` })).toBeUndefined();
      }),
      { numRuns: 30 },
    );
    expect(opened("short", { credential: "c", record: "r" })).toBeUndefined();
  });
});

function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).reverse());
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([name, member]) => [name, sorted(member)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
