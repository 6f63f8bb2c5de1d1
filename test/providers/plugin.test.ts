import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { AppError } from "../../src/core/errors.ts";
import { loadPlugins } from "../../src/providers/load-plugins.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { failureOf, hello, never } from "../../src/testing/provider-under-test.ts";

const secret = "sk-test-0123456789abcdefSECRET";
let folder = "";
let open: Provider[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "switchyard-plugin-"));
});
afterEach(async () => {
  await Promise.all(open.map((provider) => provider.close()));
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

const write = (path: string, text: string) => {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};

/** Loads plug-ins by their entries. */
async function load(entries: Readonly<Record<string, object>>, env: Record<string, string> = {}) {
  const providers = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, { type: "plugin", model: "m", ...entry }]),
  );
  write("switchyard.yaml", JSON.stringify({ providers }));
  const loaded = await loadPlugins(loadSettings({ env, cwd: folder }));
  open.push(...loaded.values());
  return loaded;
}

/** The provider of a module with this code. */
async function built(code: string, entry: object = {}, env: Record<string, string> = {}): Promise<Provider> {
  write("mine.mjs", code);
  const provider = (await load({ mine: { module: "./mine.mjs", ...entry } }, env)).get("mine");
  if (!provider) throw new Error("it was not loaded");
  return provider;
}

/** What a start says about modules with this code. */
async function refused(...codes: readonly string[]): Promise<readonly string[]> {
  for (const [index, code] of codes.entries()) write(`module-${index}.mjs`, code);
  const entries = Object.fromEntries(codes.map((_, index) => [`p${index}`, { module: `./module-${index}.mjs` }]));
  const error = await load(entries).catch((thrown: unknown) => thrown);
  if (!(error instanceof AppError)) throw new Error("it was taken");
  expect(error.code).toBe("invalid_settings");
  return error.problems.map(({ path, message }) => `${path}: ${message}`);
}

const ask = (provider: Provider, more: object = {}) => provider.call(hello, { model: "m", signal: never, ...more });

describe("a plug-in's module", () => {
  test("is found by a path from the settings file, or as a package beside it", async () => {
    const code = "export default ({ options }) => ({ call: async () => ({ text: options.says }) });";
    write("deep/er/mine.mjs", code);
    write("node_modules/a-package/package.json", '{ "exports": { "import": "./own.js" }, "type": "module" }');
    write("node_modules/a-package/own.js", code);
    const loaded = await load({
      mine: { module: "./deep/er/mine.mjs", options: { says: "path" } },
      theirs: { module: "a-package", options: { says: "package" } },
      absolute: { module: join(folder, "deep/er/mine.mjs"), options: { says: "absolute" } },
    });
    const said = await Promise.all([...loaded].map(async ([name, one]) => [name, (await ask(one)).text]));
    expect(Object.fromEntries(said)).toEqual({ mine: "path", theirs: "package", absolute: "absolute" });
  });

  test("may be CommonJS, and its function may take its time", async () => {
    write("mine.cjs", "module.exports = async () => ({ call: async () => ({ text: 'hi' }) });");
    write("old.cjs", "exports.__esModule = true; exports.default = () => ({ call: async () => ({ text: 'old' }) });");
    const loaded = await load({ mine: { module: "./mine.cjs" }, old: { module: "./old.cjs" } });
    expect((await ask(loaded.get("mine") as Provider)).text).toBe("hi");
    expect((await ask(loaded.get("old") as Provider)).text).toBe("old");
  });

  test("that is wrong stops the start, with everything that is wrong with each", async () => {
    expect(
      await refused(
        "export default (",
        "throw new Error('no licence');",
        "export const create = () => 1, other = 2;",
        "export default 7;",
        "export default () => { throw new TypeError('options.url is missing'); };",
        "export default () => undefined;",
        "export default () => ({ close: 'now', price: 3, serves() {} });",
        "export default () => ({ async call() {} });",
      ),
    ).toEqual([
      expect.stringMatching(/^providers\.p0\.module: \.\/module-0\.mjs cannot be loaded: .+/),
      "providers.p1.module: ./module-1.mjs cannot be loaded: no licence",
      "providers.p2.module: ./module-2.mjs has no default export, only create, other; allowed: export default (context) => provider, a function.",
      "providers.p3.module: The default export of ./module-3.mjs is no function; allowed: export default (context) => provider, a function.",
      "providers.p4.module: The function that ./module-4.mjs exports failed: TypeError: options.url is missing",
      "providers.p5.module: What ./module-5.mjs builds is no provider: it is undefined; allowed: an object with `call`.",
      "providers.p6.module: What ./module-6.mjs builds is no provider: `call` must be a function; it has none.",
      "providers.p6.module: What ./module-6.mjs builds is no provider: `price` must be a function, if it is there; it is number.",
      "providers.p6.module: What ./module-6.mjs builds is no provider: `close` must be a function, if it is there; it is string.",
    ]);
  });

  test("that fails with its key in its message does not show it", async () => {
    write("mine.mjs", "export default ({ settings }) => { throw new Error('bad ' + settings.keys[0].secret); };");
    const error = await load({ mine: { module: "./mine.mjs", api_key: secret } }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("failed: bad ***");
    expect(String(error)).not.toContain("0123456789");
  });

  test("is given its entry, its options with references resolved, and a clock", async () => {
    const provider = await built(
      `export default ({ settings, options, clock, aliases }) => ({
        call: async () => ({ text: JSON.stringify([settings.name, settings.model, options, typeof clock(), Object.keys(aliases)]) }),
      });`,
      { options: { tenant: 17, token: "${TOKEN}" } },
      { TOKEN: "token-0123" },
    );
    const [name, model, options, clock, aliases] = JSON.parse((await ask(provider)).text);
    expect([name, model, options, clock]).toEqual(["mine", "m", { tenant: 17, token: "token-0123" }, "number"]);
    expect(aliases).toContain("smart");
  });
});

describe("a plug-in's call", () => {
  const says = (answer: string) => `export default () => ({ call: async () => (${answer}) });`;

  test("is completed where it says nothing", async () => {
    const answer = await ask(await built(says('{ text: "hi", usage: { outputTokens: 3 } }')));
    expect(answer).toEqual({
      text: "hi",
      toolCalls: [],
      reasoning: [],
      finishReason: "stop",
      usage: { inputTokens: null, outputTokens: 3, cachedInputTokens: null, reasoningTokens: null },
      model: "m",
      warnings: [],
      firstTokenMs: null,
    });
  });

  test.each([
    ["nothing", "undefined", "what the plug-in made of it is no answer"],
    ["a text alone", '"hi"', "no answer"],
    ["no text", "{ usage: {} }", "text: "],
    ["tokens that are none", '{ text: "hi", usage: { inputTokens: -1, outputTokens: 1.5 } }', "usage.inputTokens: "],
    ["a tool call without a name", '{ text: "", toolCalls: [{ id: "1", arguments: "{}" }] }', "toolCalls.0.name: "],
    ["an empty text", '{ text: " " }', "empty"],
  ])("that comes to %s is malformed", async (_, answer, message) => {
    const failure = await failureOf(ask(await built(says(answer))));
    expect([failure.class, failure.message]).toEqual(["malformed", expect.stringContaining(message)]);
  });

  const throws = (what: string) => `export default () => ({ call() { throw ${what}; } });`;
  test.each([
    [
      "a class of its own",
      'Object.assign(new Error("later"), { class: "rate_limited", httpStatus: 429, retryAfterMs: 7000 })',
      { class: "rate_limited", httpStatus: 429, retryAfterMs: 7_000, message: "later" },
    ],
    ["a class that there is not", 'Object.assign(new Error("x"), { class: "weird" })', { class: "malformed" }],
    [
      "any error",
      'new TypeError("x is undefined")',
      { class: "malformed", message: expect.stringContaining("x is undefined") },
    ],
    ["no error", '"just text"', { class: "malformed", message: expect.stringContaining("just text") }],
    ["nothing", "undefined", { class: "malformed" }],
    ["a failed connection", 'Object.assign(new Error("x"), { code: "ECONNRESET" })', { class: "network" }],
  ])("that throws %s is classified", async (_, what, expected) => {
    expect(await failureOf(ask(await built(throws(what))))).toMatchObject(expected);
  });

  test("that throws its key, or what its options refer to, does not show it", async () => {
    const provider = await built(
      `export default ({ options }) => ({
        async call(_, { apiKey }) { throw Object.assign(new Error(apiKey + " and " + options.token), { class: "auth" }); },
      });`,
      { api_key: secret, options: { token: "Bearer ${TOKEN}" } },
      { TOKEN: "token-0123456789" },
    );
    expect((await failureOf(ask(provider))).message).toBe("*** and Bearer ***");
  });

  test("that hangs and heeds no signal ends when its time is over, or with its caller", async () => {
    const provider = await built("export default () => ({ call: () => new Promise(() => {}) });", { timeout: 0.1 });
    const failure = await failureOf(ask(provider));
    expect([failure.class, failure.message]).toEqual(["timeout", expect.stringContaining("0.1 s")]);
    const caller = new AbortController();
    setImmediate(() => caller.abort());
    expect((await failureOf(ask(provider, { signal: caller.signal }))).class).toBe("cancelled");
  });

  test("that tells pieces is silent once its call has failed", async () => {
    const provider = await built(
      `export default () => ({
        async call(_, { onDelta }) {
          onDelta("a");
          await new Promise((next) => { globalThis.goOn = next; });
          onDelta("b");
          globalThis.toldLate = true;
          return { text: "ab" };
        },
      });`,
      { idle_timeout: 0.1 },
    );
    const heard: string[] = [];
    const failure = await failureOf(ask(provider, { onDelta: (text: string) => heard.push(text) }));
    const plugin = globalThis as { goOn?: () => void; toldLate?: boolean };
    plugin.goOn?.();
    await expect.poll(() => plugin.toldLate).toBe(true);
    expect([failure.class, heard]).toEqual(["timeout", ["a"]]);
  });

  test("gets the key of its label; an unknown label is auth", async () => {
    const provider = await built(
      "export default () => ({ call: async (_, { apiKey, key }) => ({ text: key + '=' + apiKey }) });",
      { api_key: ["first-000", "second-000"] },
    );
    expect(provider.keys).toEqual(["key-1", "key-2"]);
    expect((await ask(provider, { key: "key-2" })).text).toBe("key-2=second-000");
    expect((await failureOf(ask(provider, { key: "key-9" }))).class).toBe("auth");
  });
});

describe("what a plug-in says of its models", () => {
  const usage = { inputTokens: 1_000, outputTokens: 500, cachedInputTokens: null, reasoningTokens: null };

  test("gives prices; those of the settings go before", async () => {
    const code = `export default () => ({
      call: async () => ({ text: "hi" }),
      price: (model) => model === "m" ? { inputPerMillion: 2, outputPerMillion: 8 } : null,
      capabilities: () => ({ contextWindow: 1000, tools: true }),
      serves: (model) => model.startsWith("mine-"),
    });`;
    const provider = await built(code);
    expect(provider.price("m")).toEqual({ inputPerMillion: 2, outputPerMillion: 8, source: "table" });
    expect(provider.costUsd("m", usage)).toBeCloseTo(0.006, 9);
    expect(provider.costUsd("m", { ...usage, inputTokens: null })).toBeNull();
    expect(provider.costUsd("other", usage)).toBeNull();
    expect(provider.costUsd("m", usage, 0.01)).toBeCloseTo(0.015, 9);
    expect([provider.capabilities("m").contextWindow, provider.serves("mine-1"), provider.serves("gpt-5")]).toEqual([
      1_000,
      true,
      false,
    ]);
    const priced = await built(code, {}, { PROVIDER_COSTS: "mine:0.02" });
    expect(priced.price("m")).toMatchObject({ inputPerMillion: 20, source: "settings" });
    expect(priced.costUsd("m", usage, null)).toBeCloseTo(0.006, 9);
  });

  test("is unknown where it fails or says nonsense: a decision does not fail with it", async () => {
    const broken = "() => { throw new Error('x'); }";
    const failing = await built(
      `export default () => ({ call: async () => ({ text: "" }), price: ${broken}, costUsd: ${broken}, capabilities: ${broken}, serves: ${broken}, close: ${broken} });`,
    );
    const none = [
      failing.price("m"),
      failing.costUsd("m", usage),
      failing.capabilities("m").contextWindow,
      failing.serves("x"),
    ];
    expect(none).toEqual([null, null, null, false]);
    const nonsense = await built(
      "export default () => ({ call: async () => ({ text: '' }), price: () => ({ inputPerMillion: -1 }), costUsd: () => NaN, capabilities: () => ({ contextWindow: 'much' }) });",
    );
    expect([nonsense.price("m"), nonsense.costUsd("m", usage), nonsense.capabilities("m").contextWindow]).toEqual([
      null,
      null,
      null,
    ]);
    expect(nonsense.serves("m")).toBe(true);
    expect(nonsense.check).toBeUndefined();
  });

  test("close comes to an end although the plug-in's does not", async () => {
    const provider = await built(
      "export default () => ({ call: async () => ({ text: '' }), close: () => new Promise(() => {}) });",
    );
    await provider.close();
  });
});
