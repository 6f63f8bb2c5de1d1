import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../src/redis/embedded.ts";
import { vendorWires } from "../providers/vendor-wire.ts";
import { json, type WireServer, wireServer } from "../providers/wire-server.ts";
import { type Printed, switchyard } from "./built-program.ts";

const secret = "sk-test-0123456789abcdefSECRET";
const cwd = mkdtempSync(join(tmpdir(), "switchyard-cli-providers-"));
let server: WireServer;
beforeAll(async () => {
  server = await wireServer();
});
afterAll(async () => {
  await server.close();
  rmSync(cwd, { recursive: true, force: true });
});

const openai = vendorWires.find(({ provider }) => provider === "openai");
const env = (more: Readonly<Record<string, string>> = {}) => ({
  OPENAI_API_KEY: secret,
  OPENAI_ENDPOINT: server.url,
  OPENAI_MODEL: "gpt-4.1-mini",
  ANTHROPIC_API_KEY: `${secret}-2,${secret}-3`,
  ANTHROPIC_ENDPOINT: server.url,
  ...more,
});
const providers = async (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Printed> => {
  const printed = await switchyard(["providers", ...args], { cwd, env: env(more) });
  expect(printed.out + printed.err).not.toContain("0123456789");
  return printed;
};

describe("switchyard providers list", () => {
  test("has a line for each provider: model, number of keys, price, window, endpoint", async () => {
    const { code, out, err } = await providers(["list"], { LLM_PROVIDERS: "openai" });
    const lines = out.split("\n");
    expect([code, err.includes("warning") ? "" : err]).toEqual([0, ""]);
    const heads = ["provider", "model", "keys", "$ in / out per 1M", "window", "can", "endpoint"];
    expect(lines[0]?.split(/ {2,}/)).toEqual(heads);
    expect(lines[1]).toMatch(
      /^openai +gpt-4\.1-mini +1 +0\.4 \/ 1\.6 +\d+ +tools images json +http:\/\/127\.0\.0\.1:\d+\/v1$/,
    );
    expect(lines[2]).toMatch(/^anthropic \(not enabled\) +claude-sonnet-4-6 +2 +3 \/ 15 /);
  });

  test("--json has the same, with the labels of the keys", async () => {
    const { out } = await providers(["list", "--json"]);
    expect(JSON.parse(out).providers).toEqual([
      {
        name: "openai",
        type: "openai",
        model: "gpt-4.1-mini",
        endpoint: `${server.url}/v1`,
        keys: ["key-1"],
        price: { inputPerMillion: 0.4, outputPerMillion: 1.6, source: "table" },
        capabilities: {
          contextWindow: 1_000_000,
          maxOutput: 32_768,
          tools: true,
          images: true,
          jsonSchema: true,
          reasoning: false,
          sources: {
            contextWindow: "table",
            maxOutput: "vendor",
            tools: "vendor",
            images: "vendor",
            jsonSchema: "vendor",
            reasoning: "vendor",
          },
        },
        aliases: {
          smart: expect.objectContaining({ model: "gpt-5.2", contextWindow: 400_000, reasoning: true }),
          fast: expect.objectContaining({ model: "gpt-5-mini", maxOutput: 128_000 }),
        },
        enabled: true,
      },
      expect.objectContaining({ name: "anthropic", keys: ["key-1", "key-2"], enabled: true }),
    ]);
  });

  test("without any provider says what to set", async () => {
    const { code, err } = await switchyard(["providers", "list"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain("[no_provider]");
    expect(err).toContain("OPENAI_API_KEY");
  });
});

describe("switchyard providers test", () => {
  test("makes one call and prints model, latency, usage and cost", async () => {
    server.respond(json(200, openai?.answer("ready")));
    const before = server.requests.length;
    const { code, out, err } = await providers(["test", "openai"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /^✔ openai\/gpt-4\.1-mini \(key-1\) answered in \d+ ms: 19 tokens in, 10 out, \$\S+\n {2}"ready"\n$/,
    );
    expect(server.requests.length - before).toBe(1);
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`);
  });

  test("--json prints the call's record, --model asks for another model, an unknown price is null", async () => {
    server.respond(json(200, openai?.answer("ready")));
    const { code, out } = await providers(["test", "openai", "--model", "gpt-unheard-of", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      call: { provider: "openai", model: "gpt-unheard-of", ok: true, usage: { inputTokens: 19 }, costUsd: null },
      text: "ready",
      advice: null,
    });
    expect(server.requests.at(-1)?.body.model).toBe("gpt-unheard-of");
  });

  test.each([
    [401, "invalid_api_key", "auth", "Check the key, its permissions and the account's billing."],
    [404, "model_not_found", "not_found", "Check the model's or deployment's name"],
    [429, "rate_limit_exceeded", "rate_limited", "wait"],
    [503, "overloaded", "overloaded", "routing goes around it"],
  ])("HTTP %i: names the class and what to do, and exits with 1", async (status, type, failureClass, advice) => {
    server.respond(json(status, openai?.error(type, `It says ${type} of ${secret}.`)));
    const { code, out } = await providers(["test", "openai"]);
    const lines = out.split("\n");
    expect(code).toBe(1);
    expect(lines[0]).toMatch(
      new RegExp(`^✖ openai/gpt-4\\.1-mini \\(key-1\\) failed after \\d+ ms: ${failureClass}, HTTP ${status}$`),
    );
    expect(lines[1]).toBe(`  HTTP ${status}: It says ${type} of ***.`);
    expect(lines[2]).toContain(`  fix: `);
    expect(lines[2]).toContain(advice);
  });

  test("a refused connection is network, a call without end is timeout", async () => {
    const refused = await providers(["test", "openai", "--json"], {
      OPENAI_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    });
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({
      call: { ok: false, failure: { class: "network", status: null }, costUsd: null },
      text: "",
      advice: expect.stringContaining("check the endpoint's address"),
    });
    server.respond(() => undefined);
    const slow = await providers(["test", "openai", "--timeout", "300ms", "--json"]);
    expect(slow.code).toBe(1);
    expect(JSON.parse(slow.out).call.failure.class).toBe("timeout");
  });

  test("something else that answers there is malformed", async () => {
    server.respond((response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>hello</html>"));
    const { code, out } = await providers(["test", "openai"]);
    expect(code).toBe(1);
    expect(out).toContain("malformed, HTTP 200");
    expect(out).toContain("does not speak the vendor's format");
  });

  test("an unknown name is refused with those that are configured, and makes no call", async () => {
    const before = server.requests.length;
    const { code, out, err } = await providers(["test", "openia"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("[unknown_provider]");
    expect(err).toContain("No provider is called openia. Configured: openai, anthropic. Did you mean openai?");
    const { out: document } = await providers(["test", "openia", "--json"]);
    expect(JSON.parse(document)).toMatchObject({
      code: "unknown_provider",
      details: { provider: "openia", known: ["openai", "anthropic"] },
    });
    expect(server.requests.length).toBe(before);
  });

  test.each(["soon", "0s"])("--timeout %s is refused", async (timeout) => {
    const { code, err } = await providers(["test", "openai", "--timeout", timeout]);
    expect(code).toBe(2);
    expect(err).toContain(`--timeout ${timeout} is no duration; allowed: 500ms, 30s, 5m.`);
  });
});

describe("a plug-in", () => {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-cli-plugin-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const withModule = (code: string, ...args: string[]): Promise<Printed> => {
    writeFileSync(join(folder, "acme.mjs"), code);
    const entry = { type: "plugin", module: "./acme.mjs", model: "acme-1", api_key: secret };
    writeFileSync(join(folder, "switchyard.yaml"), JSON.stringify({ providers: { acme: entry } }));
    return switchyard(args, { cwd: folder });
  };
  const fine = `export default () => ({
    call: async (_, { apiKey }) => ({ text: "ready", usage: { inputTokens: 5, outputTokens: apiKey.length > 9 ? 1 : 0 } }),
    price: () => ({ inputPerMillion: 2, outputPerMillion: 8 }),
  });`;

  test("is listed with its module, and tried like any other", async () => {
    const { out } = await withModule(fine, "providers", "list");
    expect(out.split("\n")[1]).toMatch(/^acme +acme-1 +1 +2 \/ 8 .*\.\/acme\.mjs$/);
    const tried = await withModule(fine, "providers", "test", "acme");
    expect([tried.code, tried.out]).toEqual([
      0,
      expect.stringMatching(/^✔ acme\/acme-1 \(key-1\) answered in \d+ ms: 5 tokens in, 1 out, \$/),
    ]);
  });

  test("that fails is told with its class, without its key", async () => {
    const failing = `export default () => ({ async call(_, { apiKey }) { throw new Error("what is " + apiKey); } });`;
    const { code, out } = await withModule(failing, "providers", "test", "acme");
    expect(code).toBe(1);
    expect(out).toContain("malformed");
    expect(out).toContain("what is ***");
  });

  test("that is none stops the start of everything, and config check says why", async () => {
    for (const command of [
      ["config", "check"],
      ["providers", "list"],
      ["providers", "test", "acme"],
    ]) {
      const { code, err } = await withModule("export const create = 1;", ...command);
      expect(code).toBe(2);
      expect(err).toContain("providers.acme.module: ./acme.mjs has no default export, only create");
    }
  });
});
