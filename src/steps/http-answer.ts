import type { Json, JsonObject } from "../core/json.ts";
import type { HttpBody } from "../workflow/kinds/http.ts";
import type { HttpAnswer } from "./http-exchange.ts";

/** Headers of an answer that a step's output keeps without being asked. */
const keptHeaders: readonly string[] = ["content-type", "etag", "last-modified", "link", "location", "retry-after"];

/** Whether a status is one that the step takes for success. Default: 2xx. */
export function isSuccess(status: number, success: HttpBody["success"] = ["2xx"]): boolean {
  return isAmong(status, success);
}

/** A status that another attempt may change. Default: the server's own failures, and too many requests. */
export function mayPass(status: number, again: HttpBody["retry_on"] = [429, "5xx"]): boolean {
  return isAmong(status, again);
}

function isAmong(status: number, list: readonly (number | string)[]): boolean {
  return list.some((one) => one === status || one === `${Math.floor(status / 100)}xx`);
}

/** What a step's output keeps of an answer. `body`: JSON as its value, text as text, nothing as null, anything else as `{ base64 }`. */
export function outputOf(answer: HttpAnswer, body: Json, wanted: readonly string[] = []): JsonObject {
  const names = new Set([...keptHeaders, ...wanted.map((name) => name.toLowerCase())]);
  const headers = Object.entries(answer.headers).filter(([name]) => names.has(name));
  return { status: answer.status, headers: Object.fromEntries(headers), body };
}

/** An answer's body as a value. Undefined: it says that it is JSON, or must be, and is not. */
export function readBody({ headers, body }: HttpAnswer, mustBeJson: boolean): Json | undefined {
  if (body.length === 0 && !mustBeJson) return null;
  const [type = "", ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";");
  if (mustBeJson || /^application\/([\w.-]+\+)?json$/.test(type.trim())) return parsed(body);
  const isKnownAsText = isText(type.trim());
  const text = isKnownAsText || type === "" ? decoded(body, parameters.join(";"), isKnownAsText) : undefined;
  return text ?? { base64: Buffer.from(body).toString("base64") };
}

/** The beginning of an answer, for an error's message. */
export function excerpt({ body }: HttpAnswer): string {
  const text = Buffer.from(body.subarray(0, 2_000)).toString("utf8").replace(/\s+/g, " ").trim();
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

function parsed(body: Uint8Array): Json | undefined {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as Json;
  } catch {
    // Not JSON: the caller says what that means.
    return undefined;
  }
}

/** Whether a content type is one of texts; without one, what can be read as text is text. */
function isText(type: string): boolean {
  return /^(text\/.*|application\/(xml|javascript|x-www-form-urlencoded|x-ndjson|.*\+xml))$/.test(type);
}

function decoded(body: Uint8Array, parameters: string, isText: boolean): string | undefined {
  const [, charset = "utf-8"] = /charset="?([\w-]+)/.exec(parameters) ?? [];
  try {
    return new TextDecoder(charset, { fatal: !isText }).decode(body);
  } catch {
    // An unknown charset, or bytes that are no text.
    return isText ? new TextDecoder().decode(body) : undefined;
  }
}
