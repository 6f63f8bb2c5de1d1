import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { type RunningApp, startApp } from "./running-app.ts";

const friend = "https://desk.example.com";
let app: RunningApp;
beforeAll(async () => {
  app = await startApp({ SWITCHYARD_ORIGINS: `${friend},http://localhost:5173` });
});
afterAll(() => app.close());

const ask = (path: string, init: RequestInit) => fetch(`${app.url}${path}`, init);
const preflight = (origin: string, method: string, headers: string) =>
  ask("/v1/runs", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": method, "access-control-request-headers": headers },
  });

describe("pages of other origins", () => {
  test("may ask with every header that the client sends, without a key for the question whether", async () => {
    const headers = "authorization,content-type,idempotency-key,last-event-id,x-switchyard-author";
    const answer = await preflight(friend, "POST", headers);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(friend);
    expect(answer.headers.get("access-control-allow-headers")).toBe(headers);
    expect(answer.headers.get("access-control-allow-methods")).toContain("DELETE");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("are told nothing where the setting does not name them", async () => {
    const answer = await preflight("https://elsewhere.example.com", "POST", "content-type");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    const read = await ask("/v1/runs", { headers: { origin: "https://elsewhere.example.com" } });
    expect(read.headers.get("access-control-allow-origin")).toBeNull();
    const changed = await ask("/v1/runs", {
      method: "POST",
      headers: { origin: "https://elsewhere.example.com", "content-type": "application/json" },
      body: "{}",
    });
    expect(await changed.json()).toMatchObject({
      code: "bad_request",
      detail: expect.stringContaining("SWITCHYARD_ORIGINS"),
    });
  });

  test("read answers, errors and event streams, and what stands in their headers", async () => {
    const { id } = await app.client.submit({ definition: { name: "x", steps: [{ id: "a", wait: { for: "1ms" } }] } });
    await app.client.wait(id);
    const found = await ask(`/v1/runs/${id}/events`, { headers: { origin: friend, accept: "text/event-stream" } });
    expect(await found.text()).toContain("run.succeeded");
    const missing = await ask("/v1/runs/run_none", { headers: { origin: friend } });
    expect(missing.status).toBe(404);
    for (const { headers } of [found, missing]) {
      expect(headers.get("access-control-allow-origin")).toBe(friend);
      expect(headers.get("access-control-expose-headers")).toContain("x-switchyard-provider");
      expect(headers.get("vary")?.toLowerCase()).toContain("origin");
    }
    expect(found.headers.get("vary")?.toLowerCase()).toContain("accept");
  });

  test("may change something where no key is asked for; a login's cookie does not count for them", async () => {
    const body = JSON.stringify({ definition: { name: "x", steps: [{ id: "a", wait: { for: "1ms" } }] } });
    const headers = { origin: friend, "content-type": "application/json" };
    expect((await ask("/v1/runs", { method: "POST", headers, body })).status).toBe(202);
    const { key } = await app.client.access.create({ name: "boss", scopes: ["admin"] });
    const login = await ask("/login", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ key }),
      redirect: "manual",
    });
    const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect(cookie).toContain("switchyard=");
    const own = await ask("/v1/runs", { headers: { cookie } });
    const theirs = await ask("/v1/runs", { headers: { cookie, origin: friend } });
    const withKey = await ask("/v1/runs", { headers: { authorization: `Bearer ${key}`, origin: friend } });
    expect([own.status, theirs.status, withKey.status]).toEqual([200, 401, 200]);
  });
});

describe("SWITCHYARD_ORIGINS", () => {
  test.each(["*", "desk.example.com", "https://desk.example.com/", "https://Desk.example.com", "ftp://x", "null"])(
    "refuses %s, and tells what an origin is",
    (origin) => {
      const load = () => loadSettings({ env: { SWITCHYARD_ORIGINS: origin }, cwd: "/nonexistent" });
      expect(load).toThrow(/SWITCHYARD_ORIGINS.*https:\/\/desk\.example\.com/s);
    },
  );
});
