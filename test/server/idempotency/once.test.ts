import fc from "fast-check";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createAccess } from "../../../src/access/access.ts";
import type { NewAccessKey } from "../../../src/core/access-key.ts";
import { startEmbedded } from "../../../src/redis/embedded.ts";
import { keysOf } from "../../../src/redis/keys.ts";
import { routes } from "../../../src/server/routes.ts";
import { eventually } from "../../support/eventually.ts";
import { type RunningApp, startApp } from "../running-app.ts";

let app: RunningApp;
let other: Awaited<ReturnType<RunningApp["another"]>>;
let urls: readonly string[];
let admins: readonly string[];

beforeAll(async () => {
  app = await startApp({ SWITCHYARD_IDEMPOTENCY_LIMIT: "8kb" });
  other = await app.another();
  urls = [app.url, other.client.url];
  const { store } = createAccess({ redis: app.redis.redis, keys: keysOf("switchyard"), clock: Date.now });
  const one = await store.create({ name: "one", scopes: ["admin"] });
  const two = await store.create({ name: "two", scopes: ["admin"] });
  const stranger = await store.create({ name: "three", scopes: ["admin"], tenant: "elsewhere" });
  admins = [one, two, stranger].map(({ key }) => key);
  await Promise.all(
    urls.map((url) => eventually(async () => expect((await fetch(`${url}/v1/runs`)).status).toBe(401))),
  );
});
afterAll(async () => {
  await other.close();
  await app.close();
});
beforeEach(async () => {
  await app.simulator.up("openai");
  app.simulator.clearHits();
});

interface Sent {
  readonly key?: string;
  readonly at?: number;
  readonly as?: number;
  readonly signal?: AbortSignal;
}

/** A request with an Idempotency-Key. @param at which server @param as which asker */
async function post(path: string, body: unknown, { key, at = 0, as = 0, signal }: Sent = {}) {
  const answer = await fetch(`${urls[at]}${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${admins[as]}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
  const { status, headers } = answer;
  return { status, text: await answer.text(), headers, isReplayed: headers.get("idempotency-replayed") === "true" };
}

/** Which records Redis is asked for from now on by requests that want their turn, until the test ends. */
async function looksAtAnswers(): Promise<readonly string[]> {
  const looks: string[] = [];
  const monitor = await app.redis.redis.monitor();
  onTestFinished(() => monitor.disconnect());
  monitor.on("monitor", (_time: string, [command = "", record = ""]: readonly string[]) => {
    if (command.toLowerCase() === "hmget" && record.includes("{answer:")) looks.push(record);
  });
  return looks;
}

const chat = { model: "auto", messages: [{ role: "user", content: "Say something about keys." }] };
const hits = () => app.simulator.hits("openai").length;
const codeOf = ({ text }: { readonly text: string }) => (JSON.parse(text) as { code: string }).code;

describe("an Idempotency-Key", () => {
  test("is known to every POST that makes something; the others make nothing twice", () => {
    const without = routes.filter(({ method, idempotency }) => method === "POST" && idempotency === undefined);
    expect(without.map(({ url }) => url)).toEqual([
      "/v1/runs/:id/cancel",
      "/v1/runs/:id/pause",
      "/v1/runs/:id/resume",
      "/v1/workflows/validate",
      "/v1/hooks/:id",
      "/v1/hooks/:tenant/:id",
      "/v1/plans/:id/cancel",
      "/v1/messages/count_tokens",
      "/v1/providers/:name/test",
      "/v1/routing/providers/:name/drain",
      "/v1/routing/providers/:name/undrain",
      "/v1/routing/providers/:name/reset",
      "/v1/routing/explain",
      "/api/v1/plan/:id/cancel",
      "/api/v1/llm-providers",
      "/api/v1/unified/executions/:id/cancel",
      "/login",
      "/logout",
    ]);
  });

  test("of twenty requests at once to two servers: one call to a provider, one answer for all", async () => {
    const sent = Array.from({ length: 20 }, (_, i) => post("/v1/chat/completions", chat, { key: "twenty", at: i % 2 }));
    const answers = await Promise.all(sent);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ isReplayed }) => !isReplayed)).toHaveLength(1);
    expect(hits()).toBe(1);
    const [first, ...others] = ["content-type", "x-request-id", "x-switchyard-provider", "x-switchyard-cost-usd"].map(
      (name) => new Set(answers.map(({ headers }) => headers.get(name))).size,
    );
    expect([first, ...others]).toEqual([1, 1, 1, 1]);
  });

  test.each([
    ["/v1/chat/completions", { ...chat, stream: true }],
    ["/v1/messages", { ...chat, max_tokens: 50, stream: true }],
    ["/v1/responses", { model: "auto", input: "Say something about streams.", stream: true }],
  ])("gives a stream of %s again, event by event", async (path, body) => {
    const first = await post(path, body, { key: "stream" });
    expect(first.headers.get("content-type")).toContain("text/event-stream");
    const again = await eventually(async () => {
      const answer = await post(path, body, { key: "stream", at: 1 });
      expect(answer.isReplayed).toBe(true);
      return answer;
    });
    expect(again.text).toBe(first.text);
    expect(again.headers.get("content-type")).toBe(first.headers.get("content-type"));
    expect(hits()).toBe(1);
  });

  test("works with OpenAI's client, whole and streamed", async () => {
    const [openai, elsewhere] = urls.map(
      (url) => new OpenAI({ apiKey: admins[0] ?? "", baseURL: `${url}/v1`, maxRetries: 0 }),
    );
    const body = { model: "auto", messages: [{ role: "user" as const, content: "Say something short." }] };
    const whole = { headers: { "idempotency-key": "client-whole" } };
    const first = await openai?.chat.completions.create(body, whole);
    expect(await elsewhere?.chat.completions.create(body, whole)).toEqual(first);
    const streamed = async (client: OpenAI | undefined) => {
      const headers = { "idempotency-key": "client-stream" };
      const chunks = await client?.chat.completions.create({ ...body, stream: true }, { headers });
      const read: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of chunks ?? []) read.push(chunk);
      return read;
    };
    const chunks = await streamed(openai);
    expect(chunks.length).toBeGreaterThan(2);
    expect(await streamed(elsewhere)).toEqual(chunks);
    expect(hits()).toBe(2);
  });

  test("of a signal lets a run take it once, also where its answer was never kept", async () => {
    const definition = {
      name: "two-words",
      steps: ["a", "b"].map((id) => ({ id, wait: { signal: "word" } })),
    };
    const { id } = JSON.parse((await post("/v1/runs", { definition })).text) as { id: string };
    const send = () => post(`/v1/runs/${id}/signals/word`, {}, { key: "word-1" });
    const forget = async () => {
      const records = await app.redis.redis.keys("*answer:*");
      await app.redis.redis.del(...records);
    };
    const status = async () => {
      const answer = await fetch(`${app.url}/v1/runs/${id}`, { headers: { authorization: `Bearer ${admins[0]}` } });
      const run = (await answer.json()) as { steps: readonly { id: string; status: string }[] };
      return run.steps.map((step) => `${step.id} ${step.status}`);
    };
    for (let i = 0; i < 3; i++) {
      expect((await send()).status).toBe(202);
      await forget();
    }
    await eventually(async () => expect(await status()).toEqual(["a succeeded", "b waiting"]));
    expect(await app.redis.redis.smembers(keysOf("switchyard").run(id).known)).toEqual(["signal key:word-1"]);
  });

  test("belongs to one request of one tenant: another body is refused, another tenant has keys of its own", async () => {
    await post("/v1/chat/completions", chat, { key: "mine" });
    const reordered = { messages: chat.messages, model: "auto" };
    expect(await post("/v1/chat/completions", reordered, { key: "mine" })).toMatchObject({ isReplayed: true });
    const changed = await post("/v1/chat/completions", { ...chat, temperature: 1 }, { key: "mine" });
    expect(changed).toMatchObject({ status: 409, text: expect.stringContaining("Idempotency-Key") });
    const elsewhere = await post("/v1/chat/completions", { ...chat, temperature: 1 }, { key: "mine", as: 2 });
    expect(elsewhere).toMatchObject({ status: 200, isReplayed: false });
    const keys = app.simulator.hits("openai").map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toEqual(["default-mine-1", "elsewhere-mine-1"]);
  });

  test("has 1 to 255 printable characters", async () => {
    for (const key of ["", "two words", "x".repeat(256)]) {
      const { status, text } = await post("/v1/gateway/pre-check", {}, { key });
      expect([status, text]).toEqual([400, expect.stringContaining("idempotency-key: must be 1 to 255")]);
    }
    expect((await post("/v1/gateway/pre-check", {}, { key: "x".repeat(255) })).status).toBe(200);
  });

  test("is free again after an error", async () => {
    await app.simulator.down("openai", { kind: "status", status: 401 });
    const strict = { ...chat, provider: "openai", strict_provider: true };
    const failed = await post("/v1/chat/completions", strict, { key: "error" });
    expect(failed.status).toBeGreaterThanOrEqual(500);
    await app.simulator.up("openai");
    await post("/v1/routing/providers/openai/reset", {});
    expect(await post("/v1/chat/completions", strict, { key: "error" })).toMatchObject({
      status: 200,
      isReplayed: false,
    });
  });

  test.each([false, true])("lets the call of a client that went away go on (stream: %s)", async (stream) => {
    await app.simulator.down("openai", { kind: "hold" });
    const leaving = new AbortController();
    const key = `gone-${stream}`;
    const gone = post("/v1/chat/completions", { ...chat, stream }, { key, signal: leaving.signal });
    await eventually(() => expect(hits()).toBe(1));
    leaving.abort();
    await expect(gone).rejects.toThrow();
    const again = post("/v1/chat/completions", { ...chat, stream }, { key, at: 1 });
    await app.simulator.up("openai");
    expect(await again).toMatchObject({ status: 200, isReplayed: true });
    expect(hits()).toBe(1);
  });

  test("that waits at a server which closes is sent elsewhere with Retry-After, and keeps nobody from closing", async () => {
    const third = await app.another();
    await app.simulator.down("openai", { kind: "hold" });
    const first = post("/v1/chat/completions", chat, { key: "closing" });
    await eventually(() => expect(hits()).toBe(1));
    const looks = await looksAtAnswers();
    const waiting = fetch(`${third.client.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${admins[0]}`,
        "content-type": "application/json",
        "idempotency-key": "closing",
      },
      body: JSON.stringify(chat),
    });
    // It looked, waited, and looked again.
    await eventually(() => expect(looks.length).toBeGreaterThanOrEqual(2));
    const closed = third.close();
    const { status, headers } = await waiting;
    expect([status, headers.get("retry-after")]).toEqual([409, "1"]);
    await closed;
    await app.simulator.up("openai");
    expect(await first).toMatchObject({ status: 200, isReplayed: false });
  });

  test("of an answer that is too large to be kept makes nothing twice all the same", async () => {
    for (const stream of [false, true]) {
      const large = { ...chat, messages: [{ role: "user", content: "long ".repeat(3_000) }], stream };
      const first = await post("/v1/chat/completions", large, { key: `large-${stream}` });
      expect([first.status, first.text.length > 8_192]).toEqual([200, true]);
      const again = await post("/v1/chat/completions", large, { key: `large-${stream}` });
      expect([again.status, again.text]).toEqual([409, expect.stringContaining("too large")]);
    }
    expect(hits()).toBe(2);
  });

  test("gives a new key of the API again to who made it, and to nobody else; its text is not in Redis", async () => {
    const wanted = { name: "made once", scopes: ["read"] };
    const first = await post("/v1/keys", wanted, { key: "new-key" });
    const again = await post("/v1/keys", wanted, { key: "new-key", at: 1 });
    expect(again).toMatchObject({ status: 201, isReplayed: true, text: first.text });
    const another = await post("/v1/keys", wanted, { key: "new-key", as: 1 });
    expect([another.status, codeOf(another)]).toEqual([409, "answer_not_kept"]);
    const made = JSON.parse(first.text) as NewAccessKey;
    const rotated = await post(`/v1/keys/${made.id}/rotate`, {}, { key: "rotate" });
    expect((await post(`/v1/keys/${made.id}/rotate`, {}, { key: "rotate" })).text).toBe(rotated.text);
    const records = await app.redis.redis.keys("*answer:*");
    const bodies = await Promise.all(records.map((record) => app.redis.redis.hget(record, "body")));
    expect(records.length).toBeGreaterThan(2);
    expect(bodies.filter((body) => body?.includes(made.key.slice(0, 20)))).toEqual([]);
  });

  test("makes as many things as there are keys, in whatever order and however often requests come", async () => {
    let round = 0;
    const request = fc.record({ key: fc.nat(3), at: fc.nat(1) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(request, { minLength: 1, maxLength: 6 }), { maxLength: 4 }),
        async (bursts) => {
          const tag = `round-${++round}`;
          const texts = new Map<number, Set<string>>();
          for (const burst of bursts) {
            await Promise.all(
              burst.map(async ({ key, at }) => {
                const wanted = { name: `${tag}-${key}`, scopes: ["read"] };
                const { text } = await post("/v1/keys", wanted, { key: `${tag}-${key}`, at });
                texts.set(key, (texts.get(key) ?? new Set()).add(text));
              }),
            );
          }
          const { keys } = (await (
            await fetch(`${app.url}/v1/keys`, { headers: { authorization: `Bearer ${admins[0]}` } })
          ).json()) as { keys: readonly { readonly name: string }[] };
          expect(keys.filter(({ name }) => name.startsWith(`${tag}-`))).toHaveLength(texts.size);
          for (const given of texts.values()) expect(given.size).toBe(1);
        },
      ),
      { numRuns: 12 },
    );
  });

  test("of a goal lets one planning be made, and a replay is no change for the audit log", async () => {
    const audited = async () => (await app.redis.redis.xlen(keysOf("switchyard").access.audit)) as number;
    const definition = { name: "kept", steps: [{ id: "s", llm: { prompt: "x" } }] };
    const first = await post("/v1/workflows", definition, { key: "store" });
    const before = await audited();
    expect(await post("/v1/workflows", definition, { key: "store" })).toMatchObject({ text: first.text });
    expect(await audited()).toBe(before);
    const goals = [0, 1].map((at) => post("/v1/plans", { goal: "Compare two ferries" }, { key: "goal", at }));
    const plans = (await Promise.all(goals)).map(({ text }) => (JSON.parse(text) as { id: string }).id);
    expect(plans[0]).toMatch(/^plan_/);
    expect(plans[1]).toBe(plans[0]);
    expect(hits()).toBe(1);
  });
});

describe("while Redis is away", () => {
  test("a request with a key is refused before anything is done", async () => {
    process.kill(app.redis.pid, "SIGKILL");
    const refused = await eventually(async () => {
      const answer = await post("/v1/chat/completions", chat, { key: "away" });
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(hits()).toBe(0);
    const revived = await startEmbedded({ directory: app.redis.directory, port: app.redis.port });
    try {
      await eventually(async () =>
        expect(await post("/v1/chat/completions", chat, { key: "away" })).toMatchObject({ status: 200 }),
      );
      await app.app.close();
    } finally {
      await revived.close();
    }
  });
});
