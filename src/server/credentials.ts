import type { IncomingHttpHeaders } from "node:http";
import { parseCookie } from "cookie";
import type { Credentials } from "../access/gate.ts";

/** The cookie of a login. */
export const sessionCookie = "switchyard";

/**
 * What a request shows: a key as `Authorization: Bearer KEY`, as `X-Api-Key: KEY` (Anthropic's clients), as the password of `Authorization: Basic` (AxonFlow's clients), or
 * the cookie of a login. The first of these that is there counts. Pure.
 */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials | undefined {
  const [scheme = "", value = ""] = (headers.authorization ?? "").trim().split(/\s+/, 2);
  if (/^bearer$/i.test(scheme) && value !== "") return { key: value };
  if (/^basic$/i.test(scheme) && value !== "") return { key: passwordOf(value) };
  const key = headers["x-api-key"];
  if (typeof key === "string" && key.trim() !== "") return { key: key.trim() };
  const session = headers.cookie === undefined ? undefined : parseCookie(headers.cookie)[sessionCookie];
  return session ? { session } : undefined;
}

function passwordOf(basic: string): string {
  const text = Buffer.from(basic, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1);
}
