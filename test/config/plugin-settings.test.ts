import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listSettings } from "../../src/config/listing.ts";
import { loadWithOrigins } from "../../src/config/load.ts";
import { AppError } from "../../src/core/errors.ts";

const cwd = mkdtempSync(join(tmpdir(), "switchyard-plugin-settings-"));
beforeAll(() => {
  mkdirSync(join(cwd, "providers"));
  mkdirSync(join(cwd, "node_modules/pack"), { recursive: true });
  writeFileSync(join(cwd, "providers/mine.mjs"), "");
  writeFileSync(join(cwd, "node_modules/pack/package.json"), '{ "exports": { "import": "./esm.js" } }');
  writeFileSync(join(cwd, "node_modules/pack/esm.js"), "");
});
afterAll(() => rmSync(cwd, { recursive: true }));

const load = (entry: string, env: Record<string, string> = {}, name = "mine") => {
  writeFileSync(join(cwd, "switchyard.yaml"), `providers:\n  ${name}: ${entry}\n`);
  return loadWithOrigins({ env, cwd });
};
const refused = (...args: Parameters<typeof load>): string => {
  try {
    load(...args);
  } catch (error) {
    if (error instanceof AppError) return error.message;
  }
  return "";
};

describe("the settings of a plug-in", () => {
  test("name a module and a model; the rest is as for any provider", () => {
    const entry =
      "{ type: plugin, module: ./providers/mine.mjs, model: m, api_key: 'k1,k2', timeout: 5s, options: { a: 1 } }";
    expect(load(entry).settings.providers[0]).toMatchObject({
      name: "mine",
      type: "plugin",
      endpoint: "",
      model: "m",
      timeoutMs: 5_000,
      plugin: {
        module: "./providers/mine.mjs",
        url: pathToFileURL(join(cwd, "providers/mine.mjs")).href,
        options: { a: 1 },
        secrets: [],
      },
    });
    expect(load("{ type: plugin, module: pack, model: m }").settings.providers[0]?.plugin?.url).toBe(
      pathToFileURL(join(cwd, "node_modules/pack/esm.js")).href,
    );
  });

  test.each([
    ["{ type: plugin }", "A plug-in needs module."],
    ["{ type: plugin }", "A plug-in needs model."],
    ["{ type: plugin, model: m, module: ./nowhere.mjs }", `There is no module ${join(cwd, "nowhere.mjs")}.`],
    ["{ type: plugin, model: m, module: ./providers }", "is no file; name the module in it."],
    ["{ type: plugin, model: m, module: providers/mine.mjs }", "Did you mean ./providers/mine.mjs?"],
    ["{ type: plugin, model: m, module: no-such-package }", "No package no-such-package is installed"],
    ["{ type: plugin, model: m, module: 7 }", "a path (./providers/mine.mjs) or a package's name"],
    ["{ type: plugin, model: m, module: pack, options: 7 }", "allowed: keys and values for the module."],
    ["{ type: plugin, model: m, module: pack, region: x }", "No setting has this name"],
    ["{ type: custom, model: m, endpoint: 'http://x', module: pack }", "No setting has this name"],
    ["{ type: plug-in, model: m, module: pack }", "says type: plugin"],
  ])("refuse %s: %s", (entry, message) => {
    expect(refused(entry)).toContain(message);
  });

  test("are refused by the community edition", () => {
    const entry = "{ type: plugin, module: pack, model: m }";
    expect(refused(entry, { EDITION: "community" })).toContain(
      "EDITION=community has no plug-ins; allowed with EDITION=enterprise.",
    );
  });

  test("cannot take a built-in provider's name", () => {
    expect(refused("{ type: plugin, module: pack, model: m }", {}, "openai")).toContain(
      "openai is a built-in provider",
    );
  });

  test("are listed without the values of the options", () => {
    const entry =
      "{ type: plugin, module: pack, model: m, api_key: the-key-0, options: { token: '${T}', plain: the-plain } }";
    const { settings, origins } = load(entry, { T: "the-token" });
    const listed = JSON.stringify(listSettings({ settings, origins }));
    expect(listed).toContain('"options"],"value":"(set, not shown)"');
    expect(listed).toContain('"module"],"value":"pack"');
    expect(listed).not.toMatch(/the-(token|plain|key)/);
    expect(settings.providers[0]?.plugin?.secrets).toEqual(["the-token"]);
  });
});
