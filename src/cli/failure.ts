import { catalogue } from "../core/catalogue.ts";
import { AppError, type Problem } from "../core/errors.ts";
import { problemDocument } from "../server/problem.ts";
import type { Output } from "./output.ts";

/** What the program's exit code tells. */
export const exitCodes = {
  succeeded: 0,
  /** The watched run has failed or was cancelled; a workflow's test has failed. */
  runFailed: 1,
  /** Nothing was done: wrong usage, definition, input or settings, a missing file, no server. */
  refused: 2,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** Tells a command's error: for people on standard error; with `--json` the problem document too, on standard output. */
export function printFailure(thrown: unknown, output: Output, json: boolean): void {
  const error = thrown instanceof AppError ? thrown : unforeseen(thrown);
  if (json) output.json(problemDocument(error));
  output.note(...failureLines(error, output));
}

/** An error as lines: what happened, everything that is wrong, what to do. */
export function failureLines(error: AppError, { paint }: Pick<Output, "paint">): string[] {
  const { problems, details, message, code, fix } = error;
  const file = typeof details.file === "string" ? details.file : undefined;
  // Some messages list the problems themselves; here each has a line of its own, with the file's name.
  const listed = problems.length > 0 && problems.every((problem) => message.includes(problem.message));
  return [
    `${paint.red("error")} ${paint.dim(`[${code}]`)} ${listed ? catalogue[code].summary : message}`,
    ...problems.map((problem) => `  ${problemLine(problem, file)}`),
    `${paint.bold("fix")} ${fix}`,
  ];
}

/** One problem as `file:line:column path: message`. */
function problemLine({ path, message, line, column }: Problem, file?: string): string {
  const position =
    line === undefined ? "" : `${file ?? "line "}${file ? ":" : ""}${line}${column === undefined ? "" : `:${column}`}`;
  return [position, path ? `${path}: ${message}` : message].filter(Boolean).join(" ");
}

function unforeseen(thrown: unknown): AppError {
  const message = thrown instanceof Error ? (process.env.DEBUG ? thrown.stack : thrown.message) : String(thrown);
  return new AppError("internal", { message: message ?? "", cause: thrown });
}
