import { afterAll, beforeAll, expect, test } from "vitest";
import { planCrashPoints } from "../../src/engine/crash-point.ts";
import { Fleet } from "../support/fleet.ts";

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start({ SWITCHYARD_CRASH_AT: planCrashPoints[0] });
});
afterAll(() => fleet?.close());

test("a server that is killed between a plan's claim and its run: whoever looks at the plans next finds it executing, once", async () => {
  const { id } = await fleet.client.plans.make({ goal: "Compare two vendors" });
  const { api } = fleet;
  await expect(fleet.client.plans.execute(id)).rejects.toMatchObject({ code: "server_unreachable" });
  expect(await api.ended).toBe("SIGKILL");
  await fleet.serve();
  const looks = await Promise.all([1, 2].map(() => fleet.client.plans.list()));
  const [run, ...others] = new Set(looks.map(({ plans }) => plans[0]?.run));
  expect([run, others]).toEqual([expect.stringMatching(/^run_/), []]);
  await fleet.worker();
  expect((await fleet.ended(run ?? "")).status).toBe("succeeded");
  expect(await fleet.client.plans.get(id)).toMatchObject({ status: "completed", run });
  expect((await fleet.client.list()).runs).toHaveLength(1);
});
