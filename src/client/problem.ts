import { catalogue, type ErrorCode } from "../core/catalogue.ts";
import { AppError, type Problem } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";

/**
 * The error that a server's answer means: the server's code, message, problems and facts.
 * @param text the answer's body. An answer that is no problem document becomes `server_unreachable`: something else listens there.
 */
export function errorFromAnswer(url: string, status: number, text: string): AppError {
  const document = parseObject(text);
  const code = document?.code;
  if (document && isErrorCode(code)) {
    const { detail, problems, details } = document;
    return new AppError(code, {
      ...(typeof detail === "string" ? { message: detail } : {}),
      problems: Array.isArray(problems) ? problems.filter(isProblem) : [],
      details: isJsonObject(details) ? (details as Readonly<Record<string, Json>>) : {},
    });
  }
  if (document && typeof code === "string") {
    // A newer server with a code that this client does not know yet.
    const detail = typeof document.detail === "string" ? document.detail : `The server answered ${status}.`;
    return new AppError(status < 500 ? "bad_request" : "internal", { message: detail, details: { code, status } });
  }
  const inVendorsShape = document && errorInVendorsShape(document);
  if (inVendorsShape) return inVendorsShape;
  const start = text.slice(0, 80).replace(/\s+/g, " ").trim();
  return new AppError("server_unreachable", {
    message: `${url} answered ${status} and not as a Switchyard server does${start ? `: ${start}` : ""}.`,
    details: { url, status },
  });
}

/** On the routes of vendors' formats our own code stands beside the vendor's error. */
function errorInVendorsShape({ switchyard, error }: JsonObject): AppError | undefined {
  if (!isJsonObject(switchyard) || !isErrorCode(switchyard.code)) return undefined;
  const { code, calls } = switchyard;
  const { message = "", param = null } = isJsonObject(error) ? error : {};
  if (!isErrorCode(code) || typeof message !== "string") return undefined;
  return new AppError(code, {
    ...(message === "" ? {} : { message }),
    problems: typeof param === "string" ? [{ path: param, message }] : [],
    details: calls === undefined ? {} : { calls },
  });
}

/** The error for a server that could not be reached at all. */
export function unreachable(url: string, cause: unknown): AppError {
  return new AppError("server_unreachable", {
    message: `No Switchyard server answers at ${url} (${reasonOf(cause)}).`,
    details: { url },
    cause,
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(catalogue, value);
}

function isProblem(value: unknown): value is Problem {
  return isJsonObject(value) && typeof value.path === "string" && typeof value.message === "string";
}

/** The JSON object that a text holds, or undefined. */
export function parseObject(text: string): { readonly [key: string]: Json | undefined } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
