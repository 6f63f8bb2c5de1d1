import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { undeclared } from "./declared.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

const asking = `name: asking
steps:
  - id: ask
    approval: { message: "Ship it?", who: [ada], form: { type: object, required: [size], properties: { size: { type: integer } } }, timeout: 1d }
`;

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

/** Sends a request and holds the answer against what its route declares. */
async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status } = response;
  const type = response.headers.get("content-type");
  expect(undeclared({ method, path, status, type, text })).toBeUndefined();
  return { status, value: type?.includes("json") ? JSON.parse(text) : text };
}

const ended = (id: string) => running.client.wait(id);

describe("answers are as their routes declare them", () => {
  test("runs: submitted, listed, shown, their steps, attempts and events", async () => {
    const { value: run, status } = await ask("POST", "/v1/runs", { definition: twoSteps, input: { topic: "sea" } });
    expect(status).toBe(202);
    await ended(run.id);
    await ask("GET", `/v1/runs/${run.id}?outputs=true&children=true`);
    await ask("GET", `/v1/runs/${run.id}/events`);
    expect((await ask("GET", "/v1/runs?limit=5&all=true")).value.runs).toHaveLength(1);
    expect((await ask("GET", `/v1/runs/${run.id}/steps?outputs=true`)).value.steps).toHaveLength(2);
    expect((await ask("GET", `/v1/runs/${run.id}/steps/second`)).value).toMatchObject({
      id: "second",
      status: "succeeded",
    });
    const { attempts } = (await ask("GET", `/v1/runs/${run.id}/steps/first/attempts`)).value;
    expect(attempts).toMatchObject([
      {
        attempt: 1,
        status: "succeeded",
        calls: [{ ok: true, provider: "openai" }],
        decision: { strategy: "failover" },
      },
    ]);
    expect((await ask("GET", `/v1/runs/${run.id}/steps/third`)).value.code).toBe("step_not_found");
    const fork = await ask("POST", `/v1/runs/${run.id}/fork`, { from: "second" });
    await ended(fork.value.id);
    await ask("GET", `/v1/runs/${fork.value.id}/events`);
    expect((await ask("POST", `/v1/runs/${run.id}/retry`)).value.code).toBe("nothing_to_retry");
    expect((await ask("DELETE", `/v1/runs/${fork.value.id}`)).status).toBe(204);
    expect((await ask("GET", `/v1/runs/${fork.value.id}`)).status).toBe(404);
  });

  test("workflows: stored, checked, listed, their versions", async () => {
    const yaml = { "content-type": "text/yaml" };
    await ask("POST", "/v1/workflows", asking, yaml);
    expect((await ask("POST", "/v1/workflows/validate", asking, yaml)).value).toEqual({
      valid: true,
      name: "asking",
      steps: ["ask"],
      problems: [],
    });
    const { value } = await ask("POST", "/v1/workflows/validate", "name: x\nsteps: [{id: a, llm: {promt: x}}]", yaml);
    expect(value).toMatchObject({ valid: false, problems: [{ message: expect.stringContaining("prompt") }] });
    const { workflows } = (await ask("GET", "/v1/workflows")).value;
    expect(workflows).toMatchObject([
      { name: "asking", version: 1, lastRun: null },
      { name: "two-steps", version: 1, lastRun: expect.stringMatching(/^run_/) },
    ]);
    expect((await ask("GET", "/v1/workflows?after=asking")).value.workflows).toHaveLength(1);
    expect((await ask("GET", "/v1/workflows/asking")).value.definition.steps[0].id).toBe("ask");
    await ask("GET", "/v1/workflows/asking/versions");
    await ask("GET", "/v1/workflows/asking/graph");
    expect((await ask("GET", "/v1/workflows/nobody/versions")).status).toBe(404);
  });

  test("an approval: it is in the inbox until somebody says a word", async () => {
    const { value: run } = await ask("POST", "/v1/runs", { definition: asking });
    const inbox = await eventually(async () => {
      const { approvals } = (await ask("GET", "/v1/approvals")).value;
      expect(approvals).toHaveLength(1);
      return approvals;
    });
    expect(inbox[0]).toMatchObject({
      run: run.id,
      step: "ask",
      workflow: "asking",
      message: "Ship it?",
      who: ["ada"],
      form: { required: ["size"] },
      until: expect.any(Number),
    });
    await ask("POST", `/v1/runs/${run.id}/pause`);
    await ask("POST", `/v1/runs/${run.id}/resume`);
    await ask("POST", `/v1/runs/${run.id}/signals/hello`, { payload: 1 });
    expect((await ask("POST", `/v1/runs/${run.id}/approve`, { form: { size: 3 } })).status).toBe(202);
    expect((await ended(run.id)).status).toBe("succeeded");
    expect((await ask("GET", "/v1/approvals")).value.approvals).toEqual([]);
    await ask("GET", `/v1/runs/${run.id}/events`);
    expect((await ask("POST", `/v1/runs/${run.id}/cancel`, {})).value.code).toBe("run_ended");
  });

  test("schedules and triggers", async () => {
    await ask("PUT", "/v1/schedules/nightly", { workflow: "asking", cron: "0 3 * * *" });
    await ask("GET", "/v1/schedules");
    expect((await ask("GET", "/v1/schedules/nightly")).value.cron).toBe("0 3 * * *");
    await ask("DELETE", "/v1/schedules/nightly");
    expect((await ask("GET", "/v1/schedules/nightly")).status).toBe(404);
    await ask("PUT", "/v1/triggers/shop", { workflow: "asking" });
    await ask("GET", "/v1/triggers");
    await ask("GET", "/v1/triggers/shop");
    expect((await ask("POST", "/v1/hooks/shop", {})).value.code).toBe("signature_refused");
    await ask("DELETE", "/v1/triggers/shop");
  });

  test("providers, routing, costs, health", async () => {
    expect((await ask("GET", "/v1/providers")).value.providers).toHaveLength(3);
    await ask("GET", "/v1/providers/openai");
    expect((await ask("POST", "/v1/providers/openai/test")).value.result).toBe("up");
    expect((await ask("GET", "/v1/providers/opnai")).value.detail).toContain("Did you mean openai?");
    await ask("GET", "/v1/routing");
    await ask("PATCH", "/v1/routing", { strategy: "weighted" });
    await ask("POST", "/v1/routing/providers/ollama/drain");
    await ask("POST", "/v1/routing/providers/ollama/undrain");
    await ask("POST", "/v1/routing/providers/ollama/reset");
    await ask("GET", "/v1/routing/history");
    await ask("POST", "/v1/routing/rollback", { version: 0 });
    await ask("POST", "/v1/routing/explain", { hints: { provider: "anthropic" } });
    await ask("GET", "/v1/routing/shadows");
    await ask("GET", "/v1/costs?by=day,workflow");
    await ask("GET", "/health");
    await ask("GET", "/");
  });

  test("the document is served, and a page that holds all that it needs", async () => {
    const { value: document } = await ask("GET", "/openapi.json");
    expect(document.openapi).toBe("3.1.1");
    expect(await (await fetch(`${running.url}/docs/json`)).json()).toEqual(document);
    const page = await fetch(`${running.url}/docs`);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(html).not.toMatch(/(src|href)="https?:/);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    const scripts = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(
      ([, path = ""]) => new URL(path, `${running.url}/docs/`),
    );
    for (const script of scripts) {
      const answer = await fetch(script);
      await answer.arrayBuffer();
      expect(answer.status, script.pathname).toBe(200);
    }
  });
});
