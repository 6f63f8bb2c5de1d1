import { catalogue, type ErrorCode } from "./catalogue.ts";
import type { Json } from "./json.ts";

/** One thing that is wrong with what a caller gave, and where. Lists of these make one message. */
export interface Problem {
  /** Where: a dotted path (`steps.2.llm.prompt`) or a setting's name (`PROVIDER_WEIGHTS`). */
  readonly path: string;
  /** What is wrong, what is allowed, and a did-you-mean where there is one. */
  readonly message: string;
  /** 1-based position in the file that it came from, where there is a file. */
  readonly line?: number;
  readonly column?: number;
}

/** What an {@link AppError} may carry besides its code. */
export interface AppErrorOptions {
  /** The sentence shown to the user. Default: the catalogue's summary of the code. */
  readonly message?: string;
  /** Facts a program can act on (ids, allowed values, `retryAfterMs`). Never a secret. */
  readonly details?: Readonly<Record<string, Json>>;
  /** Everything that is wrong, for codes that report many things at once. */
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

/** The one error class of Switchyard: a code of the catalogue, a sentence, facts. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, Json>>;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? catalogue[code].summary, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details ?? {};
    this.problems = options.problems ?? [];
  }

  /** HTTP status of the code. */
  get status(): number {
    return catalogue[this.code].status;
  }

  /** What the user does about it. */
  get fix(): string {
    return catalogue[this.code].fix;
  }
}

/** An error as it is stored in a run, sent over HTTP and printed. */
export interface ErrorRecord {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, Json>>;
  readonly problems?: readonly Problem[];
}

/** Any thrown thing as a storable record; what is not an {@link AppError} becomes `internal`. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
      ...(error.problems.length > 0 ? { problems: error.problems } : {}),
    };
  }
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

/** Ends a switch over a union: a member that nobody handled is a compile error, and at run time this throw. */
export function assertNever(value: never): never {
  throw new AppError("internal", { message: `Unhandled case: ${JSON.stringify(value)}` });
}
