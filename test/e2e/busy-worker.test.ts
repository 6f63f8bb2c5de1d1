import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";

let fleet: Fleet;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  fleet = await Fleet.start();
  for (let i = 0; i < 2; i++) {
    const worker = fork(new URL("../support/busy-worker.mjs", import.meta.url), [fleet.redis.url]);
    await once(worker, "message");
    workers.push(worker);
  }
});
afterAll(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await fleet?.close();
});

describe("a worker that computes without a pause for several times the length of a lock", () => {
  test("is not taken for dead: its step is executed once", async () => {
    const definition = { name: "busy", steps: [{ id: "compute", busy: { ms: 7_000 }, timeout: "1m" }] };
    workers[0]?.send(definition);
    const [{ run }] = (await once(workers[0] as ChildProcess, "message")) as [{ run: string }];
    const events = await eventually(async () => {
      const found = await fleet.client.history(run);
      expect(found.at(-1)?.type).toBe("run.succeeded");
      return found;
    }, 40_000);
    expect(events.filter((event) => event.type === "step.started")).toHaveLength(1);
  });
});
