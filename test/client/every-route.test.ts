import { describe, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import { routes } from "../../src/server/routes.ts";

/** What a client asked for. */
const asked: { readonly route: string; readonly key: string | undefined }[] = [];
const client = new SwitchyardClient({
  url: "http://127.0.0.1:1",
  fetch: async (url, { method = "GET", headers }) => {
    asked.push({ route: `${method} ${new URL(url).pathname}`, key: headers?.["idempotency-key"] });
    return { status: 200, ok: true, body: null, text: async () => "{}" };
  },
});

/** The client's way to each route. */
const calls: Readonly<Record<string, () => unknown>> = {
  "POST /v1/runs": () => client.submit({ workflow: "w" }),
  "POST /v1/runs/batch": () => client.submitMany([{ workflow: "w" }]),
  "GET /v1/runs": () => client.list(),
  "GET /v1/runs/:id": () => client.get("r"),
  "DELETE /v1/runs/:id": () => client.remove("r"),
  "GET /v1/runs/:id/events": () => client.history("r"),
  "GET /v1/runs/:id/steps": () => client.steps("r"),
  "GET /v1/runs/:id/steps/:step": () => client.step("r", "s"),
  "GET /v1/runs/:id/steps/:step/attempts": () => client.attempts("r", "s"),
  "POST /v1/runs/:id/cancel": () => client.cancel("r"),
  "POST /v1/runs/:id/pause": () => client.pause("r"),
  "POST /v1/runs/:id/resume": () => client.resume("r"),
  "POST /v1/runs/:id/signals/:name": () => client.signal("r", "s"),
  "POST /v1/runs/:id/approve": () => client.decide("r", "approve"),
  "POST /v1/runs/:id/reject": () => client.decide("r", "reject"),
  "POST /v1/runs/:id/retry": () => client.retry("r"),
  "POST /v1/runs/:id/fork": () => client.fork("r", "s"),
  "GET /v1/approvals": () => client.approvals(),
  "POST /v1/workflows": () => client.store("name: w"),
  "POST /v1/workflows/validate": () => client.workflows.validate("name: w"),
  "GET /v1/workflows": () => client.workflows.list(),
  "GET /v1/workflows/:name": () => client.workflows.show("w"),
  "DELETE /v1/workflows/:name": () => client.workflows.delete("w"),
  "GET /v1/workflows/:name/versions": () => client.workflows.versions("w"),
  "GET /v1/workflows/:name/graph": () => client.workflows.graph("w"),
  "PUT /v1/schedules/:id": () => client.setSchedule("s", { workflow: "w", cron: "* * * * *" }),
  "GET /v1/schedules": () => client.schedules(),
  "GET /v1/schedules/:id": () => client.schedule("s"),
  "DELETE /v1/schedules/:id": () => client.removeSchedule("s"),
  "PUT /v1/triggers/:id": () => client.setTrigger("t", { workflow: "w" }),
  "GET /v1/triggers": () => client.triggers(),
  "GET /v1/triggers/:id": () => client.trigger("t"),
  "DELETE /v1/triggers/:id": () => client.removeTrigger("t"),
  "POST /v1/signals/:name": () => client.sendSignal("order.paid", { payload: { id: 1 } }),
  "POST /v1/plans": () => client.plans.make({ goal: "g" }),
  "GET /v1/plans": () => client.plans.list(),
  "GET /v1/plans/:id": () => client.plans.get("p"),
  "PUT /v1/plans/:id": () => client.plans.edit("p", { version: 1 }),
  "GET /v1/plans/:id/versions": () => client.plans.versions("p"),
  "POST /v1/plans/:id/execute": () => client.plans.execute("p"),
  "POST /v1/plans/:id/cancel": () => client.plans.cancel("p"),
  "POST /v1/plans/:id/rollback": () => client.plans.rollback("p", 1),
  "POST /v1/plans/:id/resume": () => client.plans.resume("p", { approved: true }),
  "GET /v1/agents": () => client.plans.agents(),
  "POST /v1/chat/completions": () => client.chat({ messages: [] }),
  "POST /v1/embeddings": () => client.embed({ model: "m", input: "x" }),
  "GET /v1/models": () => client.models(),
  "GET /v1/models/:id": () => client.model("openai/gpt-5-mini"),
  "GET /v1/providers": () => client.providers(),
  "GET /v1/providers/:name": () => client.provider("p"),
  "POST /v1/providers/:name/test": () => client.testProvider("p"),
  "GET /v1/routing": () => client.routing.show(),
  "PATCH /v1/routing": () => client.routing.change({}),
  "GET /v1/routing/history": () => client.routing.history(),
  "POST /v1/routing/rollback": () => client.routing.rollback(0),
  "POST /v1/routing/providers/:name/drain": () => client.routing.drain("p"),
  "POST /v1/routing/providers/:name/undrain": () => client.routing.undrain("p"),
  "POST /v1/routing/providers/:name/reset": () => client.routing.reset("p"),
  "POST /v1/routing/explain": () => client.routing.explain(),
  "GET /v1/routing/shadows": () => client.routing.shadows(),
  "POST /v1/gateway/pre-check": () => client.gateway.preCheck(),
  "POST /v1/gateway/audit": () => client.gateway.audit({ provider: "p", latencyMs: 1 }),
  "GET /v1/costs": () => client.costs(),
  "GET /v1/keys": () => client.access.keys(),
  "POST /v1/keys": () => client.access.create({ name: "k", scopes: ["read"] }),
  "POST /v1/keys/:id/rotate": () => client.access.rotate("k"),
  "DELETE /v1/keys/:id": () => client.access.revoke("k"),
  "GET /v1/audit": () => client.access.audit(),
  "GET /v1/budgets": () => client.budgets.list(),
  "PUT /v1/budgets/:id": () => client.budgets.set("b", { usd: 1, period: "day" }),
  "DELETE /v1/budgets/:id": () => client.budgets.remove("b"),
  "GET /health": () => client.health(),
  "GET /openapi.json": () => client.openapi(),
};

const once = { idempotencyKey: "k-1" };

/** The same for what makes something, with a key. */
const keyed: Readonly<Record<string, () => unknown>> = {
  "POST /v1/runs": () => client.submit({ workflow: "w", ...once }),
  "POST /v1/runs/batch": () => client.submitMany([{ workflow: "w" }], once),
  "POST /v1/runs/:id/signals/:name": () => client.signal("r", "s", once),
  "POST /v1/runs/:id/approve": () => client.decide("r", "approve", once),
  "POST /v1/runs/:id/reject": () => client.decide("r", "reject", once),
  "POST /v1/runs/:id/retry": () => client.retry("r", once),
  "POST /v1/runs/:id/fork": () => client.fork("r", "s", once),
  "POST /v1/signals/:name": () => client.sendSignal("s", {}, once),
  "POST /v1/workflows": () => client.store("name: w", once),
  "POST /v1/plans": () => client.plans.make({ goal: "g" }, once),
  "POST /v1/plans/:id/execute": () => client.plans.execute("p", once),
  "POST /v1/plans/:id/rollback": () => client.plans.rollback("p", 1, once),
  "POST /v1/plans/:id/resume": () => client.plans.resume("p", { approved: true }, once),
  "POST /v1/chat/completions": () => client.chat({ messages: [] }, once),
  "POST /v1/embeddings": () => client.embed({ model: "m", input: "x" }, once),
  "POST /v1/routing/rollback": () => client.routing.rollback(0, once),
  "POST /v1/gateway/pre-check": () => client.gateway.preCheck({}, once),
  "POST /v1/gateway/audit": () => client.gateway.audit({ provider: "p", latencyMs: 1 }, once),
  "POST /v1/keys": () => client.access.create({ name: "k", scopes: ["read"] }, once),
  "POST /v1/keys/:id/rotate": () => client.access.rotate("k", {}, once),
};

/** Routes that are for others, by the beginning of their address. */
const forOthers: readonly (readonly [beginning: RegExp, who: string])[] = [
  [/^GET \/$/, "people who look what this server answers"],
  [/ \/log(in|out)$/, "a browser's login"],
  [/ \/v1\/hooks\//, "those outside who sign their requests with a trigger's secret"],
  [/ \/v1\/responses$/, "the package openai"],
  [/ \/v1\/messages/, "the package @anthropic-ai/sdk"],
  [/ \/api\//, "AxonFlow's clients"],
];

const table = routes.map(({ method, url }) => `${method} ${url}`);

describe("the client", () => {
  test("has a way to every route, but to those for others", () => {
    const missing = table.filter((route) => !(route in calls) && !forOthers.some(([theirs]) => theirs.test(route)));
    expect(missing).toEqual([]);
  });

  test("asks for no route that is not there", () => {
    expect(Object.keys(calls).filter((route) => !table.includes(route))).toEqual([]);
    expect(forOthers.filter(([theirs]) => !table.some((route) => theirs.test(route)))).toEqual([]);
  });

  test.each(Object.entries(calls))("asks for %s", async (route, call) => {
    asked.length = 0;
    // The answer is an empty one, which not every method can read.
    await Promise.resolve(call()).catch(() => undefined);
    const pattern = new RegExp(`^${route.replaceAll(/:\w+/g, "[^/]+")}$`);
    expect(asked).toMatchObject([{ route: expect.stringMatching(pattern) }]);
  });

  test("sends an idempotency key to every route that carries one out once", async () => {
    const bearing = routes.filter(({ idempotency }) => idempotency).map(({ method, url }) => `${method} ${url}`);
    const wanted = bearing.filter((route) => !forOthers.some(([theirs]) => theirs.test(route)));
    expect(Object.keys(keyed).sort()).toEqual(wanted.sort());
    for (const [route, call] of Object.entries(keyed)) {
      asked.length = 0;
      await Promise.resolve(call()).catch(() => undefined);
      expect({ route, keys: asked.map(({ key }) => key) }).toEqual({ route, keys: ["k-1"] });
    }
  });
});
