import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { JsonObject } from "../../src/core/json.ts";
import type { Run } from "../../src/core/run.ts";
import { type RawServer, rawServer, says } from "../steps/raw-server.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";
import { redisDump } from "../support/redis-dump.ts";

const secret = "t0p-Secret-4711";
let fleet: Fleet;
let server: RawServer;
let functions: string;
let workers: Program[] = [];
beforeAll(async () => {
  functions = mkdtempSync(join(tmpdir(), "switchyard-functions-"));
  writeFileSync(
    join(functions, "echo.mjs"),
    `import { appendFileSync } from "node:fs";
export default (input, { env, attempt, idempotencyKey }) => {
  appendFileSync(new URL("./calls", import.meta.url), idempotencyKey + "\\n");
  return { input, token: env.SHOP_TOKEN, attempt };
};
export const refuses = (_input, { env }) => { throw new Error("bad token " + env.SHOP_TOKEN); };`,
  );
  server = await rawServer();
  fleet = await Fleet.start({
    LLM_PROVIDERS: "openai",
    SWITCHYARD_STEP_ENV: "SHOP_TOKEN",
    SWITCHYARD_HTTP_ALLOW: "127.0.0.1",
    SHOP_TOKEN: secret,
  });
});
afterAll(async () => {
  await fleet?.close();
  await server?.close();
  rmSync(functions, { recursive: true });
});
afterEach(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map((worker) => worker.ended));
  workers = [];
  server.requests.length = 0;
});

async function startWorker(env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const worker = await fleet.worker({ SWITCHYARD_FUNCTIONS: functions, ...env });
  workers.push(worker);
  return worker;
}

async function submit(name: string, steps: readonly JsonObject[], input: JsonObject = {}): Promise<string> {
  return (await fleet.client.submit({ definition: { name, steps }, input })).id;
}

async function runOf(...given: Parameters<typeof submit>): Promise<Run> {
  return fleet.ended(await submit(...given));
}

describe("secrets", () => {
  const http = (more: JsonObject) => ({
    url: `${server.url}/orders/{{ env.SHOP_TOKEN }}`,
    headers: { Authorization: "Bearer {{ secrets.SHOP_TOKEN }}" },
    body: { token: "{{ env.SHOP_TOKEN }}" },
    ...more,
  });

  test("stand in nothing that Redis holds and in no log, whoever sends them back and whatever fails", async () => {
    server.respond((response, { path, headers, body }) => {
      const status = path.endsWith("?fails=true") ? 422 : 200;
      says(status, { path, headers, body }, { etag: `"${secret}"` })(response, { method: "", path, headers, body });
    });
    const worker = await startWorker();
    const good = await runOf("secrets-told", [
      { id: "call", http: http({}) },
      { id: "pass", transform: "$string(steps.call.output)" },
      { id: "work", function: { module: "./echo.mjs", input: "{{ env.SHOP_TOKEN }}" } },
    ]);
    expect(good.status).toBe("succeeded");
    const bad = await runOf("secrets-refused", [{ id: "call", http: http({ query: { fails: true } }) }]);
    expect(bad).toMatchObject({ status: "failed", error: { code: "http_failed" } });
    const thrown = await runOf("secrets-thrown", [
      { id: "work", retry: { attempts: 2, backoff: "10ms" }, function: { module: "./echo.mjs", export: "refuses" } },
    ]);
    expect(thrown).toMatchObject({ status: "failed", error: { message: expect.stringContaining("bad token ***") } });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${secret}`,
      `Bearer ${secret}`,
    ]);
    const redis = new Redis(fleet.redis.url);
    const kept = await redisDump(redis);
    redis.disconnect();
    expect(kept).toContain("secrets-told");
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain(Buffer.from(secret).toString("base64"));
    expect(worker.stderr()).not.toContain(secret);
  });

  test("that are not listed, or not set here, fail the step and are named", async () => {
    await startWorker();
    const unlisted = await runOf("unlisted", [{ id: "call", http: { url: "{{ env.SHOP_TOKN }}" } }]);
    expect(unlisted.error).toMatchObject({ code: "variable_unavailable" });
    expect(unlisted.error?.message).toContain("Did you mean SHOP_TOKEN?");
  });
});

describe("a private address", () => {
  test("that is not allowed is refused for good", async () => {
    await startWorker();
    const run = await runOf("private", [{ id: "call", http: { url: "http://169.254.169.254/latest" } }]);
    expect(run).toMatchObject({ status: "failed", error: { code: "http_refused" } });
    expect(run.steps[0]?.attempts).toBe(1);
  });
});

describe("an http step in a run", () => {
  test("is tried again after 5xx, with a key of its own for each attempt, and waits out a 429 without one", async () => {
    const answers = [says(503), says(429, "", { "retry-after": "1" }), says(200, { ok: true })];
    server.respond((response, asked) => answers[server.requests.length - 1]?.(response, asked));
    await startWorker();
    const run = await runOf("retried", [
      { id: "call", retry: { attempts: 2, backoff: "10ms" }, http: { method: "POST", url: server.url } },
    ]);
    expect(run).toMatchObject({ status: "succeeded", output: { status: 200, body: { ok: true } } });
    expect(run.steps[0]?.attempts).toBe(2);
    expect(new Set(server.requests.map(({ headers }) => headers["idempotency-key"])).size).toBe(3);
  });

  test("ends with its timeout, and its connection with it", async () => {
    let closed = false;
    server.respond((response) => {
      response.on("close", () => {
        closed = true;
      });
    });
    await startWorker();
    const run = await runOf("slow", [
      { id: "call", timeout: "300ms", retry: { attempts: 1 }, http: { url: server.url } },
    ]);
    expect(run).toMatchObject({ status: "failed", error: { code: "step_timeout" } });
    await eventually(() => expect(closed).toBe(true));
  });

  test("ends when its run is cancelled, and its connection with it", async () => {
    let closed = false;
    server.respond((response) => {
      response.on("close", () => {
        closed = true;
      });
    });
    await startWorker();
    const id = await submit("cancelled", [{ id: "call", http: { url: server.url } }]);
    await eventually(() => expect(server.requests).toHaveLength(1));
    await fleet.client.cancel(id);
    expect((await fleet.ended(id)).status).toBe("cancelled");
    await eventually(() => expect(closed).toBe(true));
  });
});

describe("a worker that dies between a step's work and its record", () => {
  test("leaves an http step to another, which sends the same idempotency key", async () => {
    server.respond(says(200, { ok: true }));
    await startWorker({ SWITCHYARD_CRASH_AT: "after-reply:call" });
    const id = await submit("died-http", [{ id: "call", http: { method: "POST", url: server.url } }]);
    await workers[0]?.ended;
    await startWorker();
    expect((await fleet.ended(id)).status).toBe("succeeded");
    const keys = server.requests.map(({ headers }) => headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  test("leaves a transform to another", async () => {
    await startWorker({ SWITCHYARD_CRASH_AT: "after-reply:draw" });
    const id = await submit("died-transform", [{ id: "draw", transform: "input.n * 2" }], { n: 21 });
    await workers[0]?.ended;
    await startWorker();
    const run = await fleet.ended(id);
    expect(run).toMatchObject({ status: "succeeded", output: 42 });
  });

  test("leaves a function to another, which is given the same idempotency key", async () => {
    await startWorker({ SWITCHYARD_CRASH_AT: "after-reply:work" });
    const before = callsOfEcho().length;
    const id = await submit("died-function", [{ id: "work", function: { module: "./echo.mjs" } }]);
    await workers[0]?.ended;
    await startWorker();
    expect((await fleet.ended(id)).status).toBe("succeeded");
    const keys = callsOfEcho().slice(before);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });
});

function callsOfEcho(): readonly string[] {
  return readFileSync(join(functions, "calls"), "utf8").trim().split("\n");
}

describe("a function that a worker does not know", () => {
  test("waits without an attempt until a worker comes that knows it", async () => {
    await startWorker({ SWITCHYARD_FUNCTIONS: "" });
    const id = await submit("unknown-function", [{ id: "work", function: { module: "./echo.mjs", input: 7 } }]);
    await eventually(async () => {
      const [step] = (await fleet.client.get(id)).steps;
      expect(step).toMatchObject({ status: "waiting" });
    });
    const waits = (await fleet.client.history(id)).filter(({ type }) => type === "step.waiting");
    expect(waits[0]).toMatchObject({ reason: expect.stringContaining("SWITCHYARD_FUNCTIONS") });
    workers[0]?.kill("SIGKILL");
    await startWorker();
    const run = await fleet.ended(id);
    expect(run).toMatchObject({ status: "succeeded", output: { input: 7, attempt: 1 } });
  });

  test("fails once its max_wait is over", async () => {
    await startWorker();
    const step = { id: "work", retry: { max_wait: "1s" }, function: { module: "./elsewhere.mjs" } };
    const run = await runOf("never-known", [step]);
    expect(run).toMatchObject({ status: "failed", error: { code: "function_unknown" } });
  });
});

describe("a transform in a run", () => {
  test("that runs away is stopped, and the worker goes on with the others", async () => {
    await startWorker();
    const endless = submit("runaway", [
      { id: "spin", retry: { attempts: 1 }, transform: "($f := function($n) { $f($n + 1) }; $f(0))" },
    ]);
    const others = Array.from({ length: 5 }, (_, n) =>
      runOf("beside", [{ id: "add", transform: "input.n + 1" }], { n }),
    );
    expect((await Promise.all(others)).map(({ output }) => output)).toEqual([1, 2, 3, 4, 5]);
    expect(await fleet.ended(await endless)).toMatchObject({ status: "failed", error: { code: "expression_failed" } });
  });
});

describe("the shipped workflows", () => {
  const shipped = (name: string) => parse(readFileSync(resolve("workflows", `${name}.yaml`), "utf8")) as JsonObject;

  test("weather-briefing fetches, boils down and tells", async () => {
    const hourly = {
      time: ["2026-03-01T07:00", "2026-03-01T08:00"],
      temperature_2m: [3.5, 4],
      precipitation: [0, 0.4],
    };
    server.respond(says(200, { hourly }));
    await startWorker();
    const input = { place: "Berlin", latitude: 52.5, longitude: 13.4, api: server.url };
    const { id } = await fleet.client.submit({ definition: shipped("weather-briefing"), input });
    const run = await fleet.ended(id);
    const day = { coldest: 3.5, warmest: 4, rain_mm: 0.4, wet_hours: ["08:00"] };
    expect(run).toMatchObject({ status: "succeeded", output: { day, text: expect.any(String) } });
    expect(server.requests[0]?.path).toContain("latitude=52.5&longitude=13.4&hourly=temperature_2m%2Cprecipitation");
  });

  test("invoice-check adds up, and reports what is wrong with the shop's token", async () => {
    server.respond(says(201, { id: "c-1" }));
    await startWorker({ SWITCHYARD_FUNCTIONS: resolve("workflows/functions") });
    const line = { text: "pump", quantity: 2, cents: 1_000 };
    const input = {
      report_to: `${server.url}/complaints`,
      invoice: { number: "4711", total_cents: 2_500, lines: [line] },
    };
    const { id } = await fleet.client.submit({ definition: shipped("invoice-check"), input });
    expect(await fleet.ended(id)).toMatchObject({
      status: "succeeded",
      output: { is_right: false, findings: { says: "25.00 EUR", is: "20.00 EUR" }, report: { status: 201 } },
    });
    const [sent] = server.requests;
    expect(sent?.headers.authorization).toBe(`Bearer ${secret}`);
    expect(JSON.parse(sent?.body ?? "{}")).toMatchObject({ invoice: "4711", difference_cents: 500 });
  });
});
