import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RoutingReport } from "../../src/core/routing.ts";
import type { Costs } from "../../src/core/spend.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

interface PreCheck {
  readonly context_id: string;
  readonly approved: boolean;
  readonly target: { readonly provider: string; readonly model: string } | null;
  readonly alternatives: readonly { readonly provider: string }[];
  readonly reason: string;
  readonly retry_after_ms?: number;
  readonly expires_at: string;
}

interface Audit {
  readonly audit_id: string;
  readonly counted: boolean;
  readonly cost_usd: number | null;
}

async function post<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(`${running.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}

const preCheck = (body: object = {}) => post<PreCheck>("/v1/gateway/pre-check", body);
const audit = (body: object, headers?: Readonly<Record<string, string>>) =>
  post<Audit & { code?: string; detail?: string }>("/v1/gateway/audit", { latency_ms: 100, ...body }, headers);

async function target(provider: string): Promise<RoutingReport["targets"][number]> {
  const { targets } = await running.client.routing.show();
  const found = targets.find((one) => one.provider === provider);
  if (!found) throw new Error(`no target of ${provider}`);
  return found;
}

async function callsOf(provider: string, key = "gateway") {
  const { groups } = (await (await fetch(`${running.url}/v1/costs?by=provider,key,workflow`)).json()) as Costs;
  return groups.filter(({ of }) => of.provider === provider && of.key === key);
}

const usage = { input_tokens: 1_000, output_tokens: 500 };

describe("gateway mode", () => {
  test("names the target that the router would take, and the ones behind it", async () => {
    const begun = Date.now();
    const { status, body } = await preCheck({ tokens: 100, seconds: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ approved: true, target: { provider: "openai" } });
    expect(body.alternatives.map(({ provider }) => provider)).toEqual(["anthropic", "ollama"]);
    expect(Date.parse(body.expires_at)).toBeGreaterThanOrEqual(begun + 1_000);
    const pinned = await preCheck({ provider: "anthropic", hints: { strict_provider: true } });
    expect(pinned.body.target?.provider).toBe("anthropic");
    expect(pinned.body.alternatives).toEqual([]);
  });

  test("counts a reported call in latency, health and costs; the same report twice once", async () => {
    const { body } = await preCheck({ provider: "anthropic", workflow: "letters" });
    const first = await audit({ context_id: body.context_id, usage, latency_ms: 321 });
    expect(first).toMatchObject({ status: 200, body: { counted: true, provider: "anthropic" } });
    expect(first.body.cost_usd).toBeGreaterThan(0);
    const again = await audit({ context_id: body.context_id, usage, latency_ms: 321 });
    expect(again.body).toEqual({ ...first.body, counted: false });
    const { latencyMs, breaker } = await target("anthropic");
    expect(latencyMs).toBeGreaterThan(200);
    expect(breaker).toMatchObject({ answered: 1, failed: 0 });
    expect(await callsOf("anthropic")).toMatchObject([
      { of: { workflow: "letters" }, use: { calls: 1, inputTokens: 1_000, outputTokens: 500 } },
    ]);
  });

  test("a hundred reports of one call at the same moment count once", async () => {
    const before = (await target("ollama")).breaker.answered;
    const { body } = await preCheck({ provider: "ollama" });
    const answers = await Promise.all(Array.from({ length: 100 }, () => audit({ context_id: body.context_id, usage })));
    expect(answers.filter((one) => one.body.counted)).toHaveLength(1);
    expect(new Set(answers.map((one) => one.body.audit_id)).size).toBe(1);
    expect((await target("ollama")).breaker.answered).toBe(before + 1);
  });

  test("reported failures open the breaker for the whole fleet; the next pre-check names another target", async () => {
    const failure = { class: "server", status: 500, message: "boom" };
    for (let i = 0; i < 6; i++)
      await audit({ provider: "openai", ok: false, failure }, { "idempotency-key": `f-${i}` });
    expect((await target("openai")).breaker.state).toBe("open");
    expect((await preCheck()).body.target?.provider).toBe("anthropic");
    const pinned = await preCheck({ hints: { provider: "openai", strict_provider: true } });
    expect(pinned).toMatchObject({
      status: 200,
      body: { approved: false, target: null, code: "provider_unavailable" },
    });
    expect(pinned.body.reason).toContain("openai");
    expect(pinned.body.retry_after_ms).toBeGreaterThan(0);
    await fetch(`${running.url}/v1/routing/providers/openai/reset`, { method: "POST" });
  });

  test("holds a place in the limits from the pre-check to the audit", async () => {
    await running.client.routing.change({ limits: { ollama: { concurrency: 1 } } });
    const pin = { hints: { provider: "ollama", strict_provider: true } };
    const held = await preCheck({ ...pin, tokens: 10 });
    expect(held.body).toMatchObject({ approved: true });
    expect((await target("ollama")).limits).toMatchObject([{ limit: "concurrency", used: 1, allowed: 1 }]);
    expect((await preCheck(pin)).body).toMatchObject({ approved: false });
    await audit({ context_id: held.body.context_id, usage });
    const next = await preCheck({ ...pin, seconds: 1 });
    expect(next.body.approved).toBe(true);
    // Nobody reports this one: its lease ends by itself.
    await eventually(async () => expect((await preCheck(pin)).body.approved).toBe(true));
    await running.client.routing.change({ limits: { ollama: { concurrency: null } } });
  });

  test("gives the place back where somebody else was called", async () => {
    await running.client.routing.change({ limits: { openai: { concurrency: 1 } } });
    const { body } = await eventually(async () => {
      const answer = await preCheck({ provider: "openai" });
      expect(answer.body.target?.provider).toBe("openai");
      return answer;
    });
    const other = await audit({ context_id: body.context_id, provider: "ollama", model: "llama3", usage });
    expect(other.body).toMatchObject({ counted: true, provider: "ollama", model: "llama3" });
    expect((await target("openai")).limits).toMatchObject([{ limit: "concurrency", used: 0 }]);
    await running.client.routing.change({ limits: { openai: { concurrency: null } } });
  });

  test("a refused key of the application says nothing about ours", async () => {
    await audit({ provider: "anthropic", failure: { class: "auth", status: 401 } });
    expect(await target("anthropic")).toMatchObject({ state: "closed", reason: null });
  });

  test("an Idempotency-Key tells calls of one context apart, and is refused for another call", async () => {
    const { body } = await preCheck({ provider: "openai" });
    const failed = { context_id: body.context_id, failure: { class: "timeout" } };
    expect((await audit(failed, { "idempotency-key": "call-1" })).body.counted).toBe(true);
    const second = { context_id: body.context_id, provider: "anthropic", usage };
    expect((await audit(second, { "idempotency-key": "call-2" })).body.counted).toBe(true);
    expect((await audit(second, { "idempotency-key": "call-2" })).body.counted).toBe(false);
    const conflict = await audit({ ...second, latency_ms: 5 }, { "idempotency-key": "call-2" });
    expect(conflict).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
  });

  test("says what is wrong: unknown provider, context, failure without class", async () => {
    const unknown = await preCheck({ provider: "antropic" });
    expect(unknown).toMatchObject({ status: 400, body: { code: "unknown_provider" } });
    expect(JSON.stringify(unknown.body)).toContain("Did you mean anthropic");
    expect(await audit({ provider: "antropic" })).toMatchObject({ status: 400, body: { code: "unknown_provider" } });
    expect(await audit({ context_id: "ctx_none" })).toMatchObject({
      status: 404,
      body: { code: "gateway_context_not_found" },
    });
    const wrong = await audit({ ok: false, usage: { input_tokens: -1 } });
    expect(wrong.status).toBe(400);
    expect(wrong.body.detail).toContain("usage.input_tokens");
  });
});
