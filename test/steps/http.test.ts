import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addressRules } from "../../src/core/address-rules.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { guardedAgent } from "../../src/steps/guarded-agent.ts";
import type { StepHandler, StepOutcome, StepWork } from "../../src/steps/handler.ts";
import { httpHandler } from "../../src/steps/http.ts";
import { describeHandler, workOf } from "./handler-suite.ts";
import { leadsTo, type RawRequest, type RawServer, rawServer, says } from "./raw-server.ts";

const secret = "t0p-Secret-4711";
const maxOutputBytes = 10_000;
const nowMs = Date.UTC(2026, 10, 22, 12);
const agent = guardedAgent({ rules: addressRules(["127.0.0.1"]) });
const handler = handlerWith({ SHOP_TOKEN: secret });

function handlerWith(env: Readonly<Record<string, string>>): StepHandler {
  return httpHandler({ agent, env, maxOutputBytes, clock: () => nowMs });
}

let server: RawServer;
let other: RawServer;
beforeAll(async () => {
  [server, other] = await Promise.all([rawServer(), rawServer()]);
});
afterAll(async () => {
  await agent.destroy();
  await server?.close();
  await other?.close();
});
beforeEach(() => {
  for (const one of [server, other]) {
    one.requests.length = 0;
    one.respond(says(200, { ok: true }));
  }
});

describeHandler("http", async () => {
  const world = await rawServer();
  return {
    handler,
    body: { url: world.url },
    heal: async () => world.respond(says(200, { fine: true })),
    breakForGood: async () => world.respond(says(404)),
    breakForNow: async () => world.respond(says(503)),
    defer: async () => world.respond(says(429, "", { "retry-after": "7" })),
    async hang() {
      world.respond(() => undefined);
      const before = world.requests.length;
      return () => world.requests.length > before;
    },
    close: () => world.close(),
  };
});

function request(body: JsonObject, more: Partial<StepWork> = {}): Promise<StepOutcome> {
  return handler.execute(workOf({ url: server.url, ...body }, more));
}

async function outputOf(body: JsonObject): Promise<Json> {
  const outcome = await request(body);
  if (outcome.type !== "succeeded") throw new Error(JSON.stringify(outcome));
  return outcome.output;
}

async function failureOf(body: JsonObject) {
  const outcome = await request(body);
  if (outcome.type !== "failed") throw new Error(JSON.stringify(outcome));
  return { ...outcome.error, retryable: outcome.retryable };
}

async function sent(body: JsonObject, more: Partial<StepWork> = {}): Promise<RawRequest> {
  await request(body, more);
  const [first] = server.requests;
  if (!first) throw new Error("nothing was sent");
  return first;
}

describe("what is sent", () => {
  test("is a GET without a body, a POST with one", async () => {
    expect((await sent({})).method).toBe("GET");
    server.requests.length = 0;
    expect((await sent({ body: { a: 1 } })).method).toBe("POST");
  });

  test.each(["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])("is a %s where the step says so", async (method) => {
    expect((await sent({ method })).method).toBe(method);
  });

  test.each([
    ["an object as JSON", { a: [1, "x", null] }, '{"a":[1,"x",null]}', "application/json"],
    ["a list as JSON", [1, 2], "[1,2]", "application/json"],
    ["a number as JSON", 7, "7", "application/json"],
    ["a text as it is", "a=1", "a=1", "text/plain; charset=utf-8"],
  ])("has %s", async (_what, body, text, type) => {
    const got = await sent({ body });
    expect([got.body, got.headers["content-type"]]).toEqual([text, type]);
  });

  test("has the step's own headers, which win over what is added", async () => {
    const headers = { "X-Tenant": "acme", "Content-Type": "application/vnd.order+json" };
    const got = await sent({ headers, body: { a: 1 } });
    expect(got.headers).toMatchObject({ "x-tenant": "acme", "content-type": "application/vnd.order+json" });
  });

  test("has its query behind what the address has: lists repeat, null is left out", async () => {
    const query = { q: "a b&c", n: 3, yes: true, tags: ["x", "y"], none: null };
    const got = await sent({ url: `${server.url}/find?page=2`, query });
    expect(got.path).toBe("/find?page=2&q=a+b%26c&n=3&yes=true&tags=x&tags=y");
  });

  test.each([
    ["GET", undefined],
    ["HEAD", undefined],
    ["POST", "run_1-s1-1-1"],
    ["PUT", "run_1-s1-1-1"],
    ["PATCH", "run_1-s1-1-1"],
    ["DELETE", "run_1-s1-1-1"],
  ])("as %s bears the idempotency key %s", async (method, key) => {
    const got = await sent({ method }, { idempotencyKey: "run_1-s1-1-1" });
    expect(got.headers["idempotency-key"]).toBe(key);
  });

  test("bears the author's own idempotency key where there is one", async () => {
    const got = await sent({ method: "POST", headers: { "Idempotency-Key": "order-7" } });
    expect(got.headers["idempotency-key"]).toBe("order-7");
  });
});

describe("what cannot be sent", () => {
  test.each([
    ["no address", { url: "not an address" }, "is not an address"],
    ["another scheme", { url: "ftp://example.com/x" }, "begins with ftp://"],
    ["a file", { url: "file:///etc/passwd" }, "begins with file://"],
    ["a user in the address", { url: "http://ada:pw@example.com" }, "user or password"],
    ["a line break in a header", { headers: { "X-A": "a\r\nX-B: b" } }, "headers.X-A"],
    ["an object in the query", { query: { filter: { a: 1 } } }, "query.filter"],
  ])("with %s fails for good and says what", async (_what, body, message) => {
    const failure = await failureOf(body as JsonObject);
    expect(failure).toMatchObject({ code: "http_invalid", retryable: false });
    expect(failure.message).toContain(message);
    expect(server.requests).toHaveLength(0);
  });
});

describe("what is answered", () => {
  test("becomes status, chosen headers and body", async () => {
    server.respond(says(201, { id: 7 }, { etag: '"a"', "set-cookie": "s=1", "x-trace": "t1", "x-other": "o" }));
    expect(await outputOf({ response_headers: ["X-Trace"] })).toEqual({
      status: 201,
      headers: { "content-type": "application/json", etag: '"a"', "x-trace": "t1" },
      body: { id: 7 },
    });
  });

  const bytes = Buffer.from([0, 255, 1]);
  test.each<[string, Record<string, string>, string | Buffer, Json]>([
    ["JSON as its value", { "content-type": "application/json; charset=utf-8" }, "[1]", [1]],
    ["JSON of another name", { "content-type": "application/problem+json" }, '{"a":1}', { a: 1 }],
    ["text as text", { "content-type": "text/html" }, "<p>ü</p>", "<p>ü</p>"],
    ["text of another charset", { "content-type": "text/plain; charset=iso-8859-1" }, Buffer.from([0xfc]), "ü"],
    ["text without a type", {}, "plain", "plain"],
    ["nothing as null", {}, "", null],
    ["bytes as base64", { "content-type": "image/png" }, bytes, { base64: bytes.toString("base64") }],
    ["bytes without a type as base64", {}, bytes, { base64: bytes.toString("base64") }],
    [
      "what is packed, unpacked",
      { "content-type": "text/plain", "content-encoding": "gzip" },
      gzipSync("packed"),
      "packed",
    ],
  ])("reads %s", async (_what, headers, content, body) => {
    server.respond((response) => response.writeHead(200, headers).end(content));
    expect(await outputOf({})).toMatchObject({ body });
  });

  test("that says it is JSON and is not fails for good", async () => {
    server.respond((response) => response.writeHead(200, { "content-type": "application/json" }).end("{"));
    expect(await failureOf({})).toMatchObject({ code: "output_invalid", retryable: false });
  });

  const schema = {
    type: "object",
    required: ["id"],
    properties: { id: { type: "integer" }, state: { type: "string", default: "new" } },
  };

  test("is checked against the response schema, whose defaults are filled in", async () => {
    server.respond((response) => response.writeHead(200).end('{"id":7}'));
    expect(await outputOf({ response: schema })).toMatchObject({ body: { id: 7, state: "new" } });
  });

  test("and does not match the response schema fails for good, with everything that is wrong", async () => {
    server.respond(says(200, { id: "seven", state: 1 }));
    const failure = await failureOf({ response: schema });
    expect(failure).toMatchObject({ code: "output_invalid", retryable: false });
    expect(failure.message).toContain('"id" must be integer. "state" must be string.');
  });

  test.each([
    ["a long answer", (text: string) => text],
    ["a packed one, once it is unpacked", (text: string) => gzipSync(text)],
  ])("refuses %s", async (_what, pack) => {
    const content = pack("x".repeat(maxOutputBytes + 1));
    const headers = typeof content === "string" ? {} : { "content-encoding": "gzip" };
    server.respond((response) => response.writeHead(200, headers).end(content));
    expect(await failureOf({})).toMatchObject({ code: "payload_too_large", retryable: false });
  });

  test("without an end is cut off at the limit", async () => {
    let closed = false;
    server.respond((response) => {
      response.on("close", () => {
        closed = true;
      });
      const flow = () => {
        if (response.destroyed) return;
        response.write("x".repeat(5_000));
        setImmediate(flow);
      };
      flow();
    });
    expect(await failureOf({})).toMatchObject({ code: "payload_too_large" });
    await expect.poll(() => closed).toBe(true);
  });
});

describe("a status", () => {
  test.each([
    [400, false],
    [401, false],
    [404, false],
    [409, false],
    [422, false],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
  ])("%s fails the attempt; another one may help: %s", async (status, retryable) => {
    server.respond(says(status, "because"));
    const failure = await failureOf({ url: `${server.url}/orders?key=1` });
    expect(failure).toMatchObject({ code: "http_failed", retryable, details: { status } });
    expect(failure.message).toBe(`GET ${server.url}/orders answered ${status}: because`);
  });

  test.each([
    [429, "7", 7_000],
    [503, "2", 2_000],
    [429, new Date(nowMs + 30_000).toUTCString(), 30_000],
  ])("%s with Retry-After %s waits so long, without an attempt", async (status, wait, delayMs) => {
    server.respond((response) => {
      response.sendDate = false;
      says(status, "", { "retry-after": wait })(response, {} as RawRequest);
    });
    expect(await request({})).toMatchObject({ type: "deferred", delayMs, error: { code: "http_failed" } });
  });

  test.each([
    [409, true],
    [404, true],
    [503, false],
  ])("%s with retry_on: [409, 404] helps another attempt: %s", async (status, retryable) => {
    server.respond(says(status, "because"));
    const failure = await failureOf({ url: server.url, retry_on: [409, 404] });
    expect(failure).toMatchObject({ code: "http_failed", retryable });
  });

  test("400 with Retry-After does not wait: it never gets better", async () => {
    server.respond(says(400, "", { "retry-after": "7" }));
    expect(await request({})).toMatchObject({ type: "failed", retryable: false });
  });

  test.each([
    [404, ["2xx", 404], "succeeded"],
    [503, [503], "succeeded"],
    [409, ["4xx"], "succeeded"],
    [200, [201], "failed"],
    [302, ["3xx"], "succeeded"],
  ])("%s with success %j has %s", async (status, success, type) => {
    server.respond(says(status));
    expect(await request({ success })).toMatchObject({ type });
  });
});

describe("the network", () => {
  test("that refuses the connection may do better next time", async () => {
    const gone = await rawServer();
    await gone.close();
    expect(await failureOf({ url: gone.url })).toMatchObject({ code: "http_failed", retryable: true });
  });

  test.each([
    ["before it answers", (response: Parameters<Parameters<RawServer["respond"]>[0]>[0]) => response.destroy()],
    [
      "in the middle of its answer",
      (response: Parameters<Parameters<RawServer["respond"]>[0]>[0]) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("x", () => response.destroy());
      },
    ],
  ])("that breaks %s may do better next time", async (_when, answer) => {
    server.respond(answer);
    expect(await failureOf({})).toMatchObject({ code: "http_failed", retryable: true });
  });
});

describe("redirects", () => {
  const hops = (left: number) => (left === 0 ? says(200, { arrived: true }) : leadsTo(`/${left}`));

  test("are followed, and the answer is the last one's", async () => {
    let left = 3;
    server.respond((response, asked) => hops(left--)(response, asked));
    expect(await outputOf({})).toMatchObject({ status: 200, body: { arrived: true } });
    expect(server.requests.map(({ path }) => path)).toEqual(["/", "/3", "/2", "/1"]);
  });

  test.each([
    [undefined, 6],
    [2, 3],
  ])("with redirects: %s end for good after %s requests", async (redirects, requests) => {
    server.respond(leadsTo("/again"));
    const failure = await failureOf(redirects === undefined ? {} : { redirects });
    expect(failure).toMatchObject({ code: "http_failed", retryable: false });
    expect(server.requests).toHaveLength(requests);
  });

  test("with redirects: 0 are answers like any other", async () => {
    server.respond(leadsTo("/elsewhere"));
    const body = { redirects: 0, success: [302] };
    expect(await outputOf(body)).toMatchObject({ status: 302, headers: { location: "/elsewhere" } });
  });

  test.each([
    [301, "GET", ""],
    [302, "GET", ""],
    [303, "GET", ""],
    [307, "POST", '{"a":1}'],
    [308, "POST", '{"a":1}'],
  ])("%s of a POST asks again with %s", async (status, method, body) => {
    server.respond((response, asked) =>
      asked.path === "/" ? leadsTo("/then", status)(response, asked) : says(200)(response, asked),
    );
    await outputOf({ body: { a: 1 } });
    expect(server.requests[1]).toMatchObject({ method, body });
  });

  test("to another server leave behind every header that may say who asks", async () => {
    server.respond(leadsTo(`${other.url}/x`));
    const headers = { Authorization: "Bearer abc", "X-Api-Key": "k", Cookie: "c=1", "Accept-Language": "de" };
    await outputOf({ headers });
    expect(other.requests[0]?.headers).toMatchObject({ "accept-language": "de" });
    for (const name of ["authorization", "x-api-key", "cookie"])
      expect(other.requests[0]?.headers).not.toHaveProperty(name);
  });

  test("to the same server keep them", async () => {
    server.respond((response, asked) => (asked.path === "/" ? leadsTo("/then") : says(200))(response, asked));
    await outputOf({ headers: { Authorization: "Bearer abc" } });
    expect(server.requests[1]?.headers.authorization).toBe("Bearer abc");
  });

  test("to another server carry no secret of the body along", async () => {
    server.respond(leadsTo(`${other.url}/x`, 307));
    expect(await failureOf({ body: { token: secret } })).toMatchObject({ code: "http_refused", retryable: false });
    expect(other.requests).toHaveLength(0);
  });

  test.each(["ftp://127.0.0.1/x", "http://ada:pw@127.0.0.1/", "file:///etc/passwd"])(
    "to %s end for good",
    async (to) => {
      server.respond(leadsTo(to));
      expect(await failureOf({})).toMatchObject({ code: "http_invalid", retryable: false });
    },
  );
});

describe("secrets", () => {
  const body = {
    headers: { Authorization: `Bearer ${secret}` },
    query: { key: secret },
    body: { password: secret },
  };
  const everywhere = (
    response: Parameters<Parameters<RawServer["respond"]>[0]>[0],
    asked: RawRequest,
    status: number,
  ) =>
    says(
      status,
      { [secret]: [asked.headers.authorization, asked.path, asked.body] },
      { etag: secret },
    )(response, asked);

  test("are sent", async () => {
    const got = await sent(body);
    expect(got.headers.authorization).toBe(`Bearer ${secret}`);
    expect(JSON.parse(got.body)).toEqual({ password: secret });
  });

  test.each([
    ["an output, whoever sends them back", 200],
    ["an error", 400],
    ["a reason to wait", 429],
  ])("never stand in %s", async (_where, status) => {
    server.respond((response, asked) => {
      response.setHeader("retry-after", "5");
      everywhere(response, asked, status);
    });
    const outcome = await request(body);
    expect(JSON.stringify(outcome)).not.toContain(secret);
    expect(JSON.stringify(outcome)).toContain("***");
  });

  test("never stand in an error of the address that holds them", async () => {
    const outcome = await request({ url: `http://127.0.0.1:1/hooks/${secret}` });
    expect(outcome).toMatchObject({ type: "failed", retryable: true });
    expect(JSON.stringify(outcome)).not.toContain(secret);
  });
});
