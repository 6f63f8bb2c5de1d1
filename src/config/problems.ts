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
  /** What is told twice, because a value is looked at twice, stands there once. */
  add(origin: Origin, message: string): void;
}

/** An empty gathering. */
export function gatherProblems(): Problems {
  const list: Problem[] = [];
  return {
    list,
    add(origin, message) {
      const { path, line, column } = origin;
      if (list.some((one) => one.path === path && one.message === message && one.line === line)) return;
      list.push({
        path,
        message,
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
      });
    },
  };
}

/** The one error for all problems of the settings. @param file that lines and columns are those of. */
export function settingsError(problems: readonly Problem[], file?: string): AppError {
  const lines = problems.map((problem) => {
    const position = problem.line === undefined ? "" : ` (line ${problem.line}, column ${problem.column ?? 1})`;
    return `- ${problem.path}${position}: ${problem.message}`;
  });
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const message = `The settings have ${count}:\n${lines.join("\n")}`;
  return new AppError("invalid_settings", { message, problems, details: file === undefined ? {} : { file } });
}
