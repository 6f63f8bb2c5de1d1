import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** A process of the built program that runs until it is stopped. */
export interface Program {
  readonly pid: number;
  /** What it printed when it was ready. */
  readonly ready: { readonly url: string | null };
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  readonly stderr: () => string;
  readonly stdout: () => string;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `switchyard ARGS --json` and waits until it says that it is ready. */
export async function startProgram(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Program> {
  const child = spawn(process.execPath, [main, ...args, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  let stderr = "";
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  const ended = new Promise<number | string>((done) =>
    child.once("exit", (code, signal) => done(code ?? signal ?? "")),
  );
  const line = await firstLine(child, () => stderr);
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  void ended.then(() => process.off("exit", killWithUs));
  return {
    pid: child.pid ?? 0,
    ready: JSON.parse(line) as { url: string | null },
    ended,
    stderr: () => stderr,
    stdout: () => stdout,
    kill: (signal) => void child.kill(signal),
  };
}

function firstLine(child: ChildProcess, stderr: () => string): Promise<string> {
  return new Promise((done, fail) => {
    if (!child.stdout) throw new Error("no stdout");
    createInterface({ input: child.stdout }).once("line", (line) => {
      if ((JSON.parse(line) as { ready?: boolean }).ready) done(line);
      else fail(new Error(line));
    });
    child.once("exit", (code, signal) => fail(new Error(`the program ended (${code ?? signal}): ${stderr()}`)));
  });
}
