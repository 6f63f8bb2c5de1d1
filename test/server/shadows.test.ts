import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

test("what mirrored requests show is told over the API, and costs nobody's run anything", async () => {
  const { client } = running;
  expect(await client.routing.shadows()).toEqual([]);
  await client.routing.change({ shadow: { provider: "ollama", share: 1 } });
  const { id } = await client.submit({ definition: twoSteps, input: { topic: "rain" } });
  const run = await client.wait(id);
  expect(run.steps.map(({ calls, served }) => [calls, served?.provider])).toEqual([
    [1, "openai"],
    [1, "openai"],
  ]);
  await eventually(async () =>
    expect(await client.routing.shadows()).toMatchObject([
      { shadow: "ollama/llama3.2", requests: 2, failed: 0, length: { shadow: expect.any(Number) } },
    ]),
  );
  // The mirror's calls are real ones: the ledger has them.
  await eventually(async () => {
    const { groups } = await client.costs({ by: ["provider"] });
    expect(groups.map(({ of, use }) => [of.provider, use.calls])).toEqual([
      ["ollama", 2],
      ["openai", 2],
    ]);
  });
});
