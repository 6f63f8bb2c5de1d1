import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Explanation, RoutingChange, RoutingReport, RoutingVersion } from "../../src/core/routing.ts";
import type { ProblemDocument } from "../../src/server/problem.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());
// Each test begins with nothing set at run time.
afterEach(async () => {
  await running.client.routing.rollback(0);
});

interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<T>> {
  const answer = await fetch(`${running.url}/v1/routing${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as T };
}

const show = async () => (await send<RoutingReport>("GET", "")).body;
const version = async () => (await show()).version;

/** Who serves a request of two steps now. */
async function served(topic: string): Promise<readonly (string | undefined)[]> {
  const { id } = await running.client.submit({ definition: twoSteps, input: { topic } });
  return (await running.client.wait(id)).steps.map((step) => step.served?.provider);
}

describe("GET /v1/routing", () => {
  test("tells version, what is set, what is in force, and how each target stands", async () => {
    const { status, headers, body } = await send<RoutingReport>("GET", "");
    expect(status).toBe(200);
    expect(headers.get("etag")).toBe(`"${body.version}"`);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body.overrides).toEqual({});
    expect(body.settings).toMatchObject({
      strategy: { value: "failover" },
      enabled: { value: ["openai", "anthropic", "ollama"] },
      drained: { value: [] },
      shadow: { value: "off" },
    });
    expect(body.degraded).toBe(false);
    const [openai] = body.targets.filter(({ provider }) => provider === "openai");
    expect(body.targets).toHaveLength(3);
    expect(openai).toMatchObject({
      model: expect.any(String),
      enabled: true,
      drained: false,
      state: "closed",
      reason: null,
      breaker: { state: "closed", until: 0 },
      limitedUntil: 0,
      busy: 0,
      limits: [],
    });
  });

  test("says that a value was set at run time", async () => {
    await running.client.routing.change({ strategy: "round_robin" });
    expect((await show()).settings).toMatchObject({
      strategy: { value: "round_robin", origin: { from: "run time" } },
      affinity: { value: "none", origin: null },
    });
  });

  test("tells limits with what is used of them", async () => {
    await running.client.routing.change({ limits: { openai: { requests_per_minute: 600 } } });
    await served("limits");
    const { targets } = await show();
    const { limits } = targets.find(({ provider }) => provider === "openai") ?? {};
    expect(limits).toEqual([{ name: "openai", limit: "requestsPerMinute", used: 2, allowed: 600 }]);
  });
});

describe("PATCH /v1/routing", () => {
  test("sets the keys in one version that counts at the next decision, over the variables", async () => {
    expect(await served("before")).toEqual(["openai", "openai"]);
    const before = await version();
    const answer = await send<RoutingChange>(
      "PATCH",
      "",
      { default: "anthropic", hedge_after: "2s" },
      { "x-switchyard-author": "ada@desk" },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get("etag")).toBe(`"${before + 1}"`);
    expect(answer.body).toMatchObject({
      version: before + 1,
      author: "ada@desk",
      note: "default=anthropic hedge_after=2s",
      overrides: { default: "anthropic", hedge_after: "2s" },
      changed: true,
    });
    expect(await served("after")).toEqual(["anthropic", "anthropic"]);
    await running.client.routing.change({ default: null });
    expect(await served("taken back")).toEqual(["openai", "openai"]);
  });

  test("counts on every server of the fleet, also on one that starts later with other variables", async () => {
    await running.client.routing.change({ strategy: "least_busy", affinity: "run" });
    const later = await running.another({ LLM_ROUTING_STRATEGY: "round_robin" });
    try {
      const report = await later.client.routing.show();
      expect(report.settings.strategy).toEqual({ value: "least_busy", origin: { from: "run time" } });
      await later.client.routing.change({ strategy: null });
      expect((await later.client.routing.show()).settings.strategy?.value).toBe("round_robin");
      expect((await show()).settings).toMatchObject({ strategy: { value: "failover" }, affinity: { value: "run" } });
    } finally {
      await later.close();
    }
  });

  test("a provider that a change enables may be pinned at once, also where another server made the change", async () => {
    const other = await running.another({ LLM_PROVIDERS: "openai,anthropic" });
    const pinned = {
      definition: twoSteps,
      input: { topic: "pin" },
      hints: { provider: "ollama", strict_provider: true },
    };
    try {
      await expect(other.client.submit(pinned)).rejects.toMatchObject({ code: "unknown_provider" });
      await running.client.routing.change({ enabled: ["openai", "anthropic", "ollama"] });
      const { id } = await other.client.submit(pinned);
      expect(await running.client.wait(id)).toMatchObject({ status: "succeeded" });
    } finally {
      await other.close();
    }
  });

  test("takes the version that it was made for in If-Match, and refuses another", async () => {
    const now = await version();
    expect((await send("PATCH", "", { strategy: "weighted" }, { "if-match": `"${now}"` })).status).toBe(200);
    const late = await send<ProblemDocument>("PATCH", "", { strategy: "round_robin" }, { "if-match": `"${now}"` });
    expect({ status: late.status, body: late.body }).toMatchObject({
      status: 412,
      body: { code: "routing_conflict", details: { version: now + 1, expected: now } },
    });
    expect((await show()).overrides).toMatchObject({ strategy: "weighted" });
    const wrong = await send<ProblemDocument>("PATCH", "", { strategy: "weighted" }, { "if-match": "newest" });
    expect(wrong.body).toMatchObject({ code: "bad_request", problems: [{ path: "if-match" }] });
  });

  test("refuses everything that is wrong at once and sets nothing", async () => {
    const before = await version();
    const patch = { strategy: "failovr", enabled: ["openai", "antropic"], weights: { openai: -1 } };
    const { status, body } = await send<ProblemDocument>("PATCH", "", patch);
    expect({ status, code: body.code }).toEqual({ status: 400, code: "invalid_settings" });
    expect(body.problems?.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["routing.strategy", "routing.enabled.1", "routing.weights.openai"]),
    );
    expect(JSON.stringify(body.problems)).toContain("Did you mean anthropic?");
    expect(await version()).toBe(before);
  });

  test.each([
    ["a list", []],
    ["a text", "strategy"],
    ["nothing", null],
  ])("refuses %s as a body", async (_what, body) => {
    expect((await send<ProblemDocument>("PATCH", "", body)).body).toMatchObject({ code: "bad_request", status: 400 });
  });

  test("twenty at a time all land", async () => {
    const before = await version();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        running.client.routing.change({ weights: { openai: i + 1 } }, { author: `author ${i}` }),
      ),
    );
    const versions = answers.map((answer) => answer.version).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, i) => before + 1 + i));
  });
});

describe("GET /v1/routing/history", () => {
  test("lists who changed what, newest first", async () => {
    await running.client.routing.change({ strategy: "weighted" }, { author: "zoë" });
    await send("PATCH", "", { affinity: "run" });
    const { body } = await send<{ versions: RoutingVersion[] }>("GET", "/history?limit=2");
    expect(body.versions).toMatchObject([
      { author: "api", note: "affinity=run", overrides: { strategy: "weighted", affinity: "run" } },
      { author: "zoë", note: "strategy=weighted", at: expect.any(Number), overrides: { strategy: "weighted" } },
    ]);
    expect((await send("GET", "/history?limit=0")).status).toBe(400);
  });
});

describe("POST /v1/routing/rollback", () => {
  test("makes a version that equals the old one", async () => {
    const first = await running.client.routing.change({ strategy: "weighted", affinity: "run" });
    await running.client.routing.change({ strategy: "least_busy", affinity: null });
    const { status, body } = await send<RoutingChange>("POST", "/rollback", { version: first.version });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        version: first.version + 2,
        overrides: { strategy: "weighted", affinity: "run" },
        note: `rolled back to version ${first.version}`,
      },
    });
  });

  test("answers 404 for a version that is not kept, and 400 for none", async () => {
    const unknown = await send<ProblemDocument>("POST", "/rollback", { version: 100_000 });
    expect(unknown.body).toMatchObject({ status: 404, code: "routing_version_not_found" });
    expect((await send<ProblemDocument>("POST", "/rollback", {})).body).toMatchObject({
      code: "bad_request",
      problems: [{ path: "version" }],
    });
  });
});

describe("POST /v1/routing/providers/:name", () => {
  test("drain gives a provider no new calls, undrain gives them back and lets its share grow", async () => {
    await running.client.routing.change({ default: "ollama" });
    const { status, body } = await send<RoutingChange>("POST", "/providers/ollama/drain");
    expect({ status, body }).toMatchObject({ status: 200, body: { note: "drained ollama", changed: true } });
    expect(await served("drained")).toEqual(["openai", "openai"]);
    const ollama = async () => (await show()).targets.find(({ provider }) => provider === "ollama");
    expect(await ollama()).toMatchObject({ drained: true, enabled: true, reason: expect.any(String) });
    expect((await send<RoutingChange>("POST", "/providers/ollama/drain")).body).toMatchObject({ changed: false });
    const back = await send<RoutingChange>("POST", "/providers/ollama/undrain");
    expect(back.body).toMatchObject({ note: "undrained ollama", overrides: { since: { ollama: expect.any(Number) } } });
    const ramping = await ollama();
    expect(ramping).toMatchObject({ drained: false, state: "ramping" });
    expect(ramping?.share).toBeLessThan(1);
  });

  test("reset closes the breaker of a provider that is back before its time", async () => {
    await running.simulator.down("openai", { kind: "status", status: 503 });
    for (let i = 0; i < 5; i++) await served("outage");
    await running.simulator.up("openai");
    const state = async () => (await show()).targets.find(({ provider }) => provider === "openai")?.state;
    expect(await state()).toBe("open");
    const { status, body } = await send("POST", "/providers/openai/reset");
    expect({ status, body }).toEqual({ status: 200, body: { provider: "openai", targets: 1 } });
    expect(await state()).toBe("closed");
    expect(await served("back")).toEqual(["openai", "openai"]);
  });

  test.each(["drain", "undrain", "reset"])("%s of an unknown provider says which was probably meant", async (what) => {
    const { body } = await send<ProblemDocument>("POST", `/providers/opnai/${what}`);
    expect(body).toMatchObject({
      code: "unknown_provider",
      status: 400,
      detail: expect.stringContaining("Did you mean openai?"),
    });
  });

  test("a page of another website changes nothing", async () => {
    const { body } = await send<ProblemDocument>("POST", "/providers/ollama/drain", undefined, {
      origin: "https://elsewhere.example",
    });
    expect(body).toMatchObject({ code: "bad_request", detail: expect.stringContaining("https://elsewhere.example") });
    expect((await show()).overrides).not.toHaveProperty("drained");
    const own = { origin: running.url };
    expect((await send("POST", "/providers/ollama/drain", undefined, own)).status).toBe(200);
  });
});

describe("POST /v1/routing/explain", () => {
  test("tells the order, what speaks for each candidate, and why; no call is made", async () => {
    await running.client.routing.change({ drained: ["ollama"] });
    const { status, body } = await send<Explanation>("POST", "/explain", {
      hints: { provider: "anthropic" },
      tokens: 2_000,
      max_tokens: 100,
    });
    expect(status).toBe(200);
    expect(body.routingVersion).toBe(await version());
    expect(body.candidates.map(({ provider, place }) => [provider, place])).toEqual([
      ["anthropic", 1],
      ["openai", 2],
      ["ollama", null],
    ]);
    expect(body.decision.reason).toContain("the hint asks for anthropic");
    expect(body.candidates[2]?.reason).toContain("drained");
    expect(body.candidates[0]?.costUsd).toBeGreaterThan(0);
  });

  test("needs no body, and refuses hints that a run would be refused with", async () => {
    expect((await send<Explanation>("POST", "/explain", {})).body.candidates[0]).toMatchObject({ provider: "openai" });
    const unknown = await send<ProblemDocument>("POST", "/explain", { hints: { provider: "opnai" } });
    expect(unknown.body).toMatchObject({ code: "unknown_provider", status: 400 });
    const strict = await send<ProblemDocument>("POST", "/explain", { hints: { strict_provider: "yes" } });
    expect(strict.body).toMatchObject({ code: "strict_needs_provider" });
    const wrong = await send<ProblemDocument>("POST", "/explain", { tokens: -1, hintz: {} });
    expect(wrong.body.problems?.map(({ path }) => path).sort()).toEqual(["hintz", "tokens"]);
  });
});
