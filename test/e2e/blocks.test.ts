import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { Run } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const submit = async (definition: string, input: JsonObject = {}) =>
  (await running.client.submit({ definition, input })).id;
const ran = async (definition: string, input: JsonObject = {}): Promise<Run> =>
  running.client.wait(await submit(definition, input));

/** Runs that a run's steps have started, by status. */
async function childrenOf(id: string): Promise<readonly Run[]> {
  const { runs } = await running.client.list({ parent: id, limit: 500 });
  return Promise.all(runs.map((run) => running.client.get(run.id)));
}

describe("a map", () => {
  test("gives each item's output in the items' order, whatever order they end in", async () => {
    const run = await ran(
      `name: slow-first
input: { type: object, properties: { waits: { type: array } } }
steps:
  - id: each
    map:
      over: input.waits
      concurrency: 4
      input: { greeting: Hello }
      steps:
        - id: nap
          wait: { for: "{{ input.item }}ms" }
        - id: say
          transform: input.greeting & " " & $string(input.index)
output: "{{ steps.each.output }}"
`,
      { waits: [300, 1, 100, 1, 50, 1] },
    );
    expect(run).toMatchObject({ status: "succeeded", output: [0, 1, 2, 3, 4, 5].map((i) => `Hello ${i}`) });
  });
});
