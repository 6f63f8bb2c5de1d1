import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KeyStore } from "../../../src/access/key-store.ts";
import type { Scope } from "../../../src/core/principal.ts";
import { keysOf } from "../../../src/redis/keys.ts";
import { eventually } from "../../support/eventually.ts";
import { type RunningApp, startApp } from "../running-app.ts";
import { type AxonFlowCalls, axonFlowCalls } from "./axonflow-calls.ts";

let running: RunningApp;
let axonflow: AxonFlowCalls;
let keyOf: (tenant: string, scope: Scope) => Promise<Readonly<Record<string, string>>>;
beforeAll(async () => {
  running = await startApp();
  axonflow = axonFlowCalls(running.url);
  const { redis } = running.redis;
  const store = new KeyStore({ redis, keys: keysOf("switchyard"), clock: Date.now, bytes: randomBytes });
  keyOf = async (tenant, scope) => {
    const { key } = await store.create({ name: `${tenant}-${scope}`, tenant, scopes: [scope] });
    return { authorization: `Basic ${Buffer.from(`my-app:${key}`).toString("base64")}` };
  };
});
afterAll(() => running.close());

const ask = (headers: Readonly<Record<string, string>>, query = "One") =>
  axonflow.send("POST", "/api/request", { query, request_type: "chat", context: {} }, headers);

describe("AxonFlow's clients with keys", () => {
  test("show theirs as the client's secret; without it the answer is 401 in their shape", async () => {
    const own = await keyOf("acme", "submit");
    await eventually(async () => {
      const stranger = await ask({});
      expect(stranger).toMatchObject({ status: 401, body: { success: false, blocked: false } });
    });
    const { status, body } = await ask(own);
    expect(status).toBe(200);
    expect(body.policy_info).toMatchObject({ tenant_id: "acme" });
    const listed = await axonflow.send("GET", "/api/v1/llm-providers");
    expect(listed).toMatchObject({ status: 401, body: { error: { message: expect.any(String) } } });
    const weighed = await axonflow.send("PUT", "/api/v1/llm-providers/routing", { weights: {} }, own);
    expect(weighed.status).toBe(403);
    expect((await axonflow.send("GET", "/health")).body).toMatchObject({ status: "healthy" });
  });

  test("a context of one tenant is unknown to another", async () => {
    const [acme, other] = [await keyOf("acme", "submit"), await keyOf("other", "submit")];
    const { body } = await axonflow.send("POST", "/api/policy/pre-check", { query: "One" }, acme);
    const report = { context_id: body.context_id, provider: "openai", latency_ms: 10 };
    const stolen = await axonflow.send("POST", "/api/audit/llm-call", report, other);
    expect(stolen).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
    expect(await axonflow.send("POST", "/api/audit/llm-call", report, acme)).toMatchObject({ status: 200 });
  });

  test("a plan of one tenant is unknown to another", async () => {
    const [acme, other] = [await keyOf("acme", "submit"), await keyOf("other", "submit")];
    const plan = await axonflow.send(
      "POST",
      "/api/request",
      { query: "Plan it", request_type: "multi-agent-plan" },
      acme,
    );
    expect(plan.status).toBe(200);
    const path = `/api/v1/plan/${plan.body.plan_id}`;
    expect((await axonflow.send("GET", path, undefined, acme)).status).toBe(200);
    expect((await axonflow.send("GET", path, undefined, other)).status).toBe(404);
  });
});
