import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import type { Run } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";
import { type ToolServer, toolServer } from "../support/tool-server.ts";

let running: RunningApp;
let server: ToolServer;
beforeAll(async () => {
  [running, server] = await Promise.all([startApp({ SWITCHYARD_HTTP_ALLOW: "127.0.0.1" }), toolServer()]);
});
afterAll(async () => {
  await running?.close();
  await server?.close();
});
afterEach(async () => {
  server.hits.length = 0;
  server.answers(() => ({ ok: true }));
  for (const provider of ["openai", "anthropic"] as const) await running.simulator.up(provider);
});

const shipped = (file: string) => readFileSync(new URL(`../../workflows/${file}`, import.meta.url), "utf8");
const begin = async (file: string, input: JsonObject) =>
  (await running.client.submit({ definition: shipped(file), input })).id;
const ran = async (file: string, input: JsonObject): Promise<Run> => running.client.wait(await begin(file, input));
const requests = () => server.hits.map(({ method, path }) => `${method} ${path}`);

describe("trip-saga", () => {
  test("books flight, hotel and car, and undoes nothing", async () => {
    const run = await ran("trip-saga.yaml", { trip: "T-1", api: server.url });
    expect(run).toMatchObject({ status: "succeeded", output: { booked: true } });
    expect(requests()).toEqual(["PUT /flights/T-1", "PUT /hotels/T-1", "PUT /cars/T-1"]);
  });

  const refuses = (booked: string, undo = 404) => {
    server.answers(({ method, path }, response) => {
      if (!booked.split(" ").includes(path.split("/")[1] ?? "")) return { ok: true };
      return void response.writeHead(method === "PUT" ? 409 : undo).end();
    });
  };

  test("without a car at the first place, takes one at the second", async () => {
    refuses("cars");
    const run = await ran("trip-saga.yaml", { trip: "T-2", api: server.url });
    expect(run).toMatchObject({ status: "succeeded", output: { booked: true } });
    expect(requests()).toEqual(["PUT /flights/T-2", "PUT /hotels/T-2", "PUT /cars/T-2", "PUT /other-cars/T-2"]);
    expect(server.hits.at(-1)?.body).toEqual({ instead_of: "http_failed" });
  });

  test("without any car, cancels what was booked, the last first, each once", async () => {
    refuses("cars other-cars");
    const run = await ran("trip-saga.yaml", { trip: "T-3", api: server.url });
    expect(run).toMatchObject({ status: "failed", error: { code: "http_failed", details: { step: "other_car" } } });
    expect(requests().filter((request) => request.startsWith("DELETE"))).toEqual([
      "DELETE /other-cars/T-3",
      "DELETE /cars/T-3",
      "DELETE /hotels/T-3",
      "DELETE /flights/T-3",
    ]);
  });

  test("goes on undoing while the one that is asked is away for a moment", async () => {
    let refused = 0;
    server.answers(({ method, path }, response) => {
      if (path.startsWith("/hotels") && method === "PUT") return void response.writeHead(409).end();
      if (path.startsWith("/hotels") && refused++ < 2) return void response.writeHead(503).end();
      return { ok: true };
    });
    const run = await ran("trip-saga.yaml", { trip: "T-4", api: server.url });
    expect(run.status).toBe("failed");
    expect(requests().filter((request) => request.startsWith("PUT /cars"))).toEqual([]);
    expect(requests().at(-1)).toBe("DELETE /flights/T-4");
  });
});

describe("support-triage", () => {
  /** A run whose ticket the simulated provider finds urgent, as nothing else is left to it. */
  async function waiting(): Promise<string> {
    const definition = shipped("support-triage.yaml").replace("enum: [low, normal, high]", "enum: [high]");
    const { id } = await running.client.submit({ definition, input: { ticket: "I was charged twice!" } });
    await eventually(async () => {
      const release = (await running.client.get(id)).steps.find((step) => step.id === "release");
      expect(release?.status).toBe("waiting");
    });
    return id;
  }

  test("waits for a person, whose own words are sent", async () => {
    const id = await waiting();
    await running.client.decide(id, "approve", { author: "ada", form: { reply: "You have it back." } });
    expect(await running.client.wait(id)).toMatchObject({
      status: "succeeded",
      output: { urgency: "high", send: true, reply: "You have it back.", released_by: "ada" },
    });
  });

  test("sends nothing that a person rejects", async () => {
    const id = await waiting();
    await running.client.decide(id, "reject", { author: "bob", comment: "call them" });
    expect(await running.client.wait(id)).toMatchObject({
      status: "succeeded",
      output: { send: false, released_by: "bob" },
    });
  });
});

describe("document-review", () => {
  test("reads the shipped contract part by part, while a provider goes down in the middle, and writes one review", async () => {
    const document = shipped("contract.txt");
    expect(document.split(/\s+/).length).toBeGreaterThan(2_000);
    running.simulator.clearHits();
    await running.simulator.down("openai", { kind: "status", status: 503, match: "This is part 3 of" });
    const run = await ran("document-review.yaml", { document, part_size: 2_000 });
    expect(run).toMatchObject({ status: "succeeded", output: { unread: [], review: expect.any(String) } });
    const { parts } = run.output as { readonly parts: number };
    expect(parts).toBeGreaterThanOrEqual(6);
    const served = running.simulator
      .hits()
      .filter(({ outcome, prompt }) => outcome === "answered" && prompt.startsWith("This is part "));
    expect(served.length).toBe(parts);
    const third = served.find(({ prompt }) => prompt.includes("This is part 3 of"));
    expect(third?.provider).toBe("anthropic");
  });
});

describe("nightly-digest", () => {
  const entries = [
    { title: "Lid", text: "The lid broke." },
    { title: "Cable", text: "The cable is short." },
  ];
  const posted = () => server.hits.flatMap(({ method, body }): Json[] => (method === "POST" ? [body as Json] : []));

  test("begins by the clock, sums up what came in and posts it", async () => {
    server.answers(({ path }) => (path.startsWith("/tickets") ? entries : { ok: true }));
    const { name } = await running.client.store(shipped("nightly-digest.yaml"));
    const input = { source: `${server.url}/tickets`, post_to: `${server.url}/hook` };
    await running.client.setSchedule("digest", { workflow: name, cron: "* * * * * *", overlap: "skip", input });
    await eventually(() => expect(posted().length).toBeGreaterThanOrEqual(1));
    await running.client.removeSchedule("digest");
    const { runs } = await running.client.list({ workflow: name });
    const run = await running.client.wait(runs.at(-1)?.id ?? "");
    expect(run).toMatchObject({ status: "succeeded", output: { entries: 2 } });
    expect(posted()[0]).toEqual({ text: (run.output as JsonObject).digest });
  });

  test("a quiet night asks no model and posts nothing", async () => {
    server.answers(() => []);
    running.simulator.clearHits();
    const run = await ran("nightly-digest.yaml", { source: `${server.url}/tickets`, post_to: `${server.url}/hook` });
    expect(run).toMatchObject({ status: "succeeded", output: { entries: 0, digest: null } });
    expect({ posted: posted(), asked: running.simulator.hits() }).toEqual({ posted: [], asked: [] });
  });
});
