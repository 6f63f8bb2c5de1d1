import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultUrl, readNote, serverUrl, writeNote } from "../../src/cli/address.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-address-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const note = { url: "http://127.0.0.1:1234", pid: process.pid };

describe("serverUrl", () => {
  test("prefers --url, then SWITCHYARD_URL, then the note of a running dev, then the default", async () => {
    expect(serverUrl({ env: {}, cwd })).toBe(defaultUrl);
    await writeNote(cwd, note);
    expect(serverUrl({ env: {}, cwd })).toBe(note.url);
    expect(serverUrl({ env: { SWITCHYARD_URL: "http://env" }, cwd })).toBe("http://env");
    expect(serverUrl({ url: "http://flag", env: { SWITCHYARD_URL: "http://env" }, cwd })).toBe("http://flag");
  });

  test("passes over the note of a process that has gone, and one that was cut off", () => {
    mkdirSync(join(cwd, ".switchyard"));
    const file = join(cwd, ".switchyard", "server.json");
    writeFileSync(file, JSON.stringify({ ...note, pid: 2 ** 30 }));
    expect(readNote(cwd)).toBeUndefined();
    writeFileSync(file, '{"url": "http');
    expect(serverUrl({ env: {}, cwd })).toBe(defaultUrl);
  });
});

describe("writeNote", () => {
  test("takes its note away, but not one that another process has written since", async () => {
    const forget = await writeNote(cwd, note);
    const forgetOther = await writeNote(cwd, { ...note, url: "http://127.0.0.1:9" });
    await forget();
    expect(readNote(cwd)?.url).toBe("http://127.0.0.1:9");
    await forgetOther();
    expect(existsSync(join(cwd, ".switchyard", "server.json"))).toBe(false);
  });
});
