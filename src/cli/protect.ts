import { inspect } from "node:util";
import { secretVariables } from "../config/secrets.ts";
import { createMask } from "../core/mask.ts";

/** What of a process may give secrets away when it crashes, and can be kept from it. */
export interface ProtectedProcess {
  readonly env: NodeJS.ProcessEnv;
  readonly stderr: Pick<NodeJS.WriteStream, "write">;
  readonly report?: {
    /** Node 22.13 and later. */
    excludeEnv?: boolean;
    readonly reportOnUncaughtException: boolean;
    writeReport(error: Error): string;
  };
  on(event: "uncaughtException", listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}

/** What must not be seen. */
export interface Secrets {
  /** What the settings have read: it is taken out of the environment. */
  readonly own: readonly string[];
  /** What stays in the environment for others to read. */
  readonly others?: readonly string[];
}

/**
 * Keeps secrets out of crashes: what nobody caught is printed with its secrets masked and ends the process with 1; a diagnostic report has no
 * environment, or on an older Node one without the variables that hold a secret of the settings. To be called once the settings have been read.
 */
export function protect(running: ProtectedProcess, { own, others: told = [] }: Secrets): void {
  const { env, stderr, report } = running;
  const others = [...told, ...secretVariables(env)];
  const mask = createMask([...own, ...others]);
  const forget = (some: readonly string[]) => {
    for (const [name, value] of Object.entries(env)) if (value !== undefined && holds(value, some)) delete env[name];
  };
  if (report && "excludeEnv" in report) report.excludeEnv = true;
  forget(own);
  running.on("uncaughtException", (error) => {
    const text = mask(inspect(error));
    stderr.write(`${text}\n`);
    // Node writes its own report of what nobody catches alone, with the error's message and members as they are.
    if (report?.reportOnUncaughtException) {
      // Until now steps and AWS's chain of credentials may have needed them.
      forget(others);
      report.writeReport(withoutMembers(error, text));
    }
    running.exit(1);
  });
}

/** Whether a variable is a secret, a list with one, or a URL that signs in with one. */
function holds(value: string, secrets: readonly string[]): boolean {
  const parts = value.split(",").map((part) => part.trim());
  const password = URL.canParse(value) ? new URL(value).password : "";
  return [...parts, password].some((part) => part !== "" && secrets.includes(part));
}

function withoutMembers(error: unknown, told: string): Error {
  const clean = new Error(error instanceof Error ? error.name : "uncaught");
  clean.stack = told;
  return clean;
}
