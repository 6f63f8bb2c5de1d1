import { Writable } from "node:stream";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config/load.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { loggedError } from "../../src/telemetry/logged-error.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

const secretPrompt = "the merger is on Friday";
let redis: TestRedis;
let simulator: Simulator;
let app: Awaited<ReturnType<typeof createApp>>;
let lines = "";
beforeAll(async () => {
  [redis, simulator] = await Promise.all([testRedis(), startSimulator({ latencyMs: 0 })]);
  const env = { ...simulator.env, REDIS_URL: redis.url, SWITCHYARD_PORT: "0" };
  const settings = loadSettings({ env, cwd: redis.directory });
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk);
      done();
    },
  });
  const log = pino({ level: "info", serializers: { err: (error) => loggedError(error) } }, stream);
  app = await createApp({ settings, roles: { api: true }, log });
});
afterAll(async () => {
  await app.close();
  await simulator.close();
  await redis.close();
});

const post = (path: string, body: unknown) =>
  fetch(`${app.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("the log at level info", () => {
  test("does not repeat a prompt that a provider's error repeats; its answer does", async () => {
    const body = JSON.stringify({ error: { message: `You said: ${secretPrompt}` } });
    for (const name of ["openai", "anthropic", "ollama"] as const) {
      await simulator.down(name, { kind: "status", status: 500, body });
    }
    const answer = await post("/v1/chat/completions", { messages: [{ role: "user", content: secretPrompt }] });
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain(secretPrompt);
    expect(lines).toContain("provider_failed");
    expect(lines).not.toContain(secretPrompt);
  });

  test("does not repeat the arguments of a command that Redis refused", async () => {
    await redis.redis.config("SET", "maxmemory", "1");
    try {
      const definition = { name: "x", steps: [{ id: "a", llm: { prompt: secretPrompt } }] };
      const answer = await post("/v1/runs", { definition, input: {} });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: "redis_full" });
    } finally {
      await redis.redis.config("SET", "maxmemory", "0");
    }
    expect(lines).toContain("OOM");
    expect(lines).not.toContain(secretPrompt);
  });
});
