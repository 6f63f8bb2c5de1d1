import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
afterEach(async () => {
  await running.simulator.close();
  await running.redis.close();
});

describe("stopping a process", () => {
  test("ends although a step is at work whose result no Redis takes", async () => {
    running = await startApp({ SWITCHYARD_GRACE: "0s" });
    await running.client.store(twoSteps);
    await running.simulator.down("openai", { kind: "hold" });
    await running.client.submit({ workflow: "two-steps", input: { topic: "stops" } });
    await eventually(() => expect(running.simulator.hits("openai")).toHaveLength(1));
    await running.redis.close();
    await running.app.close();
    await expect(fetch(running.url)).rejects.toThrow("fetch failed");
  });
});
