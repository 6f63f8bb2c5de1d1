import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import { routes } from "../../src/server/routes.ts";
import { accessKeys } from "./access-keys.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
let keys: Readonly<Record<string, string>>;

beforeAll(async () => {
  running = await startApp();
  keys = await accessKeys(running, {
    fleet: { scope: "admin" },
    clerk: { scope: "operate" },
    acme: { scope: "admin", tenant: "acme" },
    beta: { scope: "admin", tenant: "beta" },
  });
});
afterAll(() => running.close());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

async function ask(who: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${keys[who]}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith("{") ? JSON.parse(text) : {} };
}

const child = {
  name: "part",
  input: { type: "object", properties: { of: {} } },
  steps: [{ id: "say", transform: "'part of ' & input.of" }],
};
const whole = {
  name: "whole",
  input: { type: "object", properties: { list: { type: "array" } } },
  steps: [
    { id: "part", workflow: { name: "part", input: { of: "acme" } } },
    { id: "each", map: { over: "input.list", steps: [{ id: "one", transform: "input.item" }] } },
    { id: "ask", llm: { prompt: "Say something" } },
    { id: "gate", needs: ["part", "each", "ask"], approval: { message: "Go on?" } },
  ],
};

/** A run of that tenant's that waits for approval. */
async function waitingRun(who: string): Promise<string> {
  for (const definition of [{ ...child }, whole]) {
    const stored = await ask(who, "POST", "/v1/workflows", definition);
    expect([stored.status, stored.text]).toEqual([expect.any(Number), expect.stringContaining(definition.name)]);
  }
  const { status, json, text } = await ask(who, "POST", "/v1/runs", { workflow: "whole", input: { list: [1, 2] } });
  expect([status, text]).toEqual([202, text]);
  return String(json.id);
}

async function waits(who: string, run: string): Promise<void> {
  await expect
    .poll(async () => JSON.stringify((await ask(who, "GET", `/v1/runs/${run}`)).json), { timeout: 20_000 })
    .toMatch(/"kind":"approval","status":"waiting"/);
}

describe("tenants", () => {
  test("see their own, by their own names, and nothing of each other's, whatever they ask", async () => {
    const run = await waitingRun("acme");
    await waits("acme", run);
    const shown = (await ask("acme", "GET", `/v1/runs/${run}?children=true`)).json;
    expect(shown).toMatchObject({ id: run, tenant: "acme", workflow: "whole", status: "running" });
    const schedule = { workflow: "whole", cron: "0 7 * * *" };
    expect((await ask("acme", "PUT", "/v1/schedules/morning", schedule)).json).toMatchObject({
      id: "morning",
      workflow: "whole",
    });
    expect((await ask("acme", "PUT", "/v1/triggers/push", { workflow: "whole" })).json).toMatchObject({ id: "push" });
    const before = (await ask("acme", "GET", `/v1/runs/${run}?outputs=true`)).text;

    // What other tenants get of each route stands in tenant-table.test.ts; an admin of the fleet too asks as acme, or finds nothing.
    for (const who of ["fleet"]) {
      for (const { method, url } of routes) {
        const path = url
          .replace(":tenant/", "")
          .replace(":name", url.startsWith("/v1/workflows") ? "whole" : "go")
          .replace(":id", url.startsWith("/v1/schedules") ? "morning" : url.includes("triggers") ? "push" : run);
        // Who asked in vain is in their own log; budgets are the fleet's.
        if (url.startsWith("/v1/keys") || url === "/v1/audit" || url.startsWith("/v1/budgets")) continue;
        const body = method === "GET" || method === "DELETE" ? undefined : {};
        const { status, text } = await ask(who, method, path, body);
        // A signal for nobody's run names nothing that could be missing.
        if (url.includes(":") && !/^\/v1\/(routing|audit|signals)/.test(url))
          expect([who, method, url, status]).toEqual([
            who,
            method,
            url,
            expect.toSatisfy((code: number) => code >= 400),
          ]);
        expect(text.includes("part of acme")).toBe(false);
        expect([url, text.includes(run) && !path.includes(run)]).toEqual([url, false]);
      }
    }
    expect((await ask("acme", "GET", `/v1/runs/${run}?outputs=true`)).text).toBe(before);
    expect((await ask("acme", "GET", "/v1/schedules")).text).toContain("morning");
    expect((await ask("acme", "GET", "/v1/triggers")).text).toContain("push");
    for (const what of ["runs", "schedules", "triggers"])
      expect((await ask("beta", "GET", `/v1/${what}`)).json).toMatchObject({ [what]: [] });
    expect((await ask("acme", "GET", "/v1/runs")).text).toContain(run);
    expect((await ask("acme", "POST", `/v1/runs/${run}/approve`)).status).toBe(202);
    await expect.poll(async () => (await ask("acme", "GET", `/v1/runs/${run}`)).json.status).toBe("succeeded");
    // Its child runs are its own too.
    expect((await ask("acme", "GET", "/v1/runs?all=true")).json.runs).toHaveLength(4);
    expect((await ask("acme", "GET", `/v1/runs?parent=${run}`)).json.runs).toHaveLength(3);
    expect((await ask("beta", "GET", `/v1/runs?parent=${run}`)).json.runs).toEqual([]);
    expect((await ask("acme", "GET", `/v1/runs/${run}/events`)).text).toContain('"workflow":"whole"');
  });

  test("use the same names and idempotency keys without meeting", async () => {
    const started = await Promise.all(
      ["acme", "beta", "clerk"].map(async (who) => {
        const client = new SwitchyardClient({ url: running.url, apiKey: keys[who] ?? "" });
        const text = { name: "same", steps: [{ id: "say", transform: `'${who}'` }] };
        const run = await client.submit({ definition: text, idempotencyKey: "once" });
        return [run.workflow, run.version, (await client.wait(run.id)).output];
      }),
    );
    expect(started).toEqual([
      ["same", 1, "acme"],
      ["same", 1, "beta"],
      ["same", 1, "clerk"],
    ]);
    const other = await ask("beta", "POST", "/v1/runs", { workflow: "acme/same" });
    expect([other.status, other.json.code]).toEqual([404, "workflow_not_found"]);
    expect(other.text).not.toContain('"whole"');
    expect((await ask("clerk", "POST", "/v1/runs", { workflow: "acme/same" })).status).toBe(404);
  });

  test("pay for themselves", async () => {
    await expect
      .poll(async () => (await ask("acme", "GET", "/v1/costs?by=tenant,workflow")).json.groups)
      .toMatchObject([{ of: { tenant: "acme", workflow: "whole" } }]);
    expect((await ask("beta", "GET", "/v1/costs?by=tenant")).json.groups).toEqual([]);
    expect((await ask("clerk", "GET", "/v1/costs?by=tenant")).json.groups).toEqual([]);
    expect((await ask("fleet", "GET", "/v1/costs?by=tenant")).json.groups).toMatchObject([{ of: { tenant: "acme" } }]);
  });

  test("are looked at by an admin of the default tenant, and by nobody else", async () => {
    expect((await ask("fleet", "GET", "/v1/runs")).text).not.toContain('"whole"');
    expect((await ask("fleet", "GET", "/v1/runs?tenant=acme&workflow=whole")).json.runs).toMatchObject([
      { tenant: "acme", workflow: "whole" },
    ]);
    for (const who of ["clerk", "beta"]) {
      const { status, json } = await ask(who, "GET", "/v1/runs?tenant=acme");
      expect([status, json.code]).toEqual([403, "forbidden"]);
    }
    expect((await ask("fleet", "GET", "/v1/runs?tenant=No/body")).status).toBe(400);
  });

  test("share the routing, which only the default tenant's admin changes", async () => {
    expect((await ask("acme", "GET", "/v1/routing")).status).toBe(200);
    const refused = await ask("acme", "PATCH", "/v1/routing", { strategy: "weighted" });
    expect([refused.status, refused.json.detail]).toEqual([
      403,
      expect.stringContaining("needs admin of the default tenant"),
    ]);
    expect((await ask("fleet", "PATCH", "/v1/routing", { strategy: "failover" })).status).toBe(200);
  });
});
