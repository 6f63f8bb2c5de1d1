import { afterAll, beforeAll, expect, test } from "vitest";
import { Approvals } from "../../src/engine/approvals.ts";
import { removeEnded, removeRun } from "../../src/engine/removal.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { approvalSignal } from "../../src/steps/approval.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

let running: RunningApp;
const keys = keysOf("switchyard");
beforeAll(async () => {
  running = await startApp();
  await running.client.store("name: gated\nsteps:\n  - id: gate\n    approval: { message: Go on? }\n");
});
afterAll(() => running.close());

const later = () => Date.now() + 3_600_000;

async function waiting(): Promise<string> {
  const { id } = await running.client.submit({ workflow: "gated" });
  await eventually(async () => expect((await running.client.approvals()).map(({ run }) => run)).toContain(id));
  return id;
}

test("a removal that died in its middle, wherever, is finished by the next look, and the inbox forgets the run", async () => {
  const { redis } = running.redis;
  const parts = { redis, keys };
  const [stays, ...gone] = [await waiting(), await waiting(), await waiting()];
  for (const id of gone) {
    await running.client.cancel(id);
    await running.client.wait(id);
    await eventually(async () => expect(await redis.zscore(keys.openRuns, id)).toBeNull());
  }
  const [marked = "", halfGone = ""] = gone;
  // Died once it was marked; died when some of its keys were gone.
  await redis.zadd(keys.endedRuns, "XX", 0, marked);
  await redis.zadd(keys.endedRuns, "XX", 0, halfGone);
  await redis.unlink(keys.run(halfGone).run, keys.run(halfGone).waits);
  await eventually(async () => {
    await removeEnded(parts, 0);
    expect(await redis.keys(`*{${marked}}*`)).toEqual([]);
    expect(await redis.keys(`*{${halfGone}}*`)).toEqual([]);
  });
  expect(await removeRun(parts, marked)).toBe("missing");
  const { runs } = await running.client.list({ all: true });
  expect(runs.map(({ id }) => id)).toEqual([stays]);
  const inbox = new Approvals({ redis, keys, clock: later });
  expect((await inbox.list("default", 10)).map(({ run }) => run)).toEqual([stays]);
  // What belongs to no run any more is dropped from the index, not only passed over.
  expect(await redis.zrange(keys.approvals("default"), "0", "-1")).toEqual([`${stays}|gate`]);
});

test("an entry that was written before its step was parked, by a process that died then, is dropped", async () => {
  const { redis } = running.redis;
  await new Approvals({ redis, keys, clock: Date.now }).expect("gated", "run_never", "gate", approvalSignal("gate"));
  expect(await redis.zscore(keys.approvals("default"), "run_never|gate")).not.toBeNull();
  expect(await running.client.approvals()).toHaveLength(1);
  await new Approvals({ redis, keys, clock: later }).list("default", 10);
  expect(await redis.zscore(keys.approvals("default"), "run_never|gate")).toBeNull();
});
