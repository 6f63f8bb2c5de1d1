import { afterAll, beforeAll, expect, test } from "vitest";
import { type Hit, type Simulator, simulatorEnv, startSimulator } from "../../src/simulator/index.ts";
import { chat, member, urlOf } from "./support/ask.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ latencyMs: 0 });
});
afterAll(() => simulator.close());

const control = (method: string, path: string, body?: unknown) =>
  fetch(simulator.controlUrl + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });

test("GET / says plainly that no real model answers, and what there is", async () => {
  const root = await member(control("GET", "/"));
  expect(root).toMatchObject({
    notice: "Switchyard simulated providers: no real model answers here.",
    control: simulator.controlUrl,
    providers: simulator.providers.map(({ name, url }) => ({ name, url, state: "up", faults: [] })),
  });
});

test("the variables point a process at every provider, with a key that says what it is", async () => {
  expect(simulator.env).toEqual({
    OPENAI_ENDPOINT: urlOf(simulator, "openai"),
    OPENAI_API_KEY: "simulated-key",
    ANTHROPIC_ENDPOINT: urlOf(simulator, "anthropic"),
    ANTHROPIC_API_KEY: "simulated-key",
    OLLAMA_ENDPOINT: urlOf(simulator, "ollama"),
  });
  expect(simulatorEnv(simulator.providers)).toEqual(simulator.env);
  expect(await member(control("GET", "/env"))).toEqual(simulator.env);
});

test("faults are put in force, shown and ended from outside", async () => {
  expect((await control("PUT", "/faults/openai", { kind: "status", status: 503, retry_after: 3 })).status).toBe(200);
  const response = await chat(urlOf(simulator, "openai"), "hello");
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "3"]);
  await control("PUT", "/faults/openai", [{ kind: "status", status: 500, retryAfter: 1 }, { kind: "refuse" }]);
  await expect(chat(urlOf(simulator, "openai"), "hello")).rejects.toThrow("fetch failed");
  const faults = [{ kind: "status", status: 500, retryAfter: 1 }, { kind: "refuse" }];
  expect(await member(control("GET", "/faults/openai"))).toEqual({ provider: "openai", faults });
  expect(await member(control("DELETE", "/faults/openai"))).toEqual({ provider: "openai", faults: [] });
  expect((await chat(urlOf(simulator, "openai"), "hello")).status).toBe(200);
});

test("what is wrong with a fault is said", async () => {
  const wrong = await control("PUT", "/faults/openai", { kind: "status" });
  expect([wrong.status, await member(wrong, "error", "code")]).toEqual([400, "bad_request"]);
  const unknown = control("PUT", "/faults/openai", { kind: "stal" });
  expect(await member(unknown, "error", "message")).toMatch(
    /^The fault has mistakes: kind: must be one of refuse, .* Did you mean stall\?$/,
  );
  expect((await control("PUT", "/faults/nobody", { kind: "refuse" })).status).toBe(400);
  expect((await control("GET", "/nothing")).status).toBe(404);
});

test("hits tell who asked what, with idempotency keys, and can be forgotten", async () => {
  await control("DELETE", "/hits");
  const arrivals: Hit[] = [];
  const stop = simulator.on("hit", (hit) => arrivals.push(hit));
  for (const key of ["run_1-step-1", "run_1-step-1", "run_2-step-1"]) {
    await chat(urlOf(simulator, "openai"), `work of ${key}`, {}, { headers: { "idempotency-key": key } });
  }
  await chat(urlOf(simulator, "ollama"), "no key");
  stop();
  await chat(urlOf(simulator, "ollama"), "unheard");
  expect(arrivals.map(({ provider, outcome }) => [provider, outcome])).toEqual([
    ["openai", "open"],
    ["openai", "open"],
    ["openai", "open"],
    ["ollama", "open"],
  ]);
  const hits = (await member(control("GET", "/hits?provider=openai"), "hits")) as readonly Hit[];
  expect(hits.map(({ idempotencyKey }) => idempotencyKey)).toEqual(["run_1-step-1", "run_1-step-1", "run_2-step-1"]);
  expect(hits[0]).toMatchObject({ model: "gpt-4o", prompt: "work of run_1-step-1", outcome: "answered" });
  expect(hits[0]?.digest).toBe(hits[1]?.digest);
  expect(hits[0]?.digest).not.toBe(hits[2]?.digest);
  expect(simulator.hits("ollama")[0]?.idempotencyKey).toBeNull();
  expect([simulator.total("openai"), simulator.total("ollama"), simulator.total("anthropic")]).toEqual([3, 2, 0]);
  await control("DELETE", "/hits");
  expect([simulator.hits(), simulator.total("openai")]).toEqual([[], 0]);
});

test("fixed ports follow the base port, and a taken one is an error that leaves nothing open", async () => {
  const base = Number(new URL(simulator.controlUrl).port) - 2;
  await expect(startSimulator({ port: base, latencyMs: 0 })).rejects.toMatchObject({ code: "port_taken" });
  const other = await startSimulator({ port: base - 20, latencyMs: 0 });
  const ports = [other.controlUrl, ...other.providers.map(({ url }) => url)].map((url) => Number(new URL(url).port));
  expect(ports).toEqual([0, 1, 2, 3].map((offset) => base - 20 + offset));
  await other.close();
  await (await startSimulator({ port: base - 20, latencyMs: 0 })).close();
});
