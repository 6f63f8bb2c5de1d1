/** An error as it stands in the log. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly cause?: LoggedError;
}

/** Causes of causes that are logged. */
const deepest = 5;

/**
 * What is logged of an error: its kind, words and place, and those of its causes. Whatever else it bears is left out, since it may be what somebody sent: a command that Redis
 * refused bears its arguments. Pure.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!isErrorLike(error)) return { type: typeof error, message: String(error) };
  const { name, message, stack, code, cause } = error;
  return {
    type: typeof name === "string" ? name : "Error",
    message: String(message),
    ...(typeof stack === "string" ? { stack } : {}),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(cause === undefined || depth >= deepest ? {} : { cause: loggedError(cause, depth + 1) }),
  };
}

function isErrorLike(error: unknown): error is Readonly<Record<string, unknown>> {
  return typeof error === "object" && error !== null && "message" in error;
}
