import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run } from "../../src/core/run.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { twoSteps } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

const program = resolve("dist/cli/main.js");
let cwd = "";
let simulator: Simulator;
let dev: Started;
let ready: { readonly url: string; readonly pid: number; readonly redis: string };

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-dev-"));
  writeFileSync(join(cwd, "two.yaml"), twoSteps);
  simulator = await startSimulator({ latencyMs: 0 });
  await startDev();
});
afterAll(async () => {
  dev.kill("SIGKILL");
  await simulator.close();
  rmSync(cwd, { recursive: true, force: true });
});

async function startDev(): Promise<void> {
  dev = start("dev", "--port", "0", "--json");
  ready = await eventually(() => JSON.parse(dev.out()) as typeof ready);
}

interface Started {
  readonly ended: Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  out(): string;
  kill(signal: NodeJS.Signals): void;
}

/** Runs the built program in the folder where `dev` runs: nothing but its note says where. */
function start(...args: string[]): Started {
  const routing = {
    LLM_ROUTING_STRATEGY: "failover",
    LLM_PROVIDERS: "openai,anthropic,ollama",
    SWITCHYARD_LOG: "silent",
  };
  const env = { PATH: process.env.PATH, ...simulator.env, ...routing };
  let text = "";
  let child: ReturnType<typeof execFile> | undefined;
  const ended = new Promise<{ code: number; out: string; err: string }>((done) => {
    child = execFile(process.execPath, [program, ...args], { cwd, env }, (_error, out, err) =>
      done({ code: child?.exitCode ?? -1, out, err }),
    );
    child.stdout?.on("data", (chunk) => {
      text += chunk;
    });
  });
  return { ended, out: () => text, kill: (signal) => void child?.kill(signal) };
}

const switchyard = (...args: string[]) => start(...args).ended;
const lines = (text: string) => text.trimEnd().split("\n");

describe("switchyard dev, and commands in other terminals of its folder", () => {
  test("run --watch tells each event, the failover, and the output; code 0", async () => {
    await simulator.down("openai", { kind: "refuse" });
    const { code, out } = await switchyard("run", "two.yaml", "--input", "topic=pumps", "--watch");
    await simulator.up("openai");
    expect(code).toBe(0);
    expect(lines(out).map((line) => line.trim())).toContain(
      "↪ step first: openai refused the connection → served by anthropic",
    );
    expect(out).toMatch(/\nrun_\w+ succeeded in /);
  });

  test("run --watch --json prints one JSON line an event, and last the run with its outputs", async () => {
    const { out } = await switchyard("run", "two.yaml", "-i", "topic=json", "--watch", "--json");
    const values = lines(out).map((line) => JSON.parse(line));
    expect(values.slice(0, -1).map(({ seq }) => seq)).toEqual(values.slice(1).map((_, i) => i + 1));
    expect(values.at(-1)).toMatchObject({ status: "succeeded", steps: [{ output: expect.any(String) }, {}] });
  });

  test("run --watch ends with code 1 when the run fails, and says what to do", async () => {
    await simulator.down("openai", { kind: "status", status: 400 });
    const { code, out } = await switchyard("run", "two.yaml", "-i", "topic=x", "--provider", "openai", "--watch");
    await simulator.up("openai");
    expect(code).toBe(1);
    expect(out).toMatch(/\nrun_\w+ failed in [\s\S]*\nfix: /);
    expect(out.split("Simulated outage")).toHaveLength(2);
  });

  test("run prints the run's id alone on standard output; runs show and list know it", async () => {
    const key = ["--idempotency-key", "once"];
    const first = await switchyard("run", "two.yaml", "-i", "topic=id", ...key);
    const again = await switchyard("run", "two.yaml", "-i", "topic=id", ...key);
    const id = first.out.trim();
    expect(again.out.trim()).toBe(id);
    expect((await switchyard("runs", "watch", id)).code).toBe(0);
    const shown = JSON.parse((await switchyard("runs", "show", id, "--json")).out) as Run;
    expect(shown).toMatchObject({ id, status: "succeeded" });
    expect((await switchyard("runs", "show", id)).out).toContain("✔  second  openai/");
    expect((await switchyard("runs", "list", "--workflow", "two-steps")).out).toContain(id);
  });

  test("run takes --max-calls and --max-usd as hints", async () => {
    const { out } = await switchyard(
      "run",
      "two.yaml",
      "-i",
      "topic=x",
      "--max-calls",
      "2",
      "--max-usd",
      "0",
      "--json",
    );
    expect(JSON.parse(out)).toMatchObject({ hints: { max_calls: 2, max_usd: 0 } });
  });

  test("health tells the round trip with one decimal, in JSON too", async () => {
    const { redisMs } = JSON.parse((await switchyard("health", "--json")).out) as { redisMs: number };
    expect(redisMs).toBe(Number(redisMs.toFixed(1)));
  });

  test("Ctrl-C ends the watching with code 130, and the run goes on", async () => {
    await simulator.down("openai", { kind: "hold" });
    const watching = start("run", "two.yaml", "-i", "topic=hold", "--watch", "--json");
    const id = await eventually(() => {
      expect(watching.out()).toContain("step.started");
      return (JSON.parse(lines(watching.out())[0] ?? "") as { seq: number }).seq;
    });
    expect(id).toBe(1);
    watching.kill("SIGINT");
    const { code, err } = await watching.ended;
    expect({ code, err }).toEqual({ code: 130, err: expect.stringContaining("The run goes on.") });
    await simulator.up("openai");
    const run = /switchyard runs watch (\S+)/.exec(err)?.[1] ?? "";
    expect((await switchyard("runs", "watch", run)).code).toBe(0);
  });

  test("errors of the server come with the file's name, line and column; code 2", async () => {
    writeFileSync(join(cwd, "bad.yaml"), twoSteps.replaceAll("prompt", "prmpt"));
    const { code, err } = await switchyard("run", "bad.yaml", "-i", "topic=x");
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/bad\.yaml:8:\d+ .*Did you mean prompt\?/) });
    expect((await switchyard("validate", "bad.yaml", "two.yaml")).code).toBe(2);
    expect(await switchyard("validate", "two.yaml")).toMatchObject({ code: 0, out: "✔ two.yaml (two-steps)\n" });
    writeFileSync(join(cwd, "order.machine.mjs"), "export default {};\n");
    for (const command of ["validate", "run", "graph"]) {
      const { code, out, err } = await switchyard(command, "order.machine.mjs");
      expect(code).toBe(2);
      expect(`${out}${err}`).toContain("names the machine's module: `machine: { module: ./order.machine.mjs }`");
    }
    const unknown = await switchyard("run", "two.yaml", "-i", "topic=x", "--provider", "opnai");
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean openai?") });
  });

  test("a second dev in the folder is refused: two Redis servers would share one file", async () => {
    const { code, err } = await switchyard("dev", "--port", "0");
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining(`already runs in this folder: ${ready.url}`),
    });
  });

  test("reconcile finds the Redis of dev", async () => {
    const { code, out } = await switchyard("reconcile", "--json");
    expect({ code, result: JSON.parse(out) }).toEqual({ code: 0, result: { runs: 0, added: 0, removed: 0 } });
  });

  test("after kill -9 the next dev ends the Redis that was left, and has the runs", async () => {
    const { out } = await switchyard("run", "two.yaml", "-i", "topic=survives", "--watch", "--json");
    const { id } = JSON.parse(lines(out).at(-1) ?? "") as Run;
    dev.kill("SIGKILL");
    await dev.ended;
    await reached(ready.redis);
    const { redis } = ready;
    await startDev();
    await expect(reached(redis)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect((await switchyard("runs", "show", id, "--json")).out).toContain('"status":"succeeded"');
  });

  test("SIGTERM stops everything in order: code 0, no note, no Redis", async () => {
    const note = join(cwd, ".switchyard", "server.json");
    expect(JSON.parse(readFileSync(note, "utf8"))).toMatchObject({ url: ready.url, pid: ready.pid });
    dev.kill("SIGTERM");
    expect(await dev.ended).toMatchObject({ code: 0 });
    expect(existsSync(note)).toBe(false);
    await expect(reached(ready.redis)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect((await switchyard("runs", "list", "--url", ready.url)).code).toBe(2);
  });
});

function reached(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((done, fail) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      done();
    });
    socket.once("error", fail);
  });
}
