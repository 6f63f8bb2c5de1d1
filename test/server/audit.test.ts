import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccess } from "../../src/access/access.ts";
import { AuditLog } from "../../src/access/audit-log.ts";
import { mostTries } from "../../src/access/login-tries.ts";
import type { AuditEntry } from "../../src/core/audit.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { accessKeys } from "./access-keys.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
let keys: Readonly<Record<string, string>>;

beforeAll(async () => {
  running = await startApp();
  keys = await accessKeys(running, {
    ops: { scope: "admin" },
    acme: { scope: "admin", tenant: "acme" },
    reader: { scope: "read" },
  });
});
afterAll(() => running.close());

async function ask(who: string, method: string, path: string, body?: unknown, more: Record<string, string> = {}) {
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${keys[who]}`, ...type, ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    get json(): never {
      return JSON.parse(text) as never;
    },
  };
}

const login = (key: string) =>
  fetch(`${running.url}/login`, { method: "POST", redirect: "manual", body: new URLSearchParams({ key }) });

async function entries(query = ""): Promise<{ entries: AuditEntry[]; next: string | null }> {
  return (await ask("ops", "GET", `/v1/audit?${query}`)).json;
}

const steps = [{ id: "gate", approval: { message: "Go on?" } }];

describe("the audit log", () => {
  test("has every change: submissions, words to runs, what is stored, routing, keys, deliveries, logins", async () => {
    await ask("ops", "POST", "/v1/workflows", { name: "gated", steps });
    const { id } = (await ask("ops", "POST", "/v1/runs", { workflow: "gated" })).json as { id: string };
    await ask("ops", "POST", `/v1/runs/${id}/pause`, undefined, { "x-switchyard-author": "Ada" });
    await ask("ops", "PATCH", "/v1/routing", { strategy: "weighted" });
    const made = (await ask("ops", "POST", "/v1/keys", { name: "robot", scopes: ["read"] })).json as {
      id: string;
      key: string;
    };
    const trigger = (await ask("ops", "PUT", "/v1/triggers/push", { workflow: "gated" })).json as {
      generatedSecret: string;
    };
    const body = "{}";
    const signature = createHmac("sha256", trigger.generatedSecret).update(body).digest("hex");
    const deliver = (sign: string) =>
      fetch(`${running.url}/v1/hooks/push`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${sign}` },
        body,
      });
    expect((await deliver(signature)).status).toBe(202);
    expect((await deliver("00")).status).toBe(401);
    await login("nonsense");
    await login(made.key);
    // What changes nothing is not in it.
    await ask("ops", "POST", "/v1/routing/explain", {});
    await ask("ops", "POST", "/v1/chat/completions", { messages: [{ role: "user", content: "hi" }] });
    const listed = (await entries("limit=50")).entries.reverse();
    const run = expect.stringMatching(/^\/v1\/runs\/run_/);
    expect(listed.map(({ what, by, status, made: of }) => [what, by, status, of])).toEqual([
      ["POST /v1/workflows", "ops", 200, undefined],
      ["POST /v1/runs", "ops", 202, `/v1/runs/${id}`],
      ["POST /v1/runs/:id/pause", "ops on behalf of Ada", 200, undefined],
      ["PATCH /v1/routing", "ops", 200, undefined],
      ["POST /v1/keys", "ops", 201, `/v1/keys/${made.id}`],
      ["PUT /v1/triggers/:id", "ops", 200, undefined],
      ["POST /v1/hooks/:id", "trigger push", 202, run],
      ["POST /login", "stranger", 401, undefined],
      ["POST /login", "robot", 303, undefined],
    ]);
    const text = JSON.stringify(listed);
    for (const secret of [made.key, trigger.generatedSecret, ...Object.values(keys)])
      expect(text).not.toContain(secret.slice(16, 40));
  });

  test("is paged without a gap, and exported whole; a tenant has only its own", async () => {
    for (let i = 0; i < 5; i++) {
      await ask("acme", "POST", "/v1/runs", { definition: { name: "gated", steps } });
      await ask("acme", "DELETE", `/v1/schedules/none-${i}`);
    }
    const whole = (await entries("limit=1000")).entries;
    const paged: AuditEntry[] = [];
    for (let before: string | null = ""; before !== null; ) {
      const page: { entries: AuditEntry[]; next: string | null } = await entries(
        `limit=3${before ? `&before=${before}` : ""}`,
      );
      paged.push(...page.entries);
      before = page.next;
    }
    expect(paged).toEqual(whole);
    expect(paged.map(({ at }) => at)).toEqual(paged.map(({ at }) => at).sort((a, b) => b - a));
    const lines = async (who: string) => {
      const { text } = await ask(who, "GET", "/v1/audit", undefined, { accept: "application/x-ndjson" });
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as AuditEntry);
    };
    expect(await lines("ops")).toEqual(whole);
    expect(await lines("acme")).toEqual(whole.filter(({ tenant }) => tenant === "acme"));
    expect(whole.filter(({ tenant }) => tenant === "acme")).toHaveLength(10);
    expect((await ask("reader", "GET", "/v1/audit")).status).toBe(403);
  });

  test("loses nothing between two entries of one number, and says that nobody knows what became of one", async () => {
    const { redis } = running.redis;
    const names = keysOf("twins");
    const asked = { tenant: "default", by: "ada", keyId: null, what: "POST /x", path: "/x", from: "here" };
    for (const name of [names.access.audit, names.access.begun])
      for (const at of ["7-0", "7-1"]) await redis.xadd(name, at, "line", JSON.stringify({ asked }));
    const log = new AuditLog(redis, names);
    const ids: string[] = [];
    for (let before: string | undefined; ids.length < 9; ) {
      const page = await log.read({ limit: 1, before });
      ids.push(...page.entries.map(({ id }) => id));
      expect(page.entries[0]?.status).toBeNull();
      if (page.next === null) break;
      before = page.next;
    }
    expect(ids).toEqual(["7-1", "7-1b", "7-0", "7-0b"]);
  });
});

describe("a login", () => {
  test("says what is wrong, and is refused with Retry-After after too many tries", async () => {
    const revoked = (await ask("ops", "POST", "/v1/keys", { name: "gone", scopes: ["read"] })).json as {
      id: string;
      key: string;
    };
    await ask("ops", "DELETE", `/v1/keys/${revoked.id}`);
    expect(await (await login(revoked.key)).text()).toContain("revoked");
    expect(await (await login("sy_none")).text()).toContain("no key of this server");
    const statuses = new Set<number>();
    for (let i = 0; i < mostTries; i++) statuses.add((await login("sy_none")).status);
    expect(statuses).toEqual(new Set([401, 429]));
    const refused = await login(keys.ops ?? "");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.text()).toMatch(/Try again in \d+ seconds?/);
  });
});

describe("a browser", () => {
  test("is told to show no page in a frame, to load nothing from elsewhere, to guess no types", async () => {
    for (const [path, accept] of [
      ["/login", "text/html"],
      ["/queues", "text/html"],
      ["/docs", "text/html"],
      ["/v1/runs", "application/json"],
    ] as const) {
      const { status, headers } = await fetch(`${running.url}${path}`, {
        headers: { authorization: `Bearer ${keys.ops}`, accept },
      });
      expect([path, status]).toEqual([path, 200]);
      expect(headers.get("content-security-policy")).toMatch(/default-src '(self|none)'.*frame-ancestors 'none'/);
      expect(headers.get("content-security-policy")).not.toMatch(/https?:|script-src[^;]*unsafe/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("that comes from another site changes nothing with its login", async () => {
    const { redis } = running.redis;
    const { sessions } = createAccess({ redis, keys: keysOf("switchyard"), clock: Date.now });
    const headers = { cookie: `switchyard=${await sessions.begin(keys.ops?.slice(3, 15) ?? "")}` };
    const change = (more: Record<string, string>) =>
      fetch(`${running.url}/v1/routing/providers/openai/reset`, { method: "POST", headers: { ...headers, ...more } });
    const elsewhere: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const from of elsewhere) expect((await change(from)).status).toBe(400);
    expect((await change({ origin: running.url, "sec-fetch-site": "same-origin" })).status).toBe(200);
  });

  test("of somebody who may only read sees the queues, and can change nothing there", async () => {
    const queues = (who: string) => ask(who, "GET", "/queues/api/queues");
    const modes = (text: string) =>
      new Set((JSON.parse(text).queues as { readOnlyMode: boolean }[]).map((q) => q.readOnlyMode));
    const read = await queues("reader");
    expect([read.status, modes(read.text)]).toEqual([200, new Set([true])]);
    expect(modes((await queues("ops")).text)).toEqual(new Set([false]));
    expect((await ask("reader", "PUT", "/queues/api/queues/llm/clean/completed")).status).toBe(403);
    expect((await ask("reader", "PUT", "/queues/api/queues/pause")).status).toBe(403);
    expect((await ask("acme", "GET", "/queues/api/queues")).status).toBe(403);
  });
});
