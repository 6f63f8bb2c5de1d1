import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run, RunSummary } from "../../src/core/run.ts";
import type { ProblemDocument } from "../../src/server/problem.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp({ SWITCHYARD_BODY_LIMIT: "64kb" });
});
afterAll(() => running.close());

const asJson = { "content-type": "application/json" };

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(`${running.url}${path}`, { method: "POST", body: text, headers: { ...asJson, ...headers } });
}

function get(path: string): Promise<Response> {
  return fetch(`${running.url}${path}`);
}

async function problemOf(answer: Response): Promise<ProblemDocument> {
  expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  const document = (await answer.json()) as ProblemDocument;
  expect(document).toMatchObject({ status: answer.status, type: `urn:switchyard:problem:${document.code}` });
  return document;
}

describe("POST /v1/runs", () => {
  test("answers 202 with the run and its place, and the run ends by itself", async () => {
    const answer = await post("/v1/runs", { definition: twoSteps, input: { topic: "pumps" } });
    const { id } = (await answer.json()) as RunSummary;
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe(`/v1/runs/${id}`);
    const run = await running.client.wait(id);
    expect(run).toMatchObject({ status: "succeeded", workflow: "two-steps", output: expect.any(String) });
  });

  test("answers 200 with the same run when an idempotency key comes again", async () => {
    const body = { definition: twoSteps, input: { topic: "keys" } };
    const first = await post("/v1/runs", body, { "idempotency-key": "k1" });
    const again = await post("/v1/runs", body, { "idempotency-key": "k1" });
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(((await again.json()) as Run).id).toBe(((await first.json()) as Run).id);
  });

  test("refuses an idempotency key that comes again with another request", async () => {
    await post("/v1/runs", { definition: twoSteps, input: { topic: "a" } }, { "idempotency-key": "k2" });
    const answer = await post("/v1/runs", { definition: twoSteps, input: { topic: "b" } }, { "idempotency-key": "k2" });
    expect(await problemOf(answer)).toMatchObject({ code: "idempotency_conflict", status: 409 });
  });

  test.each([
    ["malformed JSON", '{"definition": ', "bad_request", 400],
    ["no object", "[]", "bad_request", 400],
    ["neither workflow nor definition", "{}", "bad_request", 400],
    ["both workflow and definition", { workflow: "a", definition: "b" }, "bad_request", 400],
    ["a version beside a definition", { version: 1, definition: "b" }, "bad_request", 400],
    ["an unknown workflow", { workflow: "nope" }, "workflow_not_found", 404],
    ["a definition with mistakes", { definition: "name: x\nsteps: 1\n" }, "invalid_definition", 400],
    ["input that misses a field", { definition: twoSteps, input: {} }, "invalid_input", 400],
    [
      "an unknown provider",
      { definition: twoSteps, input: { topic: "x" }, hints: { provider: "opnai" } },
      "unknown_provider",
      400,
    ],
    [
      "strict without a provider",
      { definition: twoSteps, input: { topic: "x" }, hints: { strict_provider: "yes" } },
      "strict_needs_provider",
      400,
    ],
    ["too much", { definition: twoSteps, input: { topic: "x".repeat(70_000) } }, "payload_too_large", 413],
  ])("refuses %s", async (_what, body, code, status) => {
    const document = await problemOf(await post("/v1/runs", body));
    expect(document).toMatchObject({ code, status });
    expect(document.fix).not.toBe("");
  });

  test("lists every wrong field at once, with what was probably meant", async () => {
    const answer = await post("/v1/runs", {
      workflw: "a",
      input: {},
      hints: { max_calls: 0, strict_provider: "perhaps" },
    });
    const { problems = [] } = await problemOf(answer);
    expect(problems.map(({ path }) => path).sort()).toEqual(["hints.max_calls", "hints.strict_provider", "workflw"]);
    expect(problems.find(({ path }) => path === "workflw")?.message).toContain("Did you mean workflow?");
  });

  test("refuses a content type that it does not read", async () => {
    const xml = await post("/v1/runs", "<run/>", { "content-type": "application/xml" });
    const refused = { status: 415, code: "unsupported_media_type" };
    expect(await problemOf(xml)).toMatchObject({
      ...refused,
      detail: "POST /v1/runs takes a body of application/json; this one came as application/xml.",
      details: { takes: ["application/json"] },
    });
    expect(await problemOf(await post("/v1/runs", "name: x", { "content-type": "text/yaml" }))).toMatchObject(refused);
    const text = await post("/v1/workflows", "name: x", { "content-type": "text/plain;charset=UTF-8" });
    expect(await problemOf(text)).toMatchObject({ ...refused, detail: expect.stringContaining("text/yaml") });
  });

  test("says in its detail that neither workflow nor definition was named", async () => {
    expect(await problemOf(await post("/v1/runs", "{}"))).toMatchObject({
      detail: "A run needs `workflow` (the name of a stored one) or `definition`; the request's body has neither.",
    });
  });

  test("tells every mistake in its detail, in words", async () => {
    expect(await problemOf(await post("/v1/runs", { hints: { max_calls: 0 }, workflow: 1 }))).toMatchObject({
      detail:
        "The request's body has mistakes: workflow: must be a text, not a number. hints.max_calls: must be at least 1.",
    });
  });

  test("takes max_usd 0 as the YAML and the router do, and nothing below", async () => {
    const body = { definition: twoSteps, input: { topic: "x" } };
    expect((await post("/v1/runs", { ...body, hints: { max_usd: 0 } })).status).toBe(202);
    const routed = twoSteps.replace("- id: first", "- id: first\n    route: { max_usd: 0 }");
    expect((await post("/v1/runs", { ...body, definition: routed })).status).toBe(202);
    expect((await post("/v1/runs", { ...body, hints: { max_usd: -0.1 } })).status).toBe(400);
    const below = { ...body, definition: routed.replace("max_usd: 0", "max_usd: -0.1") };
    expect((await post("/v1/runs", below)).status).toBe(400);
  });
});

describe("POST /v1/workflows", () => {
  test("stores YAML text and the object that it means as one version, changed content as the next", async () => {
    const text = twoSteps.replace("two-steps", "stored");
    const yaml = await post("/v1/workflows", text, { "content-type": "text/yaml" });
    expect(await yaml.json()).toEqual({ name: "stored", version: 1 });
    expect(await running.client.store(text)).toEqual({ name: "stored", version: 1 });
    expect(await running.client.store(text.replace("Shorten", "Lengthen"))).toEqual({ name: "stored", version: 2 });
    const run = await running.client.submit({ workflow: "stored", version: 1, input: { topic: "x" } });
    expect(run).toMatchObject({ workflow: "stored", version: 1 });
  });

  test("lists a definition's mistakes with line and column", async () => {
    const text = twoSteps.replace("prompt", "prmpt").replace("steps.first", "steps.frist");
    const answer = await post("/v1/workflows", text, { "content-type": "application/yaml" });
    const { code, problems = [] } = await problemOf(answer);
    expect(code).toBe("invalid_definition");
    expect(problems[0]).toMatchObject({ line: 8, column: expect.any(Number) });
  });

  test("refuses a body that is no definition", async () => {
    expect(await problemOf(await post("/v1/workflows", "[]"))).toMatchObject({ code: "bad_request" });
  });
});

describe("a strategy that nobody knows", () => {
  test("is refused with the step's line when a definition is handed in", async () => {
    const definition = twoSteps.replace("- id: first", "- id: first\n    route: { strategy: cost_optimised }");
    const { code, problems } = await problemOf(await post("/v1/runs", { definition, input: { topic: "x" } }));
    expect({ code, problem: problems?.[0] }).toMatchObject({
      code: "invalid_definition",
      problem: { path: "steps.0.route.strategy", line: 8 },
    });
  });
});

describe("GET /v1/runs", () => {
  test("goes through all runs in pages, newest first", async () => {
    const { client } = running;
    const ids: string[] = [];
    for (const topic of ["a", "b", "c"]) {
      const text = twoSteps.replace("two-steps", "paged");
      ids.unshift((await client.submit({ definition: text, input: { topic } })).id);
    }
    const first = await client.list({ workflow: "paged", limit: 2 });
    const second = await client.list({ workflow: "paged", limit: 2, before: first.next ?? "" });
    expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(ids);
    expect(second.next).toBeNull();
  });

  test.each(["limit=0", "limit=x", "status=done", "colour=red"])("refuses ?%s", async (query) => {
    const { code, problems } = await problemOf(await get(`/v1/runs?${query}`));
    expect({ code, path: problems?.[0]?.path.split(".")[0] }).toEqual({
      code: "bad_request",
      path: query.split("=")[0],
    });
  });
});

describe("GET /v1/runs/:id", () => {
  test("gives each step's output where it is asked for", async () => {
    const { id } = await running.client.submit({ definition: twoSteps, input: { topic: "outputs" } });
    await running.client.wait(id);
    const without = await running.client.get(id);
    const withThem = await running.client.get(id, { outputs: true });
    expect(without.steps.map((step) => "output" in step)).toEqual([false, false]);
    expect(withThem.steps.map((step) => typeof step.output)).toEqual(["string", "string"]);
  });

  test("answers 404 for a run that is not there", async () => {
    expect(await problemOf(await get("/v1/runs/run_nope"))).toMatchObject({ code: "run_not_found", status: 404 });
    expect(await problemOf(await get("/v1/runs/run_nope/events"))).toMatchObject({ code: "run_not_found" });
  });
});

describe("other addresses", () => {
  test("GET / lists the routes and where to look", async () => {
    const home = (await (await get("/")).json()) as { look: unknown; routes: { url: string; summary: string }[] };
    expect(home.look).toMatchObject({ queues: "/queues" });
    expect(home.routes.map(({ url }) => url)).toContain("/v1/runs/:id/events");
  });

  test("GET /health tells round trip, queues and version", async () => {
    const answer = await get("/health");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      status: "healthy",
      redisMs: expect.any(Number),
      queues: { control: expect.any(Number), llm: expect.any(Number) },
      version: expect.stringMatching(/^\d/),
    });
  });

  test("GET /health counts no job where nothing is to be done", async () => {
    await eventually(async () => {
      const { queues } = (await (await get("/health")).json()) as { queues: unknown };
      expect(queues).toEqual({ control: 0, timer: 0, llm: 0, io: 0 });
    });
  });

  test("GET /queues is Bull Board with every queue", async () => {
    expect((await get("/queues")).headers.get("content-type")).toContain("text/html");
    const { queues } = (await (await get("/queues/api/queues")).json()) as { queues: { name: string }[] };
    expect(queues.map(({ name }) => name)).toEqual(expect.arrayContaining(["llm", "control"]));
  });

  test("a broken percent escape is a bad request", async () => {
    expect(await problemOf(await get("/v1/runs/%E0%A4%A"))).toMatchObject({ code: "bad_request", status: 400 });
  });

  test("an unknown address says what was probably meant, a wrong method what is taken", async () => {
    expect(await problemOf(await get("/v1/run"))).toMatchObject({
      code: "not_found",
      detail: expect.stringContaining("/v1/runs?"),
    });
    const answer = await fetch(`${running.url}/v1/runs`, { method: "DELETE" });
    expect(answer.headers.get("allow")).toBe("POST, GET");
    expect(await problemOf(answer)).toMatchObject({ code: "not_found" });
  });
});
