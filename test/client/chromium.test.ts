import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserPath } from "../../scripts/browser-path.mjs";
import { SwitchyardClient } from "../../src/client/client.ts";
import { freePort } from "../../src/redis/embedded.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** What the page has told, by what it is. */
const told = new Map<string, unknown>();
let script = "";
let app: RunningApp;
let pages: Server;
let origin: string;
let browser: ChildProcess;
let profile: string;

beforeAll(async () => {
  pages = createServer((request, response) => {
    if (request.url === "/page.js") response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    else if (request.url !== "/told") {
      response.writeHead(200, { "content-type": "text/html" }).end('<script type="module" src="/page.js"></script>');
    } else {
      let body = "";
      request.on("data", (piece) => {
        body += piece;
      });
      request.on("end", () => {
        const { what, value } = JSON.parse(body);
        told.set(what, value);
        response.writeHead(204).end();
      });
    }
  });
  await new Promise<void>((listening) => pages.listen(0, "127.0.0.1", listening));
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  [app, profile] = await Promise.all([startApp(), mkdtemp(join(tmpdir(), "switchyard-browser-"))]);
});
afterAll(async () => {
  // Its group: the browser is many processes.
  if (browser?.pid) process.kill(-browser.pid, "SIGKILL");
  await new Promise((gone) => (browser?.exitCode === null ? browser.once("close", gone) : gone(null)));
  pages.closeAllConnections();
  pages.close();
  await app.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});

/** Bundles the page for the servers that it talks to, and opens it. */
async function open(page: { readonly url: string; readonly deafUrl: string; readonly apiKey: string }): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [new URL("./page.ts", import.meta.url).pathname],
    define: { page: JSON.stringify(page) },
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
  });
  script = outputFiles[0]?.text ?? "";
  const path = browserPath();
  if (!path) throw new Error("No Chromium or Chrome is here: run `node scripts/ensure-chromium.mjs`.");
  browser = spawn(path, [...flags, `--user-data-dir=${profile}`, origin], { stdio: "ignore", detached: true });
}

async function said(what: string): Promise<unknown> {
  return eventually(() => {
    if (told.has("failed")) throw new Error(`The page failed: ${told.get("failed")}`);
    expect([...told.keys()]).toContain(what);
    return told.get(what);
  }, 40_000);
}

describe("the client in Chromium, on a page of another origin", () => {
  test("submits, follows a run through a restart of its server, chats, cancels, and is refused where it has no leave", async () => {
    const port = String(await freePort());
    const start = () => app.another({ SWITCHYARD_PORT: port, SWITCHYARD_ORIGINS: origin });
    const { key } = await app.client.access.create({ name: "page", scopes: ["operate"] });
    const first = await start();
    await open({ url: first.client.url, deafUrl: app.url, apiKey: key });
    const id = String(await said("waiting"));
    expect(await said("submitted twice")).toBe(true);
    await first.close();
    await new SwitchyardClient({ url: app.url, apiKey: key }).signal(id, "go");
    const second = await start();
    const history = await new SwitchyardClient({ url: app.url, apiKey: key }).history(id);
    const seen = (await said("followed")) as readonly (number | string)[];
    const numbers = seen.filter((one) => typeof one === "number");
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(history.length);
    expect(seen.at(-1)).toBe("run.succeeded");
    expect(await said("chatted")).toEqual({ isWhole: true, served: "anthropic" });
    expect(await said("cancelled")).toBe("cancelled");
    expect(await said("refused")).toEqual(["server_unreachable", "run_not_found", "unauthenticated"]);
    await said("done");
    await second.close();
  });
});
