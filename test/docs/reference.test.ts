import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { providerVariables } from "../../src/config/built-ins.ts";
import { loadSettings } from "../../src/config/load.ts";
import { strategyNames } from "../../src/config/settings.ts";
import { catalogue } from "../../src/core/catalogue.ts";
import { AppError } from "../../src/core/errors.ts";
import { routes } from "../../src/server/routes.ts";
import { faultKinds } from "../../src/simulator/fault.ts";
import { parseOutageScript } from "../../src/simulator/script.ts";
import { loadExample } from "../config/example-folder.ts";

const root = new URL("../../", import.meta.url);
const page = (name: string) => readFile(new URL(`docs/reference/${name}.md`, root), "utf8");

describe("the reference pages", () => {
  let generated: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    const options = { cwd: root, maxBuffer: 10_000_000 };
    const { stdout } = await promisify(execFile)("node", ["scripts/write-reference.mjs", "--json"], options);
    generated = JSON.parse(stdout) as Readonly<Record<string, string>>;
  });

  test.each(["errors", "settings", "cli", "http"])(
    "%s.md says what the program does: `node scripts/write-reference.mjs`",
    async (name) => {
      expect(await page(name)).toBe(generated[`docs/reference/${name}.md`]);
    },
  );

  test("openapi.json describes the API as it is: `node scripts/write-reference.mjs`", async () => {
    const text = await readFile(new URL("docs/reference/openapi.json", root), "utf8");
    expect(text).toBe(generated["docs/reference/openapi.json"]);
  });

  test("errors.md has every code of the catalogue", async () => {
    const text = await page("errors");
    expect(Object.keys(catalogue).filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([]);
  });

  test("settings.md has every variable that is read", async () => {
    const text = await page("settings");
    const known = [...ownVariables(), ...providerVariables];
    expect(known.length).toBeGreaterThan(15);
    expect(known.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test("the example in settings.md is a file that Switchyard takes", async () => {
    const [, yaml = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(await page("settings")) ?? [];
    const { routing, providers } = loadExample(yaml);
    expect(routing.enabled).toEqual(["openai", "anthropic", "azure-openai", "gemini", "office"]);
    expect(providers.map(({ name }) => name)).toEqual([...routing.enabled, "ollama", "bedrock", "acme"]);
  });

  test("the outage script in simulator.md is one that the simulator takes", async () => {
    const [, yaml = ""] = /^```yaml\n(seed:[\s\S]*?)^```$/m.exec(await page("simulator")) ?? [];
    expect(parseOutageScript(yaml).outages).toHaveLength(3);
  });

  test("http.md has every route of the API", async () => {
    const text = await page("http");
    const missing = routes.filter(({ method, url }) => !text.includes(`| \`${method} ${url}\` |`));
    expect(missing.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
  });

  test("simulator.md has every kind of fault, routing.md every strategy", async () => {
    const [simulator, routing] = await Promise.all([page("simulator"), page("routing")]);
    expect(faultKinds.filter((kind) => !simulator.includes(`| \`${kind}\` |`))).toEqual([]);
    expect(strategyNames.filter((name) => !routing.includes(`| \`${name}\``))).toEqual([]);
  });
});

/** Our variables, as the message for an unknown one lists them. */
function ownVariables(): readonly string[] {
  try {
    loadSettings({ env: { SWITCHYARD_QQQQQQQQQQQQ: "1" }, cwd: "/", file: "/dev/null" });
  } catch (error) {
    if (error instanceof AppError) return error.message.match(/SWITCHYARD_[A-Z_]+[A-Z]/g)?.slice(1) ?? [];
  }
  return [];
}
