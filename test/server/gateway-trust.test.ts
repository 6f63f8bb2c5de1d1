import { afterAll, beforeAll, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import type { RoutingTarget } from "../../src/core/routing.ts";
import { rules } from "../../src/router/rules.ts";
import { accessKeys } from "./access-keys.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
let keys: Readonly<Record<string, string>>;

beforeAll(async () => {
  running = await startApp();
  keys = await accessKeys(running, { submit: { scope: "submit" }, operate: { scope: "operate" } });
});
afterAll(() => running.close());

async function post(who: string, what: string, body: object, key?: string) {
  const answer = await fetch(`${running.url}/v1/gateway/${what}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${keys[who]}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { context_id: string; counted: boolean };
}

async function target(provider: string): Promise<RoutingTarget> {
  const client = new SwitchyardClient({ url: running.url, apiKey: keys.operate ?? "" });
  const found = (await client.providers()).find((one) => one.provider === provider);
  if (!found) throw new Error(`no target of ${provider}`);
  return found;
}

const failed = { latency_ms: 50, failure: { class: "server", status: 500 } };
const admit = async (provider: string) =>
  (await post("submit", "pre-check", { hints: { provider, strict_provider: true } })).context_id;

test("an application's word on calls that nobody admitted moves no breaker, and no latency; they count in costs", async () => {
  for (let i = 0; i < 10; i++) await post("submit", "audit", { provider: "openai", ...failed }, `alone-${i}`);
  const usage = { input_tokens: 10, output_tokens: 10 };
  const answered = await post("submit", "audit", { provider: "openai", latency_ms: 60_000, usage });
  expect(answered.counted).toBe(true);
  const { breaker, latencyMs } = await target("openai");
  expect([breaker.state, breaker.failed, breaker.answered, latencyMs]).toEqual(["closed", 0, 0, null]);
  const costs = await new SwitchyardClient({ url: running.url, apiKey: keys.operate ?? "" }).costs({
    by: ["provider", "key"],
  });
  expect(costs.groups).toMatchObject([{ of: { provider: "openai", key: "gateway" }, use: { inputTokens: 10 } }]);
});

test("a call that was admitted moves it once, however often and under whichever keys it is reported", async () => {
  const context = await admit("anthropic");
  for (let i = 0; i < 10; i++) await post("submit", "audit", { context_id: context, ...failed }, `again-${i}`);
  // Another model than the admitted one is another call.
  await post("submit", "audit", { context_id: await admit("anthropic"), model: "claude-other", ...failed });
  expect((await target("anthropic")).breaker).toMatchObject({ state: "closed", failed: 1 });
});

test("an application's own rate limit and models take a target away for seconds at most; an operator's word counts as it is", async () => {
  const limited = { latency_ms: 5, failure: { class: "rate_limited", status: 429, retry_after_ms: 3_600_000 } };
  const gone = { latency_ms: 5, failure: { class: "not_found", status: 404 } };
  await post("submit", "audit", { context_id: await admit("ollama"), ...gone });
  expect(await target("ollama")).toMatchObject({ state: "closed", reason: null });
  const before = Date.now();
  await post("submit", "audit", { context_id: await admit("ollama"), ...limited });
  expect((await target("ollama")).limitedUntil).toBeLessThanOrEqual(Date.now() + rules.limitedMs);
  expect((await target("ollama")).limitedUntil).toBeGreaterThan(before);
  await post("operate", "audit", { provider: "ollama", ...limited });
  expect((await target("ollama")).limitedUntil).toBeGreaterThan(before + 3_000_000);
  for (let i = 0; i < 10; i++) await post("operate", "audit", { provider: "openai", ...failed }, `op-${i}`);
  expect((await target("openai")).breaker.state).toBe("open");
});
