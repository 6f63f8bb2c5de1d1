import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../src/redis/embedded.ts";

const program = resolve("dist/cli/main.js");
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-cli-"));
  writeFileSync(join(cwd, "wf.yaml"), "name: x\n");
});
afterAll(() => rmSync(cwd, { recursive: true }));

function switchyard(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { PATH } = process.env;
  return new Promise((done) => {
    const child = execFile(process.execPath, [program, ...args], { cwd, env: { PATH } }, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

describe("switchyard", () => {
  test("prints its version and its help", async () => {
    expect(await switchyard("--version")).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(await switchyard("--help")).toMatchObject({ code: 0, out: expect.stringContaining("validate") });
  });

  test.each([
    ["a wrong option", ["run", "wf.yaml", "--wach"], "Did you mean --watch?"],
    ["a wrong command", ["rnu"], "Did you mean run?"],
    ["a wrong command below another", ["runs", "lst"], "Did you mean list?"],
    ["a missing argument", ["run"], "Missing required argument 'file'."],
    ["a wrong number", ["runs", "list", "--limit", "0"], "a whole number from 1 to 500."],
    ["a missing file", ["run", "missing.yaml"], "missing.yaml cannot be read: there is no such file."],
    ["a wrong input", ["run", "wf.yaml", "--input", "nonsense"], "--input nonsense: Expected key=text"],
    ["a wrong url", ["runs", "list", "--url", "nowhere"], "is not the URL of a server"],
    ["too few calls", ["run", "wf.yaml", "--max-calls", "0"], "Allowed: a whole number, 1 or more."],
    ["a wrong sum", ["run", "wf.yaml", "--max-usd", "ten"], "Allowed: a number, 0 or more."],
    ["a server's wrong port by the option's name", ["serve", "--port", "x"], '--port: "x" is not allowed'],
    [
      "an outage script's mistake with its place",
      ["simulate", "--script", "wf.yaml"],
      "wf.yaml:1:1 name: unknown key.",
    ],
  ])("refuses %s with code 2, one message and the fix", async (_what, args, message) => {
    const { code, out, err } = await switchyard(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toContain("\nfix ");
  });

  test.each([["serve"], ["worker"], ["health"], ["reconcile"]])(
    "%s without a Redis says that none is named, not that none is installed",
    async (command) => {
      const { code, out, err } = await switchyard(command);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain("error [redis_not_named] No Redis is named: REDIS_URL is not set");
      expect(err).toContain("\nfix Set REDIS_URL");
      expect(err).not.toMatch(/PATH|[Ii]nstall/);
    },
  );

  test("run's help shows no empty list as a default", async () => {
    expect((await switchyard("run", "--help")).out).not.toContain("[]");
  });

  test.each(["simulate", "dev"])("%s on a taken port says to name another one", async (command) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    // A port that simulate may be given.
    const { code, err } = await switchyard(command, "--port", String(port));
    server.close();
    expect(code).toBe(2);
    if (port <= 65_529 || command === "dev")
      expect(err).toMatch(/\[port_taken\][\s\S]*\nfix Name another port with --port/);
  });

  test("simulate refuses a script with an unknown provider, and starts those that it knows", async () => {
    const script = (provider: string) => `outages: [{ provider: ${provider}, fault: { kind: refuse } }]\n`;
    writeFileSync(join(cwd, "bad-script.yaml"), script("mistral"));
    const bad = await switchyard("simulate", "--script", "bad-script.yaml");
    expect(bad).toMatchObject({ code: 2, err: expect.stringContaining("must be one of openai, anthropic") });
    writeFileSync(join(cwd, "gemini.yaml"), script("gemini"));
    const { PATH } = process.env;
    const child = execFile(process.execPath, [program, "simulate", "--json", "--script", "gemini.yaml"], {
      cwd,
      env: { PATH },
    });
    let err = "";
    child.stderr?.on("data", (chunk) => {
      err += chunk;
    });
    const [line] = (await once(child.stdout ?? child, "data")) as [string];
    child.kill("SIGTERM");
    await once(child, "exit");
    const { providers } = JSON.parse(line) as { providers: { name: string }[] };
    expect({ names: providers.map(({ name }) => name), code: child.exitCode, err }).toEqual({
      names: ["openai", "anthropic", "ollama", "gemini"],
      code: 0,
      err: "",
    });
  });

  test("says which address nobody answers at, with --json as a problem document", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, out, err } = await switchyard("runs", "list", "--json", "--url", url);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ code: "server_unreachable", status: 503, details: { url } });
    expect(err).toContain(`No Switchyard server answers at ${url} (ECONNREFUSED).`);
  });
});
