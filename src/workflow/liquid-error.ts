import { LiquidError, type Token } from "liquidjs";
import { NoValue } from "./liquid.ts";
import type { Position } from "./locator.ts";

/** What keeps a template from being parsed, and where in its text. */
export interface LiquidMistake {
  readonly message: string;
  readonly position: Position;
}

/** Explains what parsing a template or an expression threw. Rethrows what is not Liquid's. */
export function liquidMistake(error: unknown): LiquidMistake {
  if (!isLiquidError(error)) {
    if (error instanceof Error && error.name === "AssertionError") return { message: error.message, position: start };
    throw error;
  }
  const position = positionOf(error.token);
  const message = bare(error).replace(
    /^tag "(include|render|layout|block)" not found$/,
    "tag $1 reads files and is not available",
  );
  return { message, position };
}

/** Explains what rendering threw, naming the variable: `steps.a.output.x is missing (line 2)`. */
export function liquidFailure(error: unknown): string {
  if (!isLiquidError(error)) return (error as Error).message;
  const { line } = positionOf(error.token);
  const place = line > 1 ? ` (line ${line})` : "";
  const text = error.token.getText().trim();
  const cause: unknown = error.originalError;
  if (cause instanceof NoValue) return `${text} has no value${place}: a skipped step's output is null`;
  const missing = missingVariable(cause);
  if (missing === undefined) return `${text}: ${bare(error)}${place}`;
  return missing === text ? `${text} is missing${place}` : `${text} is missing: there is no ${missing}${place}`;
}

const start: Position = { line: 1, column: 1 };

function positionOf(token: Token): Position {
  const [line = 1, column = 1] = token.getPosition();
  return { line, column };
}

/** What LiquidError carries and its declarations hide. */
interface WithToken extends Error {
  readonly token: Token;
  readonly originalError?: unknown;
}

function isLiquidError(error: unknown): error is WithToken {
  return LiquidError.is(error);
}

/** Liquid appends the position to its messages. */
function bare(error: Error): string {
  return error.message.replace(/, line:\d+, col:\d+$/, "");
}

function missingVariable(error: unknown): string | undefined {
  const name: unknown = error instanceof Error && "variableName" in error ? error.variableName : undefined;
  return typeof name === "string" ? name : undefined;
}
