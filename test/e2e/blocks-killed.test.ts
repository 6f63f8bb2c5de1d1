import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
});
afterAll(() => fleet?.close());

const items = 40;

/** Each item asks the provider once, and waits on both sides of it. */
const mapping = (tag: string) => `name: ${tag}
steps:
  - id: each
    map:
      over: "(1..${items})"
      concurrency: 8
      steps:
        - id: before
          wait: { for: 1ms }
        - id: ask
          llm: { prompt: "Item {{ input.item }} of ${tag}." }
        - id: after
          wait: { for: 1ms }
      output: "{{ input.item }}"
  - id: count
    transform: $count(steps.each.output)
output: { list: "{{ steps.each.output }}", count: "{{ steps.count.output }}" }
`;

/** How often the provider was asked of each item. */
function asked(tag: string): readonly number[] {
  const times = new Map<number, number>();
  for (const { prompt } of fleet.simulator.hits("openai")) {
    const [, item, of] = /^Item (\d+) of ([\w-]+)\./.exec(prompt) ?? [];
    if (of === tag) times.set(Number(item), (times.get(Number(item)) ?? 0) + 1);
  }
  return Array.from({ length: items }, (_, i) => times.get(i + 1) ?? 0);
}

const submit = async (tag: string) => (await fleet.client.submit({ definition: mapping(tag) })).id;

/** The run has every item once and in order, its join has run once, and so has every item's run. */
async function expectWhole(id: string): Promise<void> {
  const run = await fleet.ended(id, 60_000);
  const list = Array.from({ length: items }, (_, i) => i + 1);
  expect(run).toMatchObject({ status: "succeeded", output: { list, count: items } });
  expect(asked(run.workflow).filter((times) => times < 1)).toEqual([]);
  const { runs } = await fleet.client.list({ parent: id, limit: 500 });
  expect(runs).toHaveLength(items);
  for (const child of runs) {
    expect(child.status).toBe("succeeded");
    await fleet.expectWholeHistory(child.id);
  }
}

describe("a worker that dies in the middle of a map", () => {
  test("loses no item and doubles none", async () => {
    const tag = "killed-map";
    const victims = await Promise.all([fleet.worker(), fleet.worker()]);
    await fleet.simulator.down("openai", { kind: "hold", match: `Item 20 of ${tag}.` });
    const id = await submit(tag);
    await eventually(() => expect(asked(tag)[19]).toBe(1));
    const heir = await fleet.worker();
    for (const victim of victims) victim.kill("SIGKILL");
    await eventually(() => expect(asked(tag)[19]).toBe(2), 20_000);
    await fleet.simulator.up("openai");
    await expectWhole(id);
    // Only what was under way when it died may have been asked twice: with its idempotency key.
    expect(asked(tag).filter((times) => times > 1).length).toBeLessThanOrEqual(8);
    heir.kill("SIGKILL");
    await heir.ended;
  });

  test.each(["after-begin", "after-child", "after-park", "after-reply", "after-commit"] as const)(
    "%s of the map itself loses nothing either",
    async (point) => {
      const tag = `at-${point}`;
      const victim = await fleet.worker({ SWITCHYARD_CRASH_AT: `${point}:each` });
      const id = await submit(tag);
      expect(await victim.ended).toBe("SIGKILL");
      const heir = await fleet.worker();
      await expectWhole(id);
      heir.kill("SIGKILL");
      await heir.ended;
    },
  );
});
