import { execFile } from "node:child_process";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Explanation, RoutingChange, RoutingReport } from "../../src/core/routing.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";

const program = resolve("dist/cli/main.js");
let running: RunningApp;
beforeAll(async () => {
  running = await startApp({ PROVIDER_WEIGHTS: "openai:50,anthropic:30,ollama:20" });
});
afterAll(() => running.close());
// Each test begins with nothing set at run time.
beforeEach(async () => {
  await running.client.routing.rollback(0);
});

/** `switchyard route ARGS` as `ada`, against the running server. */
function route(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env.PATH, USER: "ada", SWITCHYARD_URL: running.url };
  return new Promise((done) => {
    const child = execFile(process.execPath, [program, "route", ...args], { env }, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

const version = async () => (await running.client.routing.show()).version;

describe("switchyard route", () => {
  test("set makes one version of everything, in the user's name; show tells where each value comes from", async () => {
    const before = await version();
    const words = ["strategy=failover", "default=anthropic", "limits.openai.concurrency=10", "shadow=ollama:0.1"];
    const { code, out } = await route("set", ...words);
    expect({ code, out }).toEqual({ code: 0, out: `routing version ${before + 1}: ${words.join(" ")}\n` });
    const shown = await route("show");
    expect(shown.out).toContain(`routing version ${before + 1} by ada@${hostname()}, 20`);
    expect(shown.out).toMatch(/\n {2}strategy +failover +run time\n/);
    expect(shown.out).toMatch(/\n {2}limits\.openai +concurrency:10 +run time\n/);
    expect(shown.out).toMatch(/\n {2}shadow +ollama:0\.1 +run time\n/);
    expect(shown.out).toMatch(/\n {2}weights +openai:50,anthropic:30,ollama:20\n/);
    expect(shown.out).toMatch(/\n {2}openai +\S+ +closed +100 % .* 0 +0 of 0 +0\/10 at a time\n/);
    const { settings } = JSON.parse((await route("show", "--json")).out) as RoutingReport;
    expect(settings.default).toEqual({ value: "anthropic", origin: { from: "run time" } });
  });

  test("set of what is so already makes no version", async () => {
    await route("set", "strategy=least_busy");
    const before = await version();
    expect(await route("set", "strategy=least_busy")).toMatchObject({
      code: 0,
      out: `nothing to change: version ${before} has it so\n`,
    });
    expect(await version()).toBe(before);
  });

  test("unset takes settings back", async () => {
    await route("set", "strategy=least_busy", "affinity=run", "limits.openai.usd_per_day=2");
    const { out } = await route("unset", "strategy", "limits.openai.usd_per_day", "--json");
    expect((JSON.parse(out) as RoutingChange).overrides).toEqual({ affinity: "run", limits: { openai: {} } });
    const { settings } = await running.client.routing.show();
    expect(settings.strategy?.value).toBe("failover");
  });

  test.each([
    ["a setting that nobody knows", ["set", "strateg=failover"], "Did you mean strategy?"],
    ["a value that is not allowed", ["set", "strategy=failovr"], "Did you mean failover?"],
    ["weights of an unknown provider", ["set", "weights=openia:1"], "Did you mean openai?"],
    ["a word that sets nothing", ["set", "strategy"], "Expected KEY=VALUE"],
    ["nothing to set", ["set"], "Missing required argument 'settings'."],
    ["an unknown provider", ["drain", "opnai"], "Did you mean openai?"],
    ["a version that is not kept", ["rollback", "100000"], "The routing has no version 100000"],
    ["a version that is no number", ["rollback", "last"], "Allowed: a whole number, 0 or more."],
    ["an unknown subcommand", ["darin", "openai"], "Did you mean drain?"],
    ["a change for another version", ["set", "strategy=weighted", "--if-version", "100000"], "for version 100000"],
    ["an unknown strategy", ["explain", "--strategy", "cheapest"], "No strategy is called cheapest."],
    ["strict without a provider", ["explain", "--strict"], "strict_provider was asked for without a provider."],
  ])("refuses %s with code 2, one message and the fix; nothing is set", async (_what, args, message) => {
    const before = await version();
    const { code, out, err } = await route(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.match(/^error/gm)).toHaveLength(1);
    expect(err).toContain(message);
    expect(err).toContain("\nfix ");
    expect(await version()).toBe(before);
  });

  test("everything wrong in a change is told at once", async () => {
    const { err } = await route("set", "strategy=failovr", "weights=openai:x", "limits.openai.concurrency=-1");
    expect(err).toMatch(/routing\.strategy: .*\n.*routing\.weights.*\n.*routing\.limits\.openai\.concurrency: /);
  });

  test("drain and undrain a provider, reset forgets its health", async () => {
    expect(await route("drain", "ollama")).toMatchObject({
      code: 0,
      out: expect.stringContaining(": drained ollama\n"),
    });
    expect((await route("show")).out).toMatch(/\n {2}ollama .* drained\n/);
    expect((await route("undrain", "ollama")).out).toContain(": undrained ollama\n");
    expect(await route("reset", "ollama")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ollama is reset: \d targets? forgotten\n$/),
    });
  });

  test("history tells who changed what, newest first; rollback makes the old one new", async () => {
    await route("set", "strategy=least_busy");
    const first = await version();
    await route("set", "strategy=round_robin", "hedge_after=2s");
    const { out } = await route("rollback", String(first));
    expect(out).toBe(`routing version ${first + 2}: rolled back to version ${first}\n`);
    const lines = (await route("history", "--limit", "3")).out.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/ {2,}/).filter((_, column) => column !== 1))).toEqual([
      ["version", "who", "what"],
      [String(first + 2), `ada@${hostname()}`, `rolled back to version ${first}`],
      [String(first + 1), `ada@${hostname()}`, "strategy=round_robin hedge_after=2s"],
      [String(first), `ada@${hostname()}`, "strategy=least_busy"],
    ]);
    expect((await running.client.routing.show()).overrides).toMatchObject({ strategy: "least_busy" });
  });

  test("explain shows the candidates in order, and why; with --json all that is known of them", async () => {
    await route("set", "drained=openai");
    const { code, out } = await route("explain", "--provider", "anthropic", "--tokens", "3000");
    expect(code).toBe(0);
    expect(out).toContain("the hint asks for anthropic; openai is drained");
    expect(out).toMatch(/\n {2}1\. +anthropic .*\n {2}2\. +ollama .*\n {2}– +openai .* drained\n/);
    const json = await route("explain", "--strategy", "cost_optimized", "--allow", "anthropic", "--json");
    const { decision, candidates } = JSON.parse(json.out) as Explanation;
    expect(decision.strategy).toBe("cost_optimized");
    expect(candidates.map(({ provider, place, reason }) => [provider, place, reason])).toEqual([
      ["anthropic", 1, null],
      ["ollama", null, "not in allow"],
      ["openai", null, expect.any(String)],
    ]);
  });
});
