import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp, twoSteps } from "../server/running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

describe("the client in a browser", () => {
  test("its bundle holds nothing of Node's, and works with the global fetch alone", async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [new URL("../../src/client/client.ts", import.meta.url).pathname],
      bundle: true,
      platform: "browser",
      format: "esm",
      write: false,
      metafile: true,
    });
    const text = outputFiles[0]?.text ?? "";
    const outside = Object.keys(metafile.inputs).filter((path) => !path.includes("src/"));
    expect(outside).toEqual([]);
    expect(text).not.toMatch(/from "(node:|undici)/);
    const { SwitchyardClient } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    const client = new SwitchyardClient({ url: running.url });
    const { id } = await client.submit({ definition: twoSteps, input: { topic: "bees" } });
    const types: string[] = [];
    for await (const event of client.events(id)) types.push(event.type);
    expect(types.at(-1)).toBe("run.succeeded");
    expect((await client.wait(id)).status).toBe("succeeded");
    expect(await client.attempts(id, "first")).toMatchObject([{ attempt: 1, status: "succeeded" }]);
    expect((await client.workflows.list()).workflows).toMatchObject([{ name: "two-steps", lastRun: id }]);
    expect(await client.approvals()).toEqual([]);
    expect((await client.providers()).length).toBe(3);
    const many = await client.submitMany([{ workflow: "two-steps" }, { workflow: "two-steps", input: { topic: "x" } }]);
    expect(many).toMatchObject([{ status: 400, problem: { code: "invalid_input" } }, { status: 202 }]);
    await client.remove(id);
    await expect(client.get(id)).rejects.toMatchObject({ code: "run_not_found" });
  });
});
