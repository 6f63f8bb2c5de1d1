import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AppError } from "../../core/errors.ts";

/** What a process may take to end in order; then it is killed: nothing of a demo has to outlive it, and Ctrl-C is to feel like one. */
const graceMs = 1_500;

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
      const impatience = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(impatience);
    },
  };
}

function readyLine(child: ChildProcess, args: readonly string[]): Promise<string> {
  let said = "";
  let reason: string | undefined;
  child.stderr?.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-4_000);
  });
  return new Promise((done, fail) => {
    if (child.stdout) {
      createInterface({ input: child.stdout }).once("line", (line) => {
        const { ready, detail } = parseLine(line);
        if (ready === true) done(line);
        else reason = typeof detail === "string" ? detail : line;
      });
    }
    child.once("error", fail);
    child.once("exit", (code, signal) => {
      fail(
        new AppError("internal", {
          message: `switchyard ${args.join(" ")} ended (${code ?? signal}) before it was ready: ${reason ?? said.trim()}`,
        }),
      );
    });
  });
}

/** A ready line, or a problem document. */
function parseLine(line: string): { readonly ready?: unknown; readonly detail?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
