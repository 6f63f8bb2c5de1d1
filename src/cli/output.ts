import pc from "picocolors";
import type { Json } from "../core/json.ts";

/** What text is printed on: a terminal, a pipe, or a test's ear. */
export type Sink = Pick<NodeJS.WriteStream, "write"> & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** Colours and weights for text; without effect where colours are off. */
export type Paint = ReturnType<typeof pc.createColors>;

/** Where a command prints. The one place that writes to standard output and standard error. */
export class Output {
  /** Standard output: results. */
  readonly stdout: Sink;
  /** Standard error: mistakes, and notes beside `--json`. */
  readonly stderr: Sink;
  readonly paint: Paint;
  /** Whether standard output is a terminal that may be repainted: of a known size, not in CI, not with NO_COLOR or TERM=dumb. */
  readonly isLive: boolean;

  constructor(streams: { readonly stdout: Sink; readonly stderr: Sink; readonly env: NodeJS.ProcessEnv }) {
    const { stdout, stderr, env } = streams;
    this.stdout = stdout;
    this.stderr = stderr;
    this.isLive = stdout.isTTY === true && stdout.rows !== 0 && !env.CI && !env.NO_COLOR && env.TERM !== "dumb";
    this.paint = pc.createColors(this.isLive || Boolean(env.FORCE_COLOR));
  }

  /** Prints lines of a result. */
  print(...lines: readonly string[]): void {
    for (const line of lines) this.stdout.write(`${line}\n`);
  }

  /** Prints one JSON value on one line. */
  json(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value as Json)}\n`);
  }

  /** Prints lines that are no result: errors, progress beside `--json`. */
  note(...lines: readonly string[]): void {
    for (const line of lines) this.stderr.write(`${line}\n`);
  }
}
