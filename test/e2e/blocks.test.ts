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

describe("runs that steps have started", () => {
  const family = `name: family
input: { type: object, properties: { n: { type: integer } } }
steps:
  - id: each
    map:
      over: [1, 2, 3]
      steps:
        - id: nap
          wait: { for: 1ms }
`;

  test("are listed under their parent, or where all are asked for", async () => {
    const { client } = running;
    const { id } = await ran(family);
    const ids = (list: { readonly runs: readonly { readonly id: string }[] }) => list.runs.map((run) => run.id);
    const children = ids(await client.list({ parent: id }));
    expect(children).toHaveLength(3);
    const own = ids(await client.list({ limit: 500 }));
    expect(own).toContain(id);
    for (const child of children) expect(own).not.toContain(child);
    expect(ids(await client.list({ limit: 500, all: true }))).toEqual(expect.arrayContaining([id, ...children]));
  });

  test("are paged as other lists are", async () => {
    const { client } = running;
    const { id } = await ran(family);
    const first = await client.list({ parent: id, limit: 2 });
    const second = await client.list({ parent: id, limit: 2, before: first.next ?? "" });
    expect([first.runs.length, second.runs.length, second.next]).toEqual([2, 1, null]);
    const all = await client.list({ parent: id });
    expect([...first.runs, ...second.runs]).toEqual(all.runs);
  });

  test("are named in brief where their parent is shown with them", async () => {
    const { client } = running;
    const { id } = await ran(family);
    const { children } = await client.get(id, { children: true });
    expect(children).toEqual([{ step: "each", total: 3, open: 0, runs: expect.any(Array) }]);
    expect((await client.get(id)).children).toBeUndefined();
    const listed = (await client.list({ parent: id })).runs.map((run) => run.id);
    expect([...(children?.[0]?.runs ?? [])].sort()).toEqual(listed.sort());
  });
});
