import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deepest, nestsDeeper } from "../../src/server/nesting.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const lists = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const post = (path: string, body: string) =>
  fetch(`${running.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body });

describe("a body that nests very deep", () => {
  const tool = (schema: string) =>
    `{"model":"auto","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}]}`;
  const definition = (schema: string) =>
    `{"definition":{"name":"x","steps":[{"id":"a","llm":{"prompt":"x","schema":${schema}}}]},"input":{}}`;

  test.each([
    ["/v1/chat/completions", tool(objects(20_000))],
    ["/v1/messages", `{"model":"auto","max_tokens":5,"messages":${lists(20_000)}}`],
    ["/v1/runs", definition(objects(20_000))],
    ["/v1/runs", `{"definition":"x","input":${objects(100_000)}}`],
  ])("is refused with a status of the client's own at %s", async (path, body) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(`nests deeper than ${deepest}`);
  });

  test("is measured without walking too deep itself", () => {
    expect(nestsDeeper(JSON.parse(objects(5_000)), 5_000)).toBe(false);
    expect(nestsDeeper(JSON.parse(objects(5_000)), 4_999)).toBe(true);
    expect(nestsDeeper(JSON.parse(lists(300_000)), 500)).toBe(true);
    expect(nestsDeeper(new Uint8Array(1_000_000), 0)).toBe(false);
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(6), (value, most) => {
        expect(nestsDeeper(value, most)).toBe(depthOf(value) > most);
      }),
    );
  });
});
