import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Output } from "../../src/cli/output.ts";
import { runProgram } from "../../src/cli/program.ts";
import type { ReplayReport } from "../../src/router/simulate/report.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-cli-"));
});
afterEach(() => {
  process.exitCode = 0;
  rmSync(cwd, { recursive: true });
});

async function simulate(...args: string[]): Promise<{ out: string; err: string; code: unknown }> {
  const texts = { out: "", err: "" };
  const sink = (key: "out" | "err") => ({
    write(text: string) {
      texts[key] += text;
      return true;
    },
  });
  const output = new Output({ stdout: sink("out"), stderr: sink("err"), env: {} });
  const stop = { signal: new AbortController().signal, requested: new Promise<void>(() => undefined) };
  await runProgram(["route", "simulate", ...args], { output, env: {}, cwd, stop, version: "0.0.0" });
  return { ...texts, code: process.exitCode };
}

const small = `duration: 1m
requests: { rate: 10 }
providers:
  openai: { latency: 1s, price: { input: 1, output: 2 }, outages: [{ at: 10s, for: 20s, fails: server }] }
  "anthropic": { latency: 1s, price: { input: 1, output: 2 } }
changes: [{ at: 45s, set: { weights: { openai: 1, anthropic: 9 } } }]
`;

describe("switchyard route simulate", () => {
  test("tells requests, providers, failures, outages and changes in 80 columns", async () => {
    writeFileSync(join(cwd, "small.yaml"), small);
    const { out, err } = await simulate("small.yaml");
    expect(err).toBe("");
    expect(out).toMatch(
      /^small\.yaml: 1 m 00 s, weighted, seed 1\n\n {2}requests +\d+ +answered +100\.0 % +p50 +1\.0 s\n/,
    );
    expect(out).toMatch(/\n {2}provider +answered +share +calls +failed +p50 +p99 +cost\n {2}openai +\d+ /);
    expect(out).toMatch(/\n {2}failed calls +by class\n {2}openai +server \d+\n/);
    expect(out).toMatch(
      /\n {2}outage +from-to +out after +lost +back after +full share\n {2}openai server +0:10-0:30 +\d+ s +\d+ /,
    );
    expect(out).toMatch(/\n {2}change +at\n {2}weights=openai:1,anthropic:9 +0:45\n$/);
  });

  test.each(readdirSync("scenarios"))("scenarios/%s loses no request and fits into 80 columns", async (file) => {
    const { out } = await simulate(resolve("scenarios", file));
    expect(out).toMatch(/\n {2}requests +\d+,\d+ +answered +100\.0 % /);
    const lines = out.split("\n").slice(1);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test("--json prints the whole report, the same each time; --seed gives other luck", async () => {
    writeFileSync(join(cwd, "small.yaml"), small);
    const first = await simulate("small.yaml", "--json");
    const report = JSON.parse(first.out) as ReplayReport;
    expect(report).toMatchObject({ seed: 1, durationMs: 60_000, strategy: "weighted" });
    expect(report.timeline.slices).toHaveLength(60);
    expect(await simulate("small.yaml", "--json")).toEqual(first);
    const other = await simulate("small.yaml", "--json", "--seed", "2");
    expect(JSON.parse(other.out)).toMatchObject({ seed: 2 });
    expect((JSON.parse(other.out) as ReplayReport).requests).not.toEqual(report.requests);
  });

  test("--svg draws the course: a layer for each provider, the outage, the change, the breakers", async () => {
    writeFileSync(join(cwd, "a<b>.yaml"), small);
    const { out } = await simulate("a<b>.yaml", "--svg", "course.svg");
    expect(out).toMatch(/\nplot: course\.svg\n$/);
    const svg = readFileSync(join(cwd, "course.svg"), "utf8");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="1200" height="\d+" /);
    expect(svg).toContain("Replay of a&lt;b&gt;.yaml");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts).toEqual(
      expect.arrayContaining([
        "openai server",
        "weights=openai:1,anthropic:9",
        "p99",
        "openai",
        "anthropic",
        "Breakers",
        "60 s",
      ]),
    );
    // Every element is closed, in the right order.
    const open: string[] = [];
    for (const [, slash, name, self] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (slash) expect(open.pop()).toBe(name);
      else if (!self) open.push(name ?? "");
    }
    expect(open).toEqual([]);
  });

  test("an empty minute is drawn and told, too", async () => {
    writeFileSync(join(cwd, "none.yaml"), "duration: 1m\nrequests: { rate: 0 }\nproviders: { a: { latency: 1s } }\n");
    const { out, err } = await simulate("none.yaml", "--svg", "none.svg");
    expect(err).toBe("");
    expect(out).toMatch(/requests +0 +answered +- +p50 +-\n/);
    expect(readFileSync(join(cwd, "none.svg"), "utf8")).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("mistakes are told with the file, line and column", async () => {
    writeFileSync(join(cwd, "bad.yaml"), small.replace("latency", "latncy").replace("rate: 10", "rate: -1"));
    const { err, code, out } = await simulate("bad.yaml");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/error \[invalid_scenario\] The scenario has mistakes\.\n/);
    expect(err).toMatch(/\n {2}bad\.yaml:2:19 requests\.rate: must be /);
    expect(err).toMatch(/\n {2}bad\.yaml:4:13 providers\.openai\.latncy: unknown key\. Did you mean latency\?\n/);
  });

  test("a file that is not there, a plot that cannot be written", async () => {
    expect((await simulate("absent.yaml")).err).toMatch(/error \[file_unreadable\] absent\.yaml cannot be read/);
    writeFileSync(join(cwd, "small.yaml"), small);
    const { err, code } = await simulate("small.yaml", "--svg", "no/such/folder.svg");
    expect(err).toMatch(/error \[usage\] --svg no\/such\/folder\.svg cannot be written: /);
    expect(code).toBe(2);
  });
});
