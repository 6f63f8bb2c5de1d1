import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { HttpBody } from "../workflow/kinds/http.ts";

/** A request as it goes out. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Methods that change nothing: repeating them needs no key. */
const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Headers that say nothing of who asks; the others stay behind when a redirect leads to another server. */
const impersonal: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"]);

/** Makes the request of a rendered body. @throws AppError http_invalid naming the part that cannot be sent, never its value */
export function requestOf(body: HttpBody, idempotencyKey: string): HttpRequest {
  const { body: content } = body;
  const method = body.method ?? (content === undefined ? "GET" : "POST");
  const own = headersOf(body);
  const headers = {
    accept: body.response ? "application/json" : "*/*",
    "user-agent": "switchyard",
    ...(safe.has(method) ? {} : { "idempotency-key": idempotencyKey }),
    ...(content === undefined ? {} : { "content-type": typeof content === "string" ? text : "application/json" }),
    ...own,
  };
  const sent = typeof content === "string" ? content : JSON.stringify(content);
  return { method, url: addressOf(body), headers, ...(content === undefined ? {} : { body: sent }) };
}

const text = "text/plain; charset=utf-8";

/** A value that must not be sent to another server than the one it was meant for. */
export type IsSecret = (text: string) => boolean;

/**
 * The request that a redirect asks for; the same method and body for 307 and 308, else a GET. Another server gets no header that may say who asks.
 * @throws AppError http_refused - it leads from https to http, or would carry a secret to another server; http_invalid - its address cannot be read
 */
export function redirected(request: HttpRequest, status: number, location: string, isSecret: IsSecret): HttpRequest {
  const url = parsedUrl(location, request.url);
  if (request.url.protocol === "https:" && url.protocol === "http:")
    throw new AppError("http_refused", { message: "a redirect leads from https to http, which is not followed." });
  const keeps = status === 307 || status === 308 || request.method === "HEAD" || request.method === "GET";
  const isElsewhere = url.origin !== request.url.origin;
  const { body } = request;
  if (isElsewhere && keeps && body !== undefined && isSecret(body))
    throw new AppError("http_refused", { message: "a redirect leads to another server, and the body holds a secret." });
  const headers = Object.entries(request.headers).filter(([name]) => {
    if (!keeps && (name === "content-type" || name === "idempotency-key")) return false;
    return !isElsewhere || impersonal.has(name) || name === "idempotency-key";
  });
  return {
    method: keeps ? request.method : "GET",
    url,
    headers: Object.fromEntries(headers.filter(([, value]) => !isElsewhere || !isSecret(value))),
    ...(keeps && body !== undefined ? { body } : {}),
  };
}

function addressOf({ url: written, query = {} }: HttpBody): URL {
  const url = parsedUrl(written);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? (value as readonly Json[]) : [value]) {
      if (typeof one === "object" && one !== null)
        throw invalid(`query.${name} is a list or an object; a query has texts, numbers, true and false.`);
      if (one !== null && one !== undefined) url.searchParams.append(name, String(one));
    }
  }
  return url;
}

function parsedUrl(written: string, base?: URL): URL {
  if (!URL.canParse(written, base?.href))
    throw invalid("url is not an address that can be read; it must begin with http:// or https://.");
  const url = new URL(written, base);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw invalid(`url begins with ${url.protocol}//; it must begin with http:// or https://.`);
  if (url.username !== "" || url.password !== "") throw invalid("url holds a user or password; send them in a header.");
  url.hash = "";
  return url;
}

function headersOf({ headers = {} }: HttpBody): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    // What a header may hold: visible characters, blanks and tabs, and what was Latin-1 once.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw invalid(`headers.${name} holds a line break or another character that no header can hold.`);
    own[name.toLowerCase()] = value.trim();
  }
  return own;
}

function invalid(message: string): AppError {
  return new AppError("http_invalid", { message });
}
