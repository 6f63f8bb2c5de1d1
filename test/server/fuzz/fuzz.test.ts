import fc from "fast-check";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../src/app.ts";
import { loadSettings } from "../../../src/config/load.ts";
import type { Route } from "../../../src/server/route.ts";
import { routes } from "../../../src/server/routes.ts";
import { type Simulator, startSimulator } from "../../../src/simulator/index.ts";
import { type TestRedis, testRedis } from "../../support/redis.ts";
import { undeclared } from "../declared.ts";
import { twoSteps } from "../running-app.ts";
import { fitting, rawBodies, rubbish, spoiled } from "./values.ts";

/** No answer for this long is a hang. */
const longestMs = 8_000;

let redis: TestRedis;
let simulator: Simulator;
let app: App;
let look: Redis;
let run = "";

beforeAll(async () => {
  [redis, simulator] = await Promise.all([testRedis(), startSimulator({ latencyMs: 0 })]);
  const env = { ...simulator.env, REDIS_URL: redis.url, SWITCHYARD_PORT: "0", LLM_PROVIDERS: "openai,anthropic" };
  const settings = loadSettings({ env, cwd: redis.directory });
  // Without workers nothing is written but by requests.
  app = await createApp({ settings, roles: { api: true }, log: pino({ level: "silent" }) });
  look = new Redis(redis.url);
  const started = await ask({
    method: "POST",
    path: "/v1/runs",
    body: { definition: twoSteps, input: { topic: "x" } },
  });
  run = JSON.parse(started.text).id;
});
afterAll(async () => {
  look.disconnect();
  await app.close();
  await simulator.close();
  await redis.close();
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly raw?: { readonly text: string; readonly type: string };
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask({ method, path, body, raw, headers = {} }: Asked) {
  const type = raw?.type ?? (body === undefined ? undefined : "application/json");
  const text = raw?.text ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: { ...headers, ...(type === undefined ? {} : { "content-type": type }) },
    ...(method === "GET" || text === undefined ? {} : { body: text }),
    signal: AbortSignal.timeout(longestMs),
    redirect: "manual",
  });
  const { status } = response;
  const contentType = response.headers.get("content-type");
  const answer = { status, type: contentType };
  if (!contentType?.startsWith("text/event-stream")) return { ...answer, text: await response.text() };
  // It goes on for as long as its run.
  await response.body?.cancel();
  return { ...answer, text: "" };
}

/** Names of the keys that requests make: not what is counted of calls, and not what BullMQ keeps for itself. */
async function stored(): Promise<readonly string[]> {
  const keys = await look.keys("*");
  return keys.filter((key) => !/\{router\}|:(meta|marker|stalled-check|events)$|rate|\{access\}/.test(key)).sort();
}

const word = fc.oneof(
  fc.constantFrom(
    "two-steps",
    "openai",
    "first",
    "nightly",
    "1",
    "x".repeat(200),
    "x".repeat(3_000),
    "..",
    "__proto__",
    "ä/ö",
    "%",
  ),
  fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
);

/** A lone half of a pair cannot be written in an address. */
function whole(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "?");
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A path segment, as a client would write it. One or two dots alone, also written %2E, are no segment of an address but a way through it, to another route. */
function segment(text: string): string {
  return encodeURIComponent(whole(text)).replace(/^\.{1,2}$/, (dots) => `${dots}~`);
}

function pathOf(url: string, words: readonly string[], query: unknown): string {
  let next = 0;
  const path = url.replace(/:id\b|:\w+/g, () => {
    const given = words[next++] ?? "x";
    return segment(given === "1" ? run : given);
  });
  if (typeof query !== "object" || query === null) return path;
  const text = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, whole(textOf(value))]),
  );
  return text.size > 0 ? `${path}?${text}` : path;
}

function requests({ method, url, reads = {}, takes }: Route): fc.Arbitrary<Asked> {
  const words = fc.array(word, { minLength: 3, maxLength: 3 });
  const query = reads.query ? fc.oneof(fitting(reads.query), spoiled(fitting(reads.query))) : fc.constant(undefined);
  const plain = reads.body ? fitting(reads.body) : fc.constant(undefined);
  const body = takes ? fc.oneof(plain, spoiled(plain), rubbish) : fc.constant(undefined);
  const raw = takes ? fc.option(rawBodies, { nil: undefined, freq: 4 }) : fc.constant(undefined);
  const headers = fc.constantFrom<Record<string, string>>(
    {},
    { "idempotency-key": "k" },
    { "idempotency-key": "k".repeat(300) },
    { "if-match": "x" },
    { "x-switchyard-author": "%E4%" },
    { "last-event-id": "-1" },
  );
  return fc.record({ words, query, body, raw, headers }).map(({ words: given, query: asked, ...rest }) => ({
    method,
    path: pathOf(url, given, asked),
    ...(rest.body === undefined ? {} : { body: rest.body }),
    ...(rest.raw === undefined ? {} : { raw: rest.raw }),
    headers: rest.headers,
  }));
}

describe("whatever is sent, no route breaks, hangs, or stores what it refuses", () => {
  test.each(routes.map((route) => [`${route.method} ${route.url}`, route] as const))("%s", async (_, route) => {
    let before = await stored();
    await fc.assert(
      fc.asyncProperty(requests(route), async (asked) => {
        const answer = await ask(asked);
        const { status } = answer;
        expect(status, `${answer.text.slice(0, 300)}`).not.toBe(500);
        expect(undeclared({ ...asked, ...answer })).toBeUndefined();
        const after = await stored();
        if (status >= 400) expect(after).toEqual(before);
        before = after;
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 25) },
    );
  });
});
