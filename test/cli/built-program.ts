import { execFile } from "node:child_process";
import { resolve } from "node:path";

/** What a process of the program printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built program to its end, with an environment of its own. */
export function switchyard(
  args: readonly string[],
  { env = {}, cwd }: { readonly env?: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<Printed> {
  const { PATH } = process.env;
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [resolve("dist/cli/main.js"), ...args],
      { cwd, env: { PATH, ...env } },
      (_error, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
