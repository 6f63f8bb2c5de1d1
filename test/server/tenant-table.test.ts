import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccess } from "../../src/access/access.ts";
import type { Scope } from "../../src/core/principal.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { routes } from "../../src/server/routes.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

/** Stands in what belongs to the tenant acme, and nowhere else. */
const secret = "acmehush";
const names = { workflow: `${secret}-flow`, schedule: `${secret}-morning`, trigger: `${secret}-push`, step: "gate" };
const ids = { run: "", plan: "", context: "", key: "" };

/** What a route tells another tenant, and what it is asked with. */
interface Told {
  /**
   * `nothing`: 404, as if what is named were not there. `without`: an answer, in which nothing of it stands. `forbidden`: it is the fleet's. `signed`: it is
   * answered to anybody, but only a signature opens it.
   */
  readonly as: "nothing" | "without" | "forbidden" | "signed";
  readonly path?: () => string;
  readonly body?: () => unknown;
}

const statuses = { nothing: [404], without: [200, 201, 202, 303, 401, 501], forbidden: [403], signed: [401, 404] };
const nothing = (body?: () => unknown): Told => ({ as: "nothing", ...(body ? { body } : {}) });
const without = (body?: () => unknown): Told => ({ as: "without", ...(body ? { body } : {}) });
const forbidden: Told = { as: "forbidden" };
const signed: Told = { as: "signed", body: () => ({}) };
const workflow = () => ({ workflow: names.workflow, input: {} });
const prompt = () => ({ model: "auto", messages: [{ role: "user", content: "hi" }], max_tokens: 9 });
const step = { steps: [{ id: "a", transform: "1" }] };

/** Every route. One that is new is told here what another tenant gets of it. */
const table: Readonly<Record<string, Told>> = {
  "GET /": without(),
  "GET /health": without(),
  "GET /openapi.json": without(),
  "GET /login": without(),
  "POST /login": without(),
  "POST /logout": without(),
  "POST /v1/runs": nothing(workflow),
  "POST /v1/runs/batch": without(() => [workflow()]),
  "GET /v1/runs": without(),
  "GET /v1/runs/:id": nothing(),
  "DELETE /v1/runs/:id": nothing(),
  "GET /v1/runs/:id/events": nothing(),
  "GET /v1/runs/:id/steps": nothing(),
  "GET /v1/runs/:id/steps/:step": nothing(),
  "GET /v1/runs/:id/steps/:step/attempts": nothing(),
  "POST /v1/runs/:id/cancel": nothing(() => ({})),
  "POST /v1/runs/:id/pause": nothing(),
  "POST /v1/runs/:id/resume": nothing(),
  "POST /v1/runs/:id/signals/:name": nothing(() => ({ payload: 1 })),
  "POST /v1/runs/:id/approve": nothing(() => ({})),
  "POST /v1/runs/:id/reject": nothing(() => ({})),
  "POST /v1/runs/:id/retry": nothing(() => ({})),
  "POST /v1/runs/:id/fork": nothing(() => ({ from: names.step })),
  "GET /v1/approvals": without(),
  "POST /v1/workflows": without(() => ({ name: "mine", ...step })),
  "POST /v1/workflows/validate": without(() => ({ name: "mine", ...step })),
  "GET /v1/workflows": without(),
  "GET /v1/workflows/:name": nothing(),
  "DELETE /v1/workflows/:name": nothing(),
  "GET /v1/workflows/:name/versions": nothing(),
  "GET /v1/workflows/:name/graph": nothing(),
  "PUT /v1/schedules/:id": nothing(() => ({ workflow: names.workflow, cron: "0 7 * * *" })),
  "GET /v1/schedules": without(),
  "GET /v1/schedules/:id": nothing(),
  "DELETE /v1/schedules/:id": nothing(),
  "PUT /v1/triggers/:id": nothing(() => ({ workflow: names.workflow })),
  "GET /v1/triggers": without(),
  "GET /v1/triggers/:id": nothing(),
  "DELETE /v1/triggers/:id": nothing(),
  "POST /v1/signals/:name": { as: "without", path: () => "/v1/signals/paid", body: () => ({}) },
  "POST /v1/hooks/:id": signed,
  "POST /v1/hooks/:tenant/:id": signed,
  "POST /v1/plans": without(() => ({ goal: "Something of my own" })),
  "GET /v1/plans": without(),
  "GET /v1/plans/:id": nothing(),
  "PUT /v1/plans/:id": nothing(() => ({ version: 1, mode: "step" })),
  "GET /v1/plans/:id/versions": nothing(),
  "POST /v1/plans/:id/execute": nothing(() => ({})),
  "POST /v1/plans/:id/cancel": nothing(() => ({})),
  "POST /v1/plans/:id/rollback": nothing(() => ({ to: 1 })),
  "POST /v1/plans/:id/resume": nothing(() => ({ approved: true })),
  "GET /v1/agents": without(),
  "POST /v1/chat/completions": without(prompt),
  "POST /v1/responses": without(() => ({ input: "hi" })),
  "POST /v1/messages": without(prompt),
  "POST /v1/messages/count_tokens": without(prompt),
  "POST /v1/embeddings": without(() => ({ model: "text-embedding-3-small", input: "hi" })),
  "GET /v1/models": without(),
  "GET /v1/models/:id": { as: "without", path: () => "/v1/models/auto" },
  "GET /v1/providers": without(),
  "GET /v1/providers/:name": without(),
  "POST /v1/providers/:name/test": without(),
  "GET /v1/routing": without(),
  "PATCH /v1/routing": forbidden,
  "GET /v1/routing/history": forbidden,
  "POST /v1/routing/rollback": forbidden,
  "POST /v1/routing/providers/:name/drain": forbidden,
  "POST /v1/routing/providers/:name/undrain": forbidden,
  "POST /v1/routing/providers/:name/reset": forbidden,
  "POST /v1/routing/explain": without(() => ({})),
  "GET /v1/routing/shadows": forbidden,
  "POST /v1/gateway/pre-check": without(() => ({})),
  "POST /v1/gateway/audit": nothing(() => ({ context_id: ids.context, latency_ms: 1 })),
  "POST /api/request": nothing(() => ({ query: "", request_type: "execute-plan", context: { plan_id: ids.plan } })),
  "GET /api/v1/plan/:id": nothing(),
  "GET /api/plans/:id": nothing(),
  "POST /api/v1/plan/:id/cancel": nothing(() => ({})),
  "PUT /api/v1/plan/:id": nothing(() => ({ version: 1 })),
  "GET /api/v1/plan/:id/versions": nothing(),
  "POST /api/v1/plan/:id/resume": nothing(() => ({ approved: true })),
  "POST /api/v1/plan/:id/rollback/:version": nothing(),
  "POST /api/policy/pre-check": without(() => ({ user_token: "u", client_id: "c", query: "hi" })),
  "POST /api/audit/llm-call": nothing(() => ({
    context_id: ids.context,
    client_id: "c",
    provider: "openai",
    latency_ms: 1,
  })),
  "GET /api/v1/llm-providers/routing": without(),
  "PUT /api/v1/llm-providers/routing": forbidden,
  "GET /api/v1/llm-providers": without(),
  "POST /api/v1/llm-providers": forbidden,
  "GET /api/v1/llm-providers/status": without(),
  "GET /api/v1/llm-providers/:name": without(),
  "PUT /api/v1/llm-providers/:name": forbidden,
  "DELETE /api/v1/llm-providers/:name": forbidden,
  "GET /api/v1/llm-providers/:name/health": without(),
  "POST /api/v1/llm-providers/:name/test": without(),
  "GET /api/v1/unified/executions": without(),
  "GET /api/v1/unified/executions/:id": nothing(),
  "POST /api/v1/unified/executions/:id/cancel": nothing(() => ({})),
  "GET /api/v1/unified/executions/:id/stream": nothing(),
  "GET /v1/costs": { as: "without", path: () => "/v1/costs?by=tenant,workflow" },
  "GET /v1/keys": without(),
  "POST /v1/keys": without(() => ({ name: "mine", scopes: ["read"] })),
  "POST /v1/keys/:id/rotate": nothing(() => ({})),
  "DELETE /v1/keys/:id": nothing(),
  "GET /v1/audit": without(),
  "GET /v1/budgets": without(),
  "PUT /v1/budgets/:id": forbidden,
  "DELETE /v1/budgets/:id": forbidden,
};

let running: RunningApp;
const keys: Record<string, string> = {};

async function ask(who: string, method: string, path: string, body?: unknown, more: Record<string, string> = {}) {
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(`${running.url}${path}`, {
    method,
    redirect: "manual",
    headers: { authorization: `Bearer ${keys[who]}`, ...type, ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function made<T>(method: string, path: string, body: unknown): Promise<T> {
  const { status, text } = await ask("acme", method, path, body);
  expect([method, path, status, text]).toEqual([method, path, expect.toSatisfy((code) => code < 300), text]);
  return JSON.parse(text) as T;
}

beforeAll(async () => {
  running = await startApp();
  const { store } = createAccess({ redis: running.redis.redis, keys: keysOf("switchyard"), clock: Date.now });
  const make = async (name: string, tenant: string, scope: Scope) => {
    const key = await store.create({ name: tenant === "acme" ? secret : name, tenant, scopes: [scope] });
    keys[name] = key.key;
    return key.id;
  };
  await make("fleet", "default", "admin");
  await make("clerk", "default", "operate");
  ids.key = await make("acme", "acme", "admin");
  await make("beta", "beta", "admin");
  await eventually(async () => expect((await fetch(`${running.url}/v1/runs`)).status).toBe(401));
  const steps = [
    { id: "ask", llm: { prompt: `Say ${secret}` } },
    { id: names.step, needs: ["ask"], approval: { message: secret } },
  ];
  await made("POST", "/v1/workflows", { name: names.workflow, steps });
  ids.run = (await made<{ id: string }>("POST", "/v1/runs", workflow())).id;
  await made("PUT", `/v1/schedules/${names.schedule}`, { workflow: names.workflow, cron: "0 7 * * *" });
  await made("PUT", `/v1/triggers/${names.trigger}`, { workflow: names.workflow, on: "paid" });
  ids.plan = (await made<{ id: string }>("POST", "/v1/plans", { goal: `Write about ${secret}` })).id;
  ids.context = (
    await made<{ context_id: string }>("POST", "/v1/gateway/pre-check", { workflow: `${secret}-letters` })
  ).context_id;
  await ask("fleet", "PUT", `/v1/budgets/${secret}`, { tenant: "acme", usd: 5 });
  await eventually(async () => expect((await ask("acme", "GET", "/v1/approvals")).text).toContain(ids.run));
});
afterAll(() => running.close());

function pathOf(url: string): string {
  const id = /plan/.test(url)
    ? ids.plan
    : url.startsWith("/v1/schedules")
      ? names.schedule
      : /triggers|hooks/.test(url)
        ? names.trigger
        : url.startsWith("/v1/keys")
          ? ids.key
          : url.startsWith("/v1/budgets")
            ? secret
            : ids.run;
  const name = url.startsWith("/v1/workflows") ? names.workflow : "openai";
  return url
    .replace(":tenant", "acme")
    .replace(":id", id)
    .replace(":name", name)
    .replace(":step", names.step)
    .replace(":version", "1");
}

/** What was asked may be repeated. */
function withoutAsked(text: string, path: string, body: unknown): string {
  const asked = [...path.split("/"), ...(JSON.stringify(body) ?? "").split('"')].filter((part) => part.length > 5);
  return asked.sort((a, b) => b.length - a.length).reduce((rest, part) => rest.replaceAll(part, ""), text);
}

describe("another tenant", () => {
  test("has a line in this table for each route", () => {
    expect(Object.keys(table).sort()).toEqual(routes.map(({ method, url }) => `${method} ${url}`).sort());
  });

  test("is told nothing of what is a tenant's own, by any route", async () => {
    const before = (await ask("acme", "GET", `/v1/runs/${ids.run}?outputs=true`)).text;
    const leaks: string[] = [];
    for (const who of ["beta", "clerk"]) {
      for (const { method, url, scope } of routes) {
        const told = table[`${method} ${url}`] ?? nothing();
        const [path, body] = [told.path?.() ?? pathOf(url), told.body?.()];
        const { status, text } = await ask(who, method, path, body);
        // The clerk belongs to the tenant whose keys may look at what is the fleet's.
        const mayLook = who === "clerk" && told.as === "forbidden" && scope === "read";
        const allowed = who === "clerk" && scope === "admin" ? [403] : mayLook ? [200] : statuses[told.as];
        // Who asked in vain is in his own log; the routing's history is the default tenant's.
        const isTheirs = url === "/v1/audit" || (who === "clerk" && url.startsWith("/v1/routing"));
        const left = isTheirs ? (text.match(/"tenant":"acme","by".*/)?.[0] ?? "") : withoutAsked(text, path, body);
        if (!allowed.includes(status)) leaks.push(`${who} ${method} ${url}: ${status} ${text.slice(0, 200)}`);
        if ([secret, ids.run, ids.plan, ids.key].some((own) => left.includes(own)))
          leaks.push(`${who} ${method} ${url}: tells ${left.slice(0, 300)}`);
      }
    }
    expect(leaks).toEqual([]);
    expect((await ask("acme", "GET", `/v1/runs/${ids.run}?outputs=true`)).text).toBe(before);
  }, 120_000);

  test("asked for what is there: its owner finds each of it", async () => {
    for (const { method, url } of routes) {
      const told = table[`${method} ${url}`];
      if (method !== "GET" || told?.as !== "nothing" || url.endsWith("stream")) continue;
      const { status } = await ask("acme", "GET", pathOf(url), undefined, { accept: "application/json" });
      expect([url, status]).toEqual([url, 200]);
    }
    for (const list of ["runs", "workflows", "schedules", "triggers", "plans", "keys", "audit", "budgets", "approvals"])
      expect([list, (await ask("acme", "GET", `/v1/${list}`)).text]).toEqual([list, expect.stringContaining(secret)]);
  });

  test("meets nobody under the same idempotency key", async () => {
    const definition = { name: "mine", ...step };
    const submit = async (who: string) => {
      const { status, text, headers } = await ask(
        who,
        "POST",
        "/v1/runs",
        { definition },
        { "idempotency-key": "same" },
      );
      return { status, id: (JSON.parse(text) as { id: string }).id, replayed: headers.get("idempotent-replayed") };
    };
    const [acme, beta, again] = [await submit("acme"), await submit("beta"), await submit("acme")];
    expect([acme.status, beta.status, again.id]).toEqual([202, 202, acme.id]);
    expect(beta.id).not.toBe(acme.id);
    expect(beta.replayed).toBeNull();
  });
});
