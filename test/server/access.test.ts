import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccess } from "../../src/access/access.ts";
import { type Scope, scopes } from "../../src/core/principal.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { routes } from "../../src/server/routes.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
let access: ReturnType<typeof createAccess>;
const keys: Partial<Record<Scope, string>> = {};

beforeAll(async () => {
  running = await startApp();
  access = createAccess({ redis: running.redis.redis, keys: keysOf("switchyard"), clock: Date.now });
  // Open, until the first key is made.
  expect((await fetch(`${running.url}/v1/runs`)).status).toBe(200);
  for (const scope of scopes) keys[scope] = (await access.store.create({ name: scope, scopes: [scope] })).key;
  await eventually(async () => expect((await fetch(`${running.url}/v1/runs`)).status).toBe(401));
});
afterAll(() => running.close());

const bearer = (key: string | undefined) => ({ authorization: `Bearer ${key}` });
const guarded = routes.flatMap((route) => (route.scope === "none" ? [] : [{ ...route, scope: route.scope }]));
const addressOf = (url: string) => `${running.url}${url.replaceAll(/:\w+/g, "none")}`;

describe("keys", () => {
  test("each route asks for its scope, and says which", async () => {
    for (const { method, url, scope } of guarded) {
      const without = await fetch(addressOf(url), { method });
      expect([method, url, without.status, without.headers.get("www-authenticate")]).toEqual([
        method,
        url,
        401,
        'Bearer realm="switchyard"',
      ]);
      for (const held of scopes) {
        const response = await fetch(addressOf(url), { method, headers: bearer(keys[held]) });
        const text = await response.text();
        if (scopes.indexOf(held) >= scopes.indexOf(scope)) {
          expect([method, url, held, [401, 403].includes(response.status)]).toEqual([method, url, held, false]);
        } else {
          expect([method, url, held, response.status]).toEqual([method, url, held, 403]);
          expect(text).toContain(scope);
          expect(text).toContain(held);
        }
      }
    }
  }, 120_000);

  test("are shown in any of the ways that clients have", async () => {
    const key = keys.read ?? "";
    const basic = `Basic ${Buffer.from(`client:${key}`).toString("base64")}`;
    for (const headers of [bearer(key), { "x-api-key": key }, { authorization: basic }])
      expect((await fetch(`${running.url}/v1/runs`, { headers })).status).toBe(200);
    for (const wrong of ["sk-something", `${key}x`, `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`])
      expect((await fetch(`${running.url}/v1/runs`, { headers: bearer(wrong) })).status).toBe(401);
  });

  test("open nothing once they are revoked, expired or rotated", async () => {
    const read = async (key: string) => (await fetch(`${running.url}/v1/runs`, { headers: bearer(key) })).status;
    const { key, id } = await access.store.create({ name: "short", scopes: ["read"] });
    expect(await read(key)).toBe(200);
    const next = await access.store.rotate(id, 60_000);
    await expect.poll(() => read(next.key)).toBe(200);
    expect(await read(key)).toBe(200);
    const last = await access.store.rotate(id, 0);
    await expect.poll(() => read(next.key)).toBe(401);
    expect([await read(last.key), await read(key)]).toEqual([200, 401]);
    await access.store.revoke(id);
    await expect.poll(() => read(last.key)).toBe(401);
    const over = await access.store.create({ name: "over", scopes: ["read"], expiresInMs: -1 });
    expect(await read(over.key)).toBe(401);
  });

  test("made over HTTP are told once, and stand nowhere in Redis", async () => {
    const made = await fetch(`${running.url}/v1/keys`, {
      method: "POST",
      headers: { ...bearer(keys.admin), "content-type": "application/json" },
      body: JSON.stringify({ name: "robot", scopes: ["submit"], expires: "90d" }),
    });
    const { key, id } = (await made.json()) as { key: string; id: string };
    expect(made.status).toBe(201);
    const listed = await (await fetch(`${running.url}/v1/keys`, { headers: bearer(keys.admin) })).text();
    expect([listed.includes(id), listed.includes(key.slice(-20))]).toEqual([true, false]);
    const { redis } = running.redis;
    for (const name of await redis.keys("*access*")) {
      const type = await redis.type(name);
      const text = JSON.stringify(
        type === "hash"
          ? await redis.hgetall(name)
          : type === "stream"
            ? await redis.xrange(name, "-", "+")
            : await redis.get(name),
      );
      for (const secret of [key, ...Object.values(keys)]) expect(text).not.toContain(secret.slice(16, 40));
    }
  });
});

describe("the audit log", () => {
  test("says who asked for what, and what came of it", async () => {
    await fetch(`${running.url}/v1/schedules/nobody`, { method: "DELETE", headers: bearer(keys.operate) });
    const answer = await fetch(`${running.url}/v1/audit?limit=1`, { headers: bearer(keys.admin) });
    const { entries, next } = (await answer.json()) as { entries: unknown[]; next: string };
    expect(entries).toEqual([
      {
        id: next,
        at: expect.any(Number),
        tenant: "default",
        by: "operate",
        keyId: keys.operate?.slice(3, 15),
        what: "DELETE /v1/schedules/:id",
        path: "/v1/schedules/nobody",
        from: "127.0.0.1",
        status: 404,
        error: "schedule_not_found",
      },
    ]);
  });
});

describe("a login", () => {
  const login = (key: string, next: string) =>
    fetch(`${running.url}/login`, { method: "POST", redirect: "manual", body: new URLSearchParams({ key, next }) });

  test("opens the pages to a browser, as far as its key goes, until it ends", async () => {
    const asked = await fetch(`${running.url}/queues`, { redirect: "manual", headers: { accept: "text/html" } });
    expect([asked.status, asked.headers.get("location")]).toEqual([302, "/login?next=%2Fqueues"]);
    const answer = await login(keys.operate ?? "", "/queues");
    const [cookie = ""] = answer.headers.getSetCookie();
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/queues"]);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toContain(keys.operate?.slice(16, 40));
    const headers = { cookie: cookie.split(";", 1)[0] ?? "" };
    expect((await fetch(`${running.url}/queues`, { headers })).status).toBe(200);
    expect((await fetch(`${running.url}/v1/keys`, { headers })).status).toBe(403);
    const elsewhere = { ...headers, origin: "https://elsewhere.example" };
    const forged = await fetch(`${running.url}/v1/runs/none/pause`, { method: "POST", headers: elsewhere });
    expect(forged.status).toBe(400);
    await fetch(`${running.url}/logout`, { method: "POST", headers, redirect: "manual" });
    expect((await fetch(`${running.url}/queues`, { headers })).status).toBe(401);
  });

  test("is refused without a valid key, and leads nowhere else", async () => {
    const refused = await login("sy_wrong", "/queues");
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([401, []]);
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
      expect((await login(keys.operate ?? "", next)).headers.get("location")).toMatch(/^\/(?![/\\])/);
    const page = await fetch(`${running.url}/login?next=${encodeURIComponent('/"><script>')}`);
    expect(await page.text()).not.toContain("<script>");
    const reader = (await login(keys.read ?? "", "/docs")).headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    expect((await fetch(`${running.url}/docs`, { headers: { cookie: reader } })).status).toBe(200);
    expect((await fetch(`${running.url}/queues`, { headers: { cookie: reader } })).status).toBe(200);
    expect((await fetch(`${running.url}/v1/keys`, { headers: { cookie: reader } })).status).toBe(403);
  });
});
