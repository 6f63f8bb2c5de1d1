import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join, resolve } from "node:path";
import { AppError } from "../core/errors.ts";

/** A private Redis server process: started by us, stopped with us. */
export interface EmbeddedRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /**
   * Stops it: with SIGTERM, so that it writes what it holds; with SIGKILL, if it has not ended after a while. One that is stopped, that waits for its disk or that executes
   * a script which does not end hears no SIGTERM. What it acknowledged stands in its append-only file even then, but for about the last second at most.
   * When this returns, the process is gone and its folder free for the next one.
   * @param graceMs from the SIGTERM to the SIGKILL, 0..2^31 - 1. Default 5000
   */
  close(graceMs?: number): Promise<void>;
}

/** How an embedded server is started. */
export interface EmbeddedOptions {
  /** Folder of its append-only file. Created if missing. */
  readonly directory: string;
  /** Default: a free port of the loopback interface. */
  readonly port?: number;
  /** Folders to look for the server in. Default: PATH. */
  readonly path?: string;
}

/** The server that would be started: `redis-server` or `valkey-server`, whichever comes first in PATH. */
function findServer(path: string = process.env.PATH ?? ""): string | undefined {
  for (const name of ["redis-server", "valkey-server"]) {
    for (const folder of path.split(delimiter).filter(Boolean)) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not in this folder: the next one is tried.
      }
    }
  }
  return undefined;
}

/**
 * Starts a Redis or Valkey server on loopback with an append-only file, and waits until it accepts connections.
 * @throws AppError redis_missing - no server on PATH; internal - it did not start.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedRedis> {
  const binary = findServer(options.path);
  if (!binary) throw new AppError("redis_missing");
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true });
  const port = options.port ?? (await freePort());
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir: directory,
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
    "maxmemory-policy": "noeviction",
    daemonize: "no",
  };
  const child = spawn(
    binary,
    Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    {
      stdio: ["ignore", "pipe", "pipe"],
      // Its own group: Ctrl-C at the terminal reaches us alone, and we stop it last.
      detached: true,
    },
  );
  await accepting(child);
  const { pid } = child;
  if (pid === undefined) throw new AppError("internal", { message: `${binary} has no process id.` });
  const killWithUs = () => child.kill("SIGTERM");
  process.once("exit", killWithUs);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid,
    async close(graceMs = 5_000) {
      process.off("exit", killWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((done) => child.once("exit", () => done()));
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(force);
    },
  };
}

function accepting(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    let printed = "";
    const read = (chunk: Buffer) => {
      printed += chunk.toString();
      if (/Ready to accept connections/i.test(printed)) done();
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", fail);
    child.once("exit", (code) => {
      const last = printed.trim().split("\n").slice(-3).join(" | ");
      fail(new AppError("internal", { message: `The Redis server ended with code ${code} while starting: ${last}` }));
    });
  });
}

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? done(address.port) : fail(new AppError("internal")),
      );
    });
  });
}
