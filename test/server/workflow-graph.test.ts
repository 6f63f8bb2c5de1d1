import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
  await running.client.store(twoSteps);
  await running.client.store(twoSteps.replace("id: second", "id: last").replace("steps.second", "steps.last"));
});
afterAll(() => running.close());

const get = (query: string) => fetch(`${running.url}/v1/workflows/two-steps/graph${query}`);

describe("GET /v1/workflows/:name/graph", () => {
  test.each([
    ["", "text/vnd.mermaid; charset=utf-8", /^flowchart TB\n/],
    ["?format=svg", "image/svg+xml", /^<svg [\s\S]*<\/svg>\n$/],
    ["?format=xstate", "application/json; charset=utf-8", /^\{\n {2}"id": "two-steps"/],
    ["?states=true", "text/vnd.mermaid; charset=utf-8", /subgraph/],
  ])("%s answers as %s", async (query, type, text) => {
    const answer = await get(query);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
    expect(await answer.text()).toMatch(text);
  });

  test("draws the newest version unless one is named", async () => {
    expect(await (await get("")).text()).toContain("n_last");
    expect(await (await get("?version=1")).text()).toContain("n_second");
  });

  test("lets no picture run anything where it is opened", async () => {
    const { headers } = await get("?format=svg");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; style-src 'unsafe-inline'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.each([
    ["?version=3", 404, "workflow_not_found", "has no version 3; its versions are 1 to 2"],
    ["?format=pgn", 400, "bad_request", "format: must be one of mermaid, svg, xstate."],
    ["?fromat=svg", 400, "bad_request", "Did you mean format?"],
    ["?version=0", 400, "bad_request", "version: must be at least 1."],
  ])("refuses %s", async (query, status, code, detail) => {
    const answer = await get(query);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code, detail: expect.stringContaining(detail) });
  });

  test("suggests the workflow that was meant", async () => {
    const answer = await fetch(`${running.url}/v1/workflows/two-stps/graph`);
    expect(await answer.json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining("Did you mean two-steps?"),
    });
  });

  test("leaves pictures that take long to the command line", async () => {
    const steps = Array.from({ length: 250 }, (_, index) => ({ id: `s${index}`, llm: { prompt: "x" } }));
    await running.client.store({ name: "long", steps });
    const answer = await fetch(`${running.url}/v1/workflows/long/graph?format=svg`);
    expect(await answer.json()).toMatchObject({ status: 400, detail: expect.stringContaining("252 nodes") });
    expect((await fetch(`${running.url}/v1/workflows/long/graph`)).status).toBe(200);
  });
});
