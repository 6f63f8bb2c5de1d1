import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Fault, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { eventually } from "../support/eventually.ts";
import { chat, models, prompt, urlOf } from "./support/ask.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ latencyMs: 0 });
});
afterEach(async () => {
  for (const { name } of simulator.providers) await simulator.up(name);
  simulator.clearHits();
});
afterAll(() => simulator.close());

const url = () => urlOf(simulator, "openai");
const outcomes = () => simulator.hits("openai").map(({ outcome }) => outcome);
const patience = () => ({ signal: AbortSignal.timeout(150) });

describe("refuse", () => {
  test("closes the port, drops what is open, and opens the same port again", async () => {
    await simulator.down("openai", { kind: "hold" });
    const held = chat(url(), "held").catch((error: unknown) => error);
    await eventually(() => expect(outcomes()).toEqual(["open"]));
    await simulator.down("openai", { kind: "refuse" });
    expect(await held).toBeInstanceOf(TypeError);
    await eventually(() => expect(outcomes()).toEqual(["fault:refuse"]));
    await expect(chat(url(), "hello")).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    await expect(fetch(`${url()}/models`)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    expect((await chat(urlOf(simulator, "ollama"), "hello")).status).toBe(200);
    await simulator.up("openai");
    expect((await chat(url(), "hello")).status).toBe(200);
    expect(simulator.total("openai")).toBe(2);
  });

  test("bears being switched to and fro at once", async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        i % 2 === 0 ? simulator.down("openai", { kind: "refuse" }) : simulator.up("openai"),
      ),
    );
    await simulator.up("openai");
    expect((await chat(url(), "hello")).status).toBe(200);
  });
});

describe("status", () => {
  test("comes in each vendor's shape, with Retry-After in seconds", async () => {
    for (const name of ["openai", "anthropic", "ollama"] as const) {
      await simulator.down(name, { kind: "status", status: 429, retryAfter: 7 });
      await expect(models(simulator)[name].doGenerate(prompt("hello"))).rejects.toMatchObject({
        statusCode: 429,
        message: "Simulated outage: status 429.",
        responseHeaders: { "retry-after": "7" },
      });
    }
    expect(outcomes()).toEqual(["fault:status 429"]);
  });

  test("takes Retry-After as a date, and a body of its own", async () => {
    const fault: Fault = { kind: "status", status: 503, retryAfter: "date+30s", body: { mine: true } };
    await simulator.down("openai", fault);
    const response = await chat(url(), "hello");
    const ahead = Date.parse(response.headers.get("retry-after") ?? "") - Date.now();
    expect(ahead).toBeGreaterThan(25_000);
    expect(ahead).toBeLessThanOrEqual(31_000);
    expect(await response.json()).toEqual({ mine: true });
  });

  test("meets the list of models too, if it meets everybody", async () => {
    await simulator.down("openai", { kind: "status", status: 503, times: 1 });
    expect((await fetch(`${url()}/models`)).status).toBe(200);
    await simulator.down("openai", { kind: "status", status: 503 });
    expect((await fetch(`${url()}/models`)).status).toBe(503);
  });
});

describe("scope", () => {
  test("match: only requests that say it, in any message", async () => {
    await simulator.down("openai", { kind: "status", status: 500, match: "step-3" });
    expect((await chat(url(), "step-2")).status).toBe(200);
    expect((await chat(url(), "this is step-3")).status).toBe(500);
    const messages = [
      { role: "system", content: "step-3" },
      { role: "user", content: "hello" },
    ];
    expect((await chat(url(), "", { messages })).status).toBe(500);
    expect(outcomes()).toEqual(["answered", "fault:status 500", "fault:status 500"]);
  });

  test("times: only the first so many that match", async () => {
    await simulator.down("openai", { kind: "status", status: 500, times: 2, match: "x" });
    const statuses: number[] = [];
    for (const text of ["x", "y", "x", "x"]) statuses.push((await chat(url(), text)).status);
    expect(statuses).toEqual([500, 200, 500, 200]);
  });

  test("several faults: the first that meets a request", async () => {
    await simulator.down("openai", { kind: "status", status: 500, match: "x" }, { kind: "status", status: 429 });
    expect((await chat(url(), "x")).status).toBe(500);
    expect((await chat(url(), "y")).status).toBe(429);
  });

  test("probability: a share, the same one for the same seed", async () => {
    const draw = async () => {
      const other = await startSimulator({ latencyMs: 0, providers: ["openai"], script: { seed: 7, outages: [] } });
      await other.down("openai", { kind: "status", status: 500, probability: 0.5 });
      const statuses: number[] = [];
      for (let i = 0; i < 30; i++) statuses.push((await chat(urlOf(other, "openai"), "x")).status);
      await other.close();
      return statuses;
    };
    const first = await draw();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await draw()).toEqual(first);
  });
});

describe("what a client sees of the others", () => {
  test("reset: the connection ends without an answer", async () => {
    await simulator.down("openai", { kind: "reset" });
    await expect(chat(url(), "hello")).rejects.toThrow("fetch failed");
    expect(outcomes()).toEqual(["fault:reset"]);
  });

  test("latency: the good answer, later", async () => {
    await simulator.down("openai", { kind: "latency", ms: 60_000 });
    await expect(chat(url(), "hello", {}, patience())).rejects.toMatchObject({ name: "TimeoutError" });
    await simulator.down("openai", { kind: "latency", ms: 5 });
    expect((await chat(url(), "hello")).status).toBe(200);
    expect(outcomes()).toEqual(["fault:latency 60000 ms", "fault:latency 5 ms"]);
  });

  test("stall: nothing comes", async () => {
    await simulator.down("openai", { kind: "stall" });
    await expect(chat(url(), "hello", {}, patience())).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("stall in the body: headers and some bytes come, then nothing", async () => {
    await simulator.down("openai", { kind: "stall", afterBytes: 20 });
    const response = await chat(url(), "hello", {}, patience());
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(20);
    await expect(reader?.read()).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("hold: the answer waits until the fault is lifted", async () => {
    await simulator.down("openai", { kind: "hold", match: "hold me" });
    const held = chat(url(), "hold me");
    expect((await chat(url(), "not me")).status).toBe(200);
    expect(outcomes()).toEqual(["open", "answered"]);
    await simulator.up("openai");
    expect((await held).status).toBe(200);
    await eventually(() => expect(outcomes()).toEqual(["fault:hold", "answered"]));
  });

  test("cut: a whole answer and a stream break in the middle", async () => {
    await simulator.down("openai", { kind: "cut" });
    const response = await chat(url(), "hello");
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
    const stream = await chat(url(), "hello there, say it all again ".repeat(10), { stream: true });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    const read = async () => {
      for await (const chunk of stream.body ?? []) text += Buffer.from(chunk).toString();
    };
    await expect(read()).rejects.toThrow("terminated");
    expect(text).toHaveLength(400);
  });

  test.each(["openai", "anthropic", "ollama"] as const)("cut: %s's package fails on a stream", async (name) => {
    await simulator.down(name, { kind: "cut" });
    const consume = async () => {
      const { stream } = await models(simulator)[name].doStream(prompt("hello there, say it all again ".repeat(10)));
      for await (const part of stream) if (part.type === "error") throw part.error;
    };
    await expect(consume()).rejects.toThrow();
  });

  test("malformed: status 200 and no JSON, whole or streamed", async () => {
    await simulator.down("openai", { kind: "malformed" });
    const response = await chat(url(), "hello");
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow(SyntaxError);
    const stream = await chat(url(), "hello", { stream: true });
    const [, event] = (await stream.text()).split("data: ");
    expect(() => JSON.parse(event ?? "")).toThrow(SyntaxError);
  });

  test("error_body: status 200 and the vendor's error object", async () => {
    await simulator.down("openai", { kind: "error_body" });
    const response = await chat(url(), "hello");
    expect([response.status, await response.json()]).toMatchObject([200, { error: { type: "server_error" } }]);
    await expect(models(simulator).openai.doGenerate(prompt("hello"))).rejects.toThrow();
  });
});

test("a caller that goes away is noted", async () => {
  const slow = await startSimulator({ latencyMs: 60_000, providers: ["openai"] });
  await expect(chat(urlOf(slow, "openai"), "hello", {}, patience())).rejects.toMatchObject({ name: "TimeoutError" });
  await eventually(() => expect(slow.hits().map(({ outcome }) => outcome)).toEqual(["aborted"]));
  await slow.close();
});

test("an unknown provider is an error that names the known ones", async () => {
  await expect(simulator.down("opanai", { kind: "refuse" })).rejects.toMatchObject({
    code: "unknown_provider",
    message: 'No simulated provider is called "opanai". There are: openai, anthropic, ollama. Did you mean openai?',
  });
});
