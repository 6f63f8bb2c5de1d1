import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { Run } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp({ SWITCHYARD_HTTP_ALLOW: "127.0.0.1" });
});
afterAll(() => running.close());

const submit = async (definition: string, input: JsonObject = {}) =>
  (await running.client.submit({ definition, input })).id;
const ran = async (definition: string, input: JsonObject = {}): Promise<Run> =>
  running.client.wait(await submit(definition, input));

/** Answers nobody before so many requests are open at once, then each after a time; counts how many it had open. */
async function slowServer(atOnce: number, ms: number) {
  const paths: string[] = [];
  let open = 0;
  let most = 0;
  let enough = () => {};
  const enoughCame = new Promise<void>((come) => (enough = come));
  const server = createServer(async (request, response) => {
    paths.push(request.url ?? "");
    open += 1;
    most = Math.max(most, open);
    if (open === atOnce) enough();
    await enoughCame;
    await sleep(ms);
    open -= 1;
    response.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    most: () => most,
    paths: () => paths,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

/** Runs that a run's steps have started. */
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

  test("of no items is an empty list, and starts nothing", async () => {
    const run = await ran(
      "name: none\nsteps:\n  - id: each\n    map: { over: [], steps: [{ id: a, wait: { for: 1d } }] }\n",
    );
    expect(run.output).toEqual([]);
    expect(await childrenOf(run.id)).toEqual([]);
  });

  test("has no more items under way than it may, whatever workers there are", async () => {
    const other = await running.anotherWorker();
    const server = await slowServer(5, 20);
    const run = await ran(
      `name: limited
steps:
  - id: each
    map:
      over: "(1..30)"
      concurrency: 5
      steps:
        - id: ask
          http: { url: "${server.url}/{{ input.item }}" }
`,
    );
    await server.close();
    await other.close();
    expect(run.status).toBe("succeeded");
    expect(run.output).toHaveLength(30);
    expect(server.most()).toBe(5);
    expect(server.paths().sort()).toEqual(Array.from({ length: 30 }, (_, i) => `/${i + 1}`).sort());
  });

  test("of a thousand items ends once, with every output in its place", { timeout: 180_000 }, async () => {
    const id = await submit(
      `name: thousand
input: { type: object, properties: { list: { type: array } } }
steps:
  - id: each
    map:
      over: input.list
      concurrency: 40
      steps:
        - id: nap
          wait: { for: 1ms }
        - id: double
          transform: input.item * 2
  - id: sum
    transform: $sum(steps.each.output)
`,
      { list: Array.from({ length: 1_000 }, (_, i) => i) },
    );
    const run = await running.client.wait(id);
    expect(run).toMatchObject({ status: "succeeded", output: 999_000 });
    const { steps } = await running.client.get(id, { outputs: true });
    expect(steps[0]?.output).toEqual(Array.from({ length: 1_000 }, (_, i) => 2 * i));
    const history = await running.client.history(id);
    expect(history.filter(({ type }) => type === "step.succeeded")).toHaveLength(2);
    // What it tells is no longer for a thousand items than for two.
    expect(history.length).toBeLessThan(15);
    expect(await running.redis.redis.exists(`switchyard:{${id}}:memos`)).toBe(0);
  });

  test("fails with the first item that fails, and ends the others", async () => {
    const id = await submit(
      `name: broken-item
steps:
  - id: each
    map:
      over: [1, 0, 1, 1, 1]
      concurrency: 3
      steps:
        - id: s
          switch:
            input: { item: "{{ input.item }}" }
            cases: [{ when: input.item == 0, steps: [{ id: t, transform: "1 + 'x'" }] }]
            default: { steps: [{ id: forever, wait: { signal: never } }] }
`,
    );
    const run = await running.client.wait(id);
    expect(run.error).toMatchObject({
      code: "child_failed",
      message: expect.stringContaining('Step "each": Item 1: run run_'),
      details: { index: 1 },
    });
    await eventually(async () => {
      const children = await childrenOf(id);
      expect(children.map(({ status }) => status).sort()).toEqual(["cancelled", "cancelled", "failed"]);
    });
  });

  test("that continues has null where an item failed, even one that could not be started", async () => {
    await running.client.store(`name: of-texts
input: { type: object, required: [item], properties: { item: { type: string } } }
steps:
  - id: t
    transform: "input.item = 'bad' ? $error('no') : $uppercase(input.item)"
`);
    const run = await ran(
      `name: continues
steps:
  - id: each
    map: { over: [a, 2, bad, d], on_error: continue, workflow: of-texts }
`,
    );
    expect(run).toMatchObject({ status: "succeeded", output: ["A", null, null, "D"] });
  });

  test("gives every item the version that was the newest when it began", async () => {
    const { client } = running;
    const version = (n: number) => `name: versioned\nsteps:\n  - id: w\n    wait: { signal: go }\noutput: ${n}\n`;
    await client.store(version(1));
    const id = await submit(
      "name: pinned\nsteps:\n  - id: each\n    map: { over: [1, 2], concurrency: 1, workflow: versioned }\n",
    );
    const open = (count: number) =>
      eventually(async () => {
        const { runs } = await client.list({ parent: id });
        expect(runs).toHaveLength(count);
        return runs.find(({ status }) => status !== "succeeded")?.id ?? "";
      });
    const first = await open(1);
    await client.store(version(2));
    await client.signal(first, "go");
    await client.signal(await open(2), "go");
    expect((await client.wait(id)).output).toEqual([1, 1]);
  });

  test.each([
    ["what is no list", "input.n", "map.over gives a number, not a list."],
    ["too many items", '"(1..10001)"', "map.over gives 10001 items; at most 10000 are taken."],
  ])("of %s fails", async (_name, over, message) => {
    const run = await ran(
      `name: no-list\nsteps:\n  - id: each\n    map: { over: ${over}, steps: [{ id: a, wait: { for: 1ms } }] }\n`,
      { n: 3 },
    );
    expect(run.error).toMatchObject({ code: "step_failed", message: expect.stringContaining(message) });
  });

  test("whose outputs are too large together fails, and keeps none of them", async () => {
    const small = await startApp({ SWITCHYARD_OUTPUT_LIMIT: "4kb" });
    try {
      const definition = `name: large
steps:
  - id: each
    map: { over: "(1..10)", steps: [{ id: a, transform: "$pad('', 1000, 'x')" }] }
`;
      const { id } = await small.client.submit({ definition });
      expect((await small.client.wait(id)).error).toMatchObject({
        code: "payload_too_large",
        message: expect.stringContaining("SWITCHYARD_OUTPUT_LIMIT"),
      });
    } finally {
      await small.close();
    }
  });
});

describe("a loop", () => {
  const counting = (more: string) => `name: counting
steps:
  - id: again
    loop:
      until: output.n >= input.goal
      max: 6
      input: { goal: 4 }
${more}
      steps:
        - id: add
          transform: '{ "n": (input.previous ? input.previous.n : 0) + 1, "round": input.index }'
`;

  test("gives each round what the one before gave, until it is enough", async () => {
    const run = await ran(counting(""));
    expect(run).toMatchObject({ status: "succeeded", output: { n: 4, round: 3 } });
    expect(await childrenOf(run.id)).toHaveLength(4);
  });

  test("that reaches its bound fails, or goes on with what it has", async () => {
    const without = counting("").replace("goal: 4", "goal: 9");
    expect((await ran(without)).error).toMatchObject({ code: "loop_unfinished", details: { rounds: 6 } });
    const run = await ran(without.replace("      max: 6", "      max: 6\n      on_max: continue"));
    expect(run.output).toEqual({ n: 6, round: 5 });
  });

  test("whose expression reads what a round did not give fails with its place", async () => {
    const run = await ran(counting("").replace("output.n", "output.count"));
    expect(run.error).toMatchObject({
      code: "template_failed",
      message: expect.stringContaining('Step "again", loop.until: output.count is missing'),
    });
  });

  test("ends with the round that fails", async () => {
    const run = await ran(counting("").replace("transform: '", 'transform: \'$error("no") & '));
    expect(run.error).toMatchObject({ code: "child_failed", details: { index: 0 } });
    expect(await childrenOf(run.id)).toHaveLength(1);
  });
});

describe("parallel branches", () => {
  test("run at once and give their outputs by name", async () => {
    const definition = `name: both
input: { type: object, properties: { text: { type: string } } }
steps:
  - id: views
    parallel:
      input: { text: "{{ input.text }}" }
      branches:
        long: { steps: [{ id: a, wait: { signal: on } }, { id: b, transform: $length(input.text) }] }
        loud: { steps: [{ id: a, transform: $uppercase(input.text) & input.mark }], input: { mark: "!" } }
output: "{{ steps.views.output }}"
`;
    const id = await submit(definition, { text: "word" });
    // Both are there before either is needed.
    const children = await eventually(async () => {
      const { runs } = await running.client.list({ parent: id });
      expect(runs.map(({ workflow }) => workflow).sort()).toEqual(["both.views.long", "both.views.loud"]);
      return runs;
    });
    await running.client.signal(children.find(({ workflow }) => workflow.endsWith("long"))?.id ?? "", "on");
    expect((await running.client.wait(id)).output).toEqual({ long: 4, loud: "WORD!" });
  });

  test("fail with the one that fails, and the others end", async () => {
    const id = await submit(`name: one-bad
steps:
  - id: p
    parallel:
      branches:
        stuck: { steps: [{ id: a, wait: { signal: never } }] }
        bad: { steps: [{ id: a, transform: "1 + 'x'" }] }
`);
    expect((await running.client.wait(id)).error).toMatchObject({ code: "child_failed", details: { branch: "bad" } });
    await eventually(async () =>
      expect((await childrenOf(id)).map(({ status }) => status).sort()).toEqual(["cancelled", "failed"]),
    );
  });
});

describe("a race", () => {
  const race = (fast: string) => `name: race
steps:
  - id: r
    race:
      branches:
        stuck: { steps: [{ id: a, wait: { signal: never } }] }
        broken: { steps: [{ id: a, transform: "1 + 'x'" }] }
        fast: { steps: [${fast}] }
output: "{{ steps.r.output }}"
`;

  test("is won by the first that succeeds; one that fails loses, one that goes on ends", async () => {
    const id = await submit(race('{ id: n, wait: { for: 200ms } }, { id: a, transform: "42" }'));
    expect((await running.client.wait(id)).output).toEqual({ winner: "fast", output: 42 });
    await eventually(async () =>
      expect((await childrenOf(id)).map(({ workflow, status }) => `${workflow} ${status}`).sort()).toEqual([
        "race.r.broken failed",
        "race.r.fast succeeded",
        "race.r.stuck cancelled",
      ]),
    );
  });

  test("that nobody wins fails with every reason", async () => {
    const run = await ran(`name: nobody
steps:
  - id: r
    race:
      branches:
        a: { steps: [{ id: a, transform: "$error('first')" }] }
        b: { steps: [{ id: a, transform: "$error('second')" }] }
`);
    expect(run.error).toMatchObject({
      code: "child_failed",
      message: expect.stringMatching(/branch a.*first.*branch b.*second/),
    });
  });
});

describe("a switch", () => {
  const sorting = `name: sorting
input: { type: object, properties: { kind: { type: string } } }
steps:
  - id: s
    switch:
      input: { kind: "{{ input.kind }}" }
      cases:
        - { when: input.kind == "a", steps: [{ id: t, transform: "'first ' & input.kind" }] }
        - { when: input.kind != "z", steps: [{ id: t, transform: "'second ' & input.kind" }] }
  - id: after
    transform: '{ "was": steps.s.output }'
`;

  test.each([
    ["a", "first a", 1],
    ["b", "second b", 1],
    ["z", null, 0],
  ])("on %s gives %s", async (kind, was, runs) => {
    const run = await ran(sorting, { kind });
    expect(run.output).toEqual({ was });
    expect(await childrenOf(run.id)).toHaveLength(runs);
  });

  test("runs its default where no case holds, and fails as it does", async () => {
    const definition = sorting.replace(
      "  - id: after",
      "      default: { steps: [{ id: t, transform: \"$error('no such kind')\" }] }\n  - id: after",
    );
    expect((await ran(definition, { kind: "z" })).error).toMatchObject({
      code: "child_failed",
      message: expect.stringContaining("no such kind"),
    });
  });
});

describe("a step with blocks that is cached", () => {
  test("gives again what it gave, and runs nothing; another list is another question", async () => {
    const definition = `name: cached
input: { type: object, properties: { list: { type: array } } }
steps:
  - id: each
    cache: 1h
    map: { over: input.list, steps: [{ id: a, wait: { for: 1ms } }, { id: t, transform: input.item * 2 }] }
`;
    const [first, again, other] = [
      await ran(definition, { list: [1, 2] }),
      await ran(definition, { list: [1, 2] }),
      await ran(definition, { list: [3] }),
    ];
    expect([first.output, again.output, other.output]).toEqual([[2, 4], [2, 4], [6]]);
    const started = await Promise.all([first, again, other].map(async ({ id }) => (await childrenOf(id)).length));
    expect(started).toEqual([2, 0, 1]);
  });

  test("where no case holds gives null, whatever other cases gave", async () => {
    const definition = `name: cached-switch
input: { type: object, properties: { n: { type: integer } } }
steps:
  - id: s
    cache: 1h
    switch: { cases: [{ when: input.n == 1, steps: [{ id: a, wait: { for: 1ms } }, { id: t, transform: "7" }] }] }
`;
    expect((await ran(definition, { n: 1 })).output).toBe(7);
    expect((await ran(definition, { n: 2 })).output).toBeNull();
  });
});

describe("blocks in blocks", () => {
  const nested = (waits: string) => `name: nested
input: { type: object, properties: { rows: { type: array } } }
steps:
  - id: rows
    map:
      over: input.rows
      steps:
        - id: cells
          map:
            over: input.item
            input: { row: "{{ input.index }}" }
            steps:
              - id: both
                parallel:
                  input: { place: "{{ input.row }}.{{ input.index }}", cell: "{{ input.item }}" }
                  branches:
                    name: { steps: [{ id: t, transform: input.place }] }
                    value: { steps: [${waits}{ id: t, transform: input.cell * 10 }] }
output: "{{ steps.rows.output }}"
`;

  test("give their outputs outwards", async () => {
    const run = await ran(nested(""), { rows: [[1, 2], [], [3]] });
    expect(run.output).toEqual([
      [
        { name: "0.0", value: 10 },
        { name: "0.1", value: 20 },
      ],
      [],
      [{ name: "2.0", value: 30 }],
    ]);
  });

  test("all end when the run is cancelled", async () => {
    const { client } = running;
    const id = await submit(nested("{ id: w, wait: { signal: never } }, "), { rows: [[1, 2], [3]] });
    const family = async (of: string): Promise<readonly Run[]> => {
      const children = await childrenOf(of);
      return [...children, ...(await Promise.all(children.map((child) => family(child.id)))).flat()];
    };
    // Two rows, three cells, two branches each.
    await eventually(async () => expect(await family(id)).toHaveLength(2 + 3 + 6));
    await client.cancel(id, { author: "ada" });
    await client.wait(id);
    await eventually(async () => {
      const open = (await family(id)).filter(({ status }) => status !== "cancelled" && status !== "succeeded");
      expect(open).toEqual([]);
    });
    const ended = (await family(id)).filter(({ status }) => status === "cancelled");
    expect(ended).toHaveLength(2 + 3 + 3);
  });

  test("are stored once for all their runs", async () => {
    const run = await ran(nested("").replace("name: nested", "name: once"), { rows: [[1], [2], [3, 4]] });
    expect(run.status).toBe("succeeded");
    for (const name of ["once.rows", "once.rows.cells", "once.rows.cells.both.name"]) {
      expect((await running.app.engine.definition(name)).version).toBe(1);
    }
  });
});

describe("the shipped workflows with blocks", () => {
  const shipped = (file: string) => readFileSync(new URL(`../../workflows/${file}.yaml`, import.meta.url), "utf8");
  const prompts = () => running.simulator.hits().map(({ prompt }) => prompt);

  test("document-review reads every part of a long text once and puts the findings together", async () => {
    running.simulator.clearHits();
    const document = readFileSync(new URL("../../docs/reference/workflow.md", import.meta.url), "utf8");
    const run = await ran(shipped("document-review"), { document, part_size: 3_000 });
    expect(run).toMatchObject({ status: "succeeded", output: { unread: [] } });
    const { parts } = run.output as { readonly parts: number };
    expect(parts).toBeGreaterThan(10);
    const read = prompts().flatMap(
      (prompt) => /^This is part (\d+) of (\d+) of a document/.exec(prompt)?.slice(1) ?? [],
    );
    const numbers = read.filter((_, i) => i % 2 === 0).map(Number);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: parts }, (_, i) => i + 1));
    expect(prompts().filter((prompt) => prompt.includes("Write a review of one page"))).toHaveLength(1);
  });

  test("document-review loses nothing of the text between its parts", async () => {
    const document = Array.from({ length: 40 }, (_, i) => `Paragraph ${i} ${"x".repeat(50)}`).join("\n\n");
    const { id } = await ran(shipped("document-review"), { document, part_size: 300 });
    const { steps } = await running.client.get(id, { outputs: true });
    const parts = steps.find((step) => step.id === "parts")?.output as readonly string[];
    expect(parts.join("\n\n")).toBe(document);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(300);
  });

  test("polished-answer goes through switch, race, loop and parallel", { timeout: 120_000 }, async () => {
    const run = await ran(shipped("polished-answer"), { question: "Why is the sky blue?", marks: 1 });
    expect(run).toMatchObject({
      status: "succeeded",
      output: { answer: expect.any(String), marks: expect.any(Number) },
    });
    const { children = [] } = await running.client.get(run.id, { children: true });
    expect(children.map(({ step }) => step).sort()).toEqual(["draft", "polish"]);
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
