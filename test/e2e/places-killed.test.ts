import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../support/fleet.ts";

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start();
  await fleet.client.store("name: narrow\nconcurrency: 1\nsteps:\n  - id: only\n    transform: '1'\n");
});
afterAll(() => fleet?.close());

test("a worker that is killed while its run has the only place gives it back: the runs behind it begin one after the other", async () => {
  const victim = await fleet.worker({ SWITCHYARD_CRASH_AT: "after-commit:only" });
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await fleet.client.submit({ workflow: "narrow" })).id);
  expect(await victim.ended).toBe("SIGKILL");
  // Its run has ended, and nobody has told those that wait.
  expect((await fleet.client.get(ids[1] ?? "")).status).toBe("queued");
  await fleet.worker();
  const runs = [];
  for (const id of ids) runs.push(await fleet.ended(id, 60_000));
  expect(runs.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "succeeded"]);
  const begun = runs.map(({ steps }) => steps[0]?.startedAt ?? 0);
  for (const [i, { finishedAt }] of runs.slice(0, -1).entries())
    expect(begun[i + 1]).toBeGreaterThanOrEqual(finishedAt ?? Number.POSITIVE_INFINITY);
});
