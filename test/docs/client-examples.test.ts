import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";

let app: RunningApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await app.close();
});

const root = new URL("../../", import.meta.url);
const page = () => readFile(new URL("docs/reference/client.md", root), "utf8");

describe("client.md", () => {
  test("its examples run, one after the other, and print what they say", async () => {
    const examples = [...(await page()).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
    expect(examples.length).toBeGreaterThan(6);
    const { outputFiles } = await build({
      stdin: { contents: examples.join("\n"), loader: "ts", resolveDir: app.redis.directory },
      alias: { "switchyard/client": new URL("src/client/client.ts", root).pathname },
      bundle: true,
      platform: "node",
      format: "esm",
      write: false,
    });
    const file = join(app.redis.directory, "client-examples.mjs");
    await writeFile(file, outputFiles[0]?.text ?? "");
    vi.stubEnv("SWITCHYARD_URL", app.url);
    const printed: (readonly unknown[])[] = [];
    vi.spyOn(console, "log").mockImplementation((...said) => void printed.push(said));
    let streamed = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      streamed += text;
      return true;
    });
    try {
      await import(/* @vite-ignore */ pathToFileURL(file).href);
    } finally {
      vi.restoreAllMocks();
      await rm(file);
    }
    expect(printed.flat().filter((value) => value === undefined || value === null || Number.isNaN(value))).toEqual([]);
    expect(printed).toContainEqual([expect.any(Number), "run.succeeded"]);
    expect(printed).toContainEqual(["succeeded", expect.any(String), expect.any(Number)]);
    expect(printed).toContainEqual(["call", "anthropic", expect.any(String)]);
    expect(printed.at(-1)).toEqual(["workflow_not_found", 404, expect.stringContaining("letter"), expect.any(String)]);
    expect(streamed.length).toBeGreaterThan(5);
  });

  test("names every method of the client", async () => {
    const text = await page();
    const client = new SwitchyardClient({ url: "http://127.0.0.1:1" });
    const named = new Set([...text.matchAll(/`(?:\w*\.)?(\w+)`/g)].map(([, name]) => name));
    const parts = [client, ...Object.values(client)].filter((part) => typeof part === "object");
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.flatMap(methodsOf).filter((name) => !named.has(name))).toEqual([]);
  });
});

/** Names of an object's methods, those of its class and of the classes above it. */
function methodsOf(part: object): readonly string[] {
  const names: string[] = [];
  for (let one = Object.getPrototypeOf(part); one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(one))) {
      if (name !== "constructor" && typeof value === "function") names.push(name);
    }
  }
  return names;
}
