import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "../../src/core/errors.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import { mixed } from "../support/mixed.ts";
import { expectNothingLeft, expectSoundRun } from "../support/soundness.ts";

/** Further by hand: REWINDS=20 LOSS_MS=3000 npx vitest run test/e2e/rewind.test.ts */
const rewinds = Number(process.env.REWINDS ?? 3);
const lossMs = Number(process.env.LOSS_MS ?? 1_000);

describe("a Redis that goes back in time while every process goes on", () => {
  let fleet: Fleet;
  let isOver = false;
  beforeAll(async () => {
    fleet = await Fleet.start();
    await fleet.client.store(mixed);
    await Promise.all([fleet.worker(), fleet.worker(), fleet.worker()]);
  });
  afterAll(() => fleet?.close());

  /** Submits one run after the other until all rewinds are over; every third brings a definition of its own, and so makes a version. */
  async function submitting(): Promise<readonly string[]> {
    const accepted: string[] = [];
    for (let i = 0; !isOver; i++) {
      const input = { tag: `r${i}`, odd: i % 2 === 1 };
      const what = i % 3 === 0 ? { definition: { ...mixed, description: `The ${i}th.` } } : { workflow: mixed.name };
      accepted.push((await eventually(() => fleet.client.submit({ ...what, input }))).id);
    }
    return accepted;
  }

  async function isLost(runId: string): Promise<boolean> {
    try {
      await fleet.client.get(runId);
      return false;
    } catch (error) {
      if (error instanceof AppError && error.code === "run_not_found") return true;
      throw error;
    }
  }

  test("a job that is sent to it although its run is lost is dropped, whether the run's workflow is lost too or another one by now", async () => {
    const queue = new Queue("llm", { connection: { url: fleet.redis.url }, prefix: keysOf("switchyard").queues });
    for (const of of [
      { version: 99, actor: "last" },
      { version: 1, actor: "nobody" },
    ]) {
      const job = await queue.add("lost", { run: "run_lost", workflow: mixed.name, epoch: 3, ...of }, { attempts: 9 });
      await eventually(async () => expect(await queue.getJobState(job.id ?? "")).toBe("completed"));
    }
    await queue.close();
  });

  test(
    "a run is gone as if it had never been accepted, or it ends with a whole history; none is stuck",
    async () => {
      const submitted = submitting();
      for (let n = 0; n < rewinds; n++) {
        await sleep(1_000);
        await fleet.rewindRedis(lossMs);
      }
      isOver = true;
      let kept = 0;
      for (const id of await submitted) {
        if (await isLost(id)) continue;
        await fleet.ended(id, 60_000);
        await expectSoundRun(fleet, id);
        kept += 1;
      }
      expect(kept).toBeGreaterThan(0);
      await eventually(() => expectNothingLeft(fleet));
    },
    120_000 + rewinds * (5_000 + lossMs),
  );
});
