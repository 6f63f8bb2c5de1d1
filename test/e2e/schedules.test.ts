import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
  await running.client.store("name: tick\nsteps:\n  - id: s\n    wait: { for: 1ms }\n");
  await running.client.store("name: slow\nsteps:\n  - id: s\n    wait: { signal: go }\n");
  await running.client.store(
    "name: picky\ninput: { type: object, required: [n], properties: { n: { type: number } } }\nsteps:\n  - id: s\n    wait: { for: 1ms }\n",
  );
});
afterAll(() => running.close());

const runsOf = async (workflow: string) => (await running.client.list({ workflow })).runs;

describe("a schedule", () => {
  test("begins a run at each of its times, once, until it is removed", async () => {
    const set = await running.client.setSchedule(
      "every-second",
      { workflow: "tick", cron: "* * * * * *" },
      { author: "ada" },
    );
    expect(set).toMatchObject({ workflow: "tick", timezone: "UTC", by: "ada", version: null, lastRun: null });
    expect(set.nextAt).toBeGreaterThan(Date.now() - 2_000);
    await eventually(async () => expect((await runsOf("tick")).length).toBeGreaterThanOrEqual(2));
    await running.client.removeSchedule("every-second");
    expect(await running.client.schedules()).toEqual([]);
    const runs = await runsOf("tick");
    for (const { id } of runs) expect((await running.client.wait(id)).status).toBe("succeeded");
    // Two runs of one second would be one time begun twice.
    const seconds = runs.map(({ createdAt }) => Math.round(createdAt / 1_000));
    expect(new Set(seconds).size).toBeGreaterThanOrEqual(seconds.length - 1);
  });

  test("with overlap: skip begins none while the one before still runs", async () => {
    await running.client.setSchedule("one-at-a-time", { workflow: "slow", cron: "* * * * * *", overlap: "skip" });
    await eventually(async () => expect(await runsOf("slow")).toHaveLength(1));
    // Two more of its times pass.
    await new Promise((later) => setTimeout(later, 2_200));
    expect(await runsOf("slow")).toHaveLength(1);
    const [first] = await runsOf("slow");
    await running.client.signal(first?.id ?? "", "go");
    await eventually(async () => expect(await runsOf("slow")).toHaveLength(2));
    await running.client.removeSchedule("one-at-a-time");
  });

  test("is refused with everything that is wrong, and nothing of it is kept", async () => {
    const bad = running.client.setSchedule("bad", { workflow: "tick", cron: "every day", timezone: "Mars/Base" });
    await expect(bad).rejects.toMatchObject({
      code: "bad_request",
      problems: [expect.objectContaining({ path: "timezone" }), expect.objectContaining({ path: "cron" })],
    });
    await expect(running.client.setSchedule("bad", { workflow: "tock", cron: "0 7 * * *" })).rejects.toMatchObject({
      code: "workflow_not_found",
    });
    await expect(running.client.setSchedule("bad", { workflow: "picky", cron: "0 7 * * *" })).rejects.toMatchObject({
      code: "invalid_input",
    });
    await expect(running.client.removeSchedule("bad")).rejects.toMatchObject({ code: "schedule_not_found" });
    expect(await running.client.schedules()).toEqual([]);
  });

  test("goes by its time zone", async () => {
    const berlin = await running.client.setSchedule("berlin", {
      workflow: "tick",
      cron: "0 7 1 1 *",
      timezone: "Europe/Berlin",
    });
    expect(new Date(berlin.nextAt ?? 0).toISOString()).toMatch(/-01-01T06:00:00.000Z$/);
    await running.client.removeSchedule("berlin");
  });

  test("whose job scheduler was lost gets it back", async () => {
    await running.client.setSchedule("lost", { workflow: "tick", cron: "0 7 1 1 *" });
    const queue = new Queue("control", { connection: running.redis.redis, prefix: "{switchyard}" });
    await queue.removeJobScheduler("schedule-lost");
    expect((await running.client.schedules())[0]?.nextAt).toBeNull();
    await queue.add("reconcile", { run: "", workflow: "", version: 0 });
    await eventually(async () => expect((await running.client.schedules())[0]?.nextAt).not.toBeNull());
    await running.client.removeSchedule("lost");
  });
});
