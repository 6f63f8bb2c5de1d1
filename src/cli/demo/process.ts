import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AppError } from "../../core/errors.ts";

const main = fileURLToPath(new URL("../main.js", import.meta.url));

/** A process of this program, started by the demo. */
export interface DemoProcess {
  readonly pid: number;
  /** Where its API listens; null without one. */
  readonly url: string | null;
  /** Stops it in order. */
  close(): Promise<void>;
}

/** Starts `switchyard ARGS` as a process of its own and waits until it is ready. @throws AppError internal - it ended before, with what it said. */
export async function startProcess(args: readonly string[], env: NodeJS.ProcessEnv): Promise<DemoProcess> {
  const child = spawn(process.execPath, [main, ...args, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
    detached: true,
  });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const { url } = JSON.parse(await readyLine(child, args)) as { readonly url: string | null };
  return {
    pid: child.pid ?? 0,
    url,
    async close() {
      process.off("exit", killWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function readyLine(child: ChildProcess, args: readonly string[]): Promise<string> {
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-4_000);
  });
  return new Promise((done, fail) => {
    if (child.stdout) {
      createInterface({ input: child.stdout }).once("line", (line) => {
        said += line;
        if ((JSON.parse(line) as { readonly ready?: boolean }).ready) done(line);
      });
    }
    child.once("error", fail);
    child.once("exit", (code, signal) => {
      fail(
        new AppError("internal", {
          message: `switchyard ${args.join(" ")} ended (${code ?? signal}) before it was ready: ${said.trim()}`,
        }),
      );
    });
  });
}
