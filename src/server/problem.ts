import { catalogue } from "../core/catalogue.ts";
import { AppError, type Problem } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { isUnreachable } from "../redis/connection.ts";
import { refusalOf } from "../redis/refusal.ts";

/** An error as the API answers it: RFC 9457, media type {@link problemMediaType}. */
export interface ProblemDocument {
  /** Names the kind of problem: `urn:switchyard:problem:CODE`. */
  readonly type: string;
  /** The catalogue's sentence for the code. */
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  /** What happened this time, to what. */
  readonly detail: string;
  /** A code of the error catalogue. */
  readonly code: string;
  /** Everything that is wrong, where the error lists it. */
  readonly problems?: readonly Problem[];
  /** Facts a program can act on, such as `retryAfterMs`. */
  readonly details?: Readonly<Record<string, Json>>;
  /** What the user does about it. */
  readonly fix: string;
}

/** Media type of a {@link ProblemDocument}. */
export const problemMediaType = "application/problem+json; charset=utf-8";

/**
 * Any thrown thing as an error of the catalogue: Fastify's own refusals become `bad_request`, `payload_too_large` or `unsupported_media_type`, a lost Redis
 * `redis_unavailable`, one that takes no changes what it says, and what nobody foresaw `internal`, with the original as cause for the log and none of its text.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isUnreachable(error))
    return new AppError("redis_unavailable", { cause: error, details: { retryAfterMs: 1_000 } });
  const refused = refusalOf(error);
  if (refused) return refused;
  if (error instanceof Error && "statusCode" in error) {
    if (error.statusCode === 415)
      return new AppError("unsupported_media_type", { message: error.message, cause: error });
    if (error.statusCode === 413) return new AppError("payload_too_large", { message: error.message, cause: error });
    if (typeof error.statusCode === "number" && error.statusCode >= 400 && error.statusCode < 500) {
      return new AppError("bad_request", { message: error.message, cause: error });
    }
  }
  return new AppError("internal", { cause: error });
}

/** The document that is answered for an error. */
export function problemDocument(error: AppError): ProblemDocument {
  return {
    type: `urn:switchyard:problem:${error.code}`,
    title: catalogue[error.code].summary,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.problems.length > 0 ? { problems: error.problems } : {}),
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
    fix: error.fix,
  };
}

/** Value of the Retry-After header in whole seconds, at least 1; undefined where the error does not say when to come back. */
export function retryAfterSeconds(error: AppError): number | undefined {
  const { retryAfterMs } = error.details;
  return typeof retryAfterMs === "number" ? Math.max(1, Math.ceil(retryAfterMs / 1_000)) : undefined;
}
