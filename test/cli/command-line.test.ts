import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
    ["a server without Redis", ["serve"], "REDIS_URL is not set"],
  ])("refuses %s with code 2, one message and the fix", async (_what, args, message) => {
    const { code, out, err } = await switchyard(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toContain("\nfix ");
  });

  test("says which address nobody answers at, with --json as a problem document", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, out, err } = await switchyard("runs", "list", "--json", "--url", url);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ code: "server_unreachable", status: 503, details: { url } });
    expect(err).toContain(`No Switchyard server answers at ${url} (ECONNREFUSED).`);
  });
});
