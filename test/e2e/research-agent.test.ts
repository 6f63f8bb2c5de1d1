import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { type ToolServer, toolServer } from "../support/tool-server.ts";

const source = readFileSync(new URL("../../workflows/research-agent.yaml", import.meta.url), "utf8");

let running: RunningApp;
let wiki: ToolServer;
beforeAll(async () => {
  wiki = await toolServer();
  running = await startApp({ SWITCHYARD_HTTP_ALLOW: "127.0.0.1" });
  wiki.answers(({ path }) =>
    path.includes("/search/")
      ? { pages: [{ key: "Eddystone_Lighthouse", title: "Eddystone Lighthouse", excerpt: "four lighthouses" }] }
      : { title: "Eddystone Lighthouse", source: "The first tower was built by Henry Winstanley and lit in 1698." },
  );
});
afterAll(async () => {
  await running?.close();
  await wiki?.close();
});

describe("the research agent on simulated providers", () => {
  test("searches, reads, and answers with an object of its schema", async () => {
    const input = { question: "Who built the first lighthouse on the Eddystone rocks?", wiki: wiki.url };
    const { id } = await running.client.submit({ definition: source, input });
    const run = await running.client.wait(id);
    expect(run).toMatchObject({
      status: "succeeded",
      output: { answer: expect.any(String), sources: expect.any(Array) },
      steps: [{ calls: 3, failedCalls: 0 }],
    });
    expect(wiki.hits.map(({ path }) => path.replace(/=[^&]*$/, "=").replace(/page\/.*/, "page/"))).toEqual([
      "/w/rest.php/v1/search/page?limit=5&q=",
      "/w/rest.php/v1/page/",
    ]);
    const events = await running.client.history(id);
    expect(events.flatMap((event) => (event.type === "tool.answered" ? [[event.tool, event.ok]] : []))).toEqual([
      ["search", true],
      ["read", true],
    ]);
  });

  test("loses its provider between two turns and goes on with another", async () => {
    wiki.hits.length = 0;
    await running.simulator.down("openai", { kind: "status", status: 503, match: "Winstanley" });
    const input = { question: "Who built the first lighthouse on the Eddystone rocks?", wiki: wiki.url };
    const { id } = await running.client.submit({ definition: source, input });
    const run = await running.client.wait(id);
    await running.simulator.up("openai");
    expect(run).toMatchObject({ status: "succeeded", steps: [{ served: { provider: "anthropic" } }] });
    expect(wiki.hits).toHaveLength(2);
  });
});
