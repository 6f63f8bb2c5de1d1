import { AppError, type Problem } from "../core/errors.ts";

/** Where a value came from: the variable's name, or the path in the file and its position. */
export interface Origin {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
}

/** Gathers everything that is wrong, so that one message tells all. */
export interface Problems {
  readonly list: readonly Problem[];
  add(origin: Origin, message: string): void;
}

/** An empty gathering. */
export function gatherProblems(): Problems {
  const list: Problem[] = [];
  return {
    list,
    add(origin, message) {
      const { path, line, column } = origin;
      list.push({
        path,
        message,
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
      });
    },
  };
}

/** The one error for all problems of the settings. */
export function settingsError(problems: readonly Problem[]): AppError {
  const lines = problems.map((problem) => {
    const position = problem.line === undefined ? "" : ` (line ${problem.line}, column ${problem.column ?? 1})`;
    return `- ${problem.path}${position}: ${problem.message}`;
  });
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new AppError("invalid_settings", { message: `The settings have ${count}:\n${lines.join("\n")}`, problems });
}
