import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadScript } from "../../src/redis/script.ts";
import { namedWorkflows } from "../../src/workflow/named-workflows.ts";
import { startReplyThief } from "../support/reply-thief.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let app: RunningApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const waiting = (name: string, note = "") =>
  ({ name, description: note, steps: [{ id: "pause", wait: { signal: "go" } }] }) as const;

describe("deleting a workflow", () => {
  test("is refused while runs, schedules, triggers or other workflows need it, and tells all of these", async () => {
    const { client } = app;
    await client.store(waiting("used"));
    const { id } = await client.submit({ workflow: "used" });
    await client.setSchedule("nightly", { workflow: "used", cron: "0 3 * * *" });
    await client.setTrigger("shop", { workflow: "used" });
    await client.store({ name: "outer", steps: [{ id: "inner", workflow: { name: "used" } }] });
    await expect(client.workflows.delete("used")).rejects.toMatchObject({
      code: "workflow_in_use",
      status: 409,
      details: { runs: [id], schedules: ["nightly"], triggers: ["shop"], workflows: ["outer"] },
    });
    expect(await client.workflows.show("used")).toMatchObject({ version: 1 });
    await client.cancel(id);
    await client.wait(id);
    await client.removeSchedule("nightly");
    await client.removeTrigger("shop");
    await client.workflows.delete("outer");
    await client.workflows.delete("used");
    expect((await client.workflows.list()).workflows).toEqual([]);
  });

  test("leaves the runs that have ended, and begins no others", async () => {
    const { client } = app;
    await client.store(waiting("gone"));
    const { id } = await client.submit({ workflow: "gone" });
    await client.signal(id, "go");
    await client.wait(id);
    await client.workflows.delete("gone");
    const missing = { code: "workflow_not_found", status: 404 };
    expect(await client.get(id)).toMatchObject({ status: "succeeded", workflow: "gone" });
    await expect(client.submit({ workflow: "gone" })).rejects.toMatchObject(missing);
    await expect(client.submit({ workflow: "gone", version: 1 })).rejects.toMatchObject(missing);
    await expect(client.fork(id, "pause")).rejects.toMatchObject(missing);
    await expect(client.workflows.show("gone", 1)).rejects.toMatchObject(missing);
    await expect(client.workflows.versions("gone")).rejects.toMatchObject(missing);
    await expect(
      client.setSchedule("later", { workflow: "gone", version: 1, cron: "* * * * *" }),
    ).rejects.toMatchObject(missing);
    await expect(client.setTrigger("later", { workflow: "gone", version: 1 })).rejects.toMatchObject(missing);
    await expect(client.workflows.delete("gone")).rejects.toMatchObject(missing);
  });

  test("frees the name: stored again, its versions go on, and equal content is the version that it was", async () => {
    const { client } = app;
    await client.store(waiting("again"));
    await client.store(waiting("again", "changed"));
    await client.workflows.delete("again");
    expect(await client.store(waiting("again"))).toEqual({ name: "again", version: 1 });
    expect((await client.workflows.versions("again")).map(({ version }) => version)).toEqual([2, 1]);
    await client.workflows.delete("again");
    expect(await client.store(waiting("again", "changed once more"))).toEqual({ name: "again", version: 3 });
  });
});

describe("a deletion whose reply is lost on the way", () => {
  test("is whole all the same: asked again, there is no such workflow", async () => {
    const { lua } = loadScript("delete_workflow", new URL("../../src/engine/lua/delete_workflow.lua", import.meta.url));
    const thief = await startReplyThief(app.redis.port);
    const other = await app.another({ REDIS_URL: thief.url });
    await other.client.store(waiting("robbed"));
    thief.steal(lua);
    await expect(other.client.workflows.delete("robbed")).rejects.toMatchObject({ code: "redis_unavailable" });
    expect(thief.stolen()).toBe(1);
    await expect(app.client.workflows.delete("robbed")).rejects.toMatchObject({ code: "workflow_not_found" });
    expect((await app.client.workflows.list()).workflows.map(({ name }) => name)).not.toContain("robbed");
    await other.close();
    await thief.close();
  });
});

describe("the workflows that a definition runs", () => {
  test("are those of steps, blocks and tools; inputs and templates say nothing", () => {
    const definition = {
      name: "x",
      steps: [
        { id: "a", workflow: { name: "one", input: { workflow: "no" } } },
        { id: "b", map: { over: "{{ input.list }}", workflow: "two" } },
        { id: "c", loop: { steps: [{ id: "d", workflow: { name: "three" } }] } },
        { id: "e", agent: { tools: { f: { workflow: { name: "four" } } } } },
        { id: "g", workflow: { name: "{{ input.which }}" } },
      ],
    };
    expect([...namedWorkflows(definition)]).toEqual(["one", "two", "three", "four"]);
  });
});
