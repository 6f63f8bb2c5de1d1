import type { ServerResponse } from "node:http";
import { parseDuration } from "../core/duration.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { RequestFault } from "./fault.ts";
import { sendJson } from "./vendors/send.ts";

type StatusFault = Extract<RequestFault, { kind: "status" }>;

/** Answers with the fault's status, the vendor's error object (or the fault's own body) and Retry-After. @param nowMs for HTTP dates. */
export function sendStatus(
  response: ServerResponse,
  fault: StatusFault,
  error: (status: number, message: string) => JsonObject,
  nowMs: number,
): void {
  const retryAfter = fault.retryAfter === undefined ? undefined : retryAfterHeader(fault.retryAfter, nowMs);
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  const message = `Simulated outage: status ${fault.status}.`;
  const body = fault.body === undefined ? error(fault.status, message) : (fault.body as Json);
  if (typeof body === "string") {
    response.writeHead(fault.status, { "content-type": "text/plain", ...headers });
    response.end(body);
  } else sendJson(response, fault.status, body, headers);
}

/** The header's text: seconds, the text as it is, or for `date+10s` the HTTP date so far ahead (a date has whole seconds: rounded up). */
function retryAfterHeader(given: number | string, nowMs: number): string {
  if (typeof given === "number") return String(given);
  const ahead = given.startsWith("date+") ? parseDuration(given.slice(5)) : undefined;
  if (ahead === undefined) return given;
  return new Date(Math.ceil((nowMs + ahead) / 1_000) * 1_000).toUTCString();
}

/** Status 200 and half of a JSON text; in a stream a broken event. */
export function sendMalformed(response: ServerResponse, stream: boolean): void {
  const type = stream ? "text/event-stream" : "application/json";
  response.writeHead(200, { "content-type": type });
  response.end(stream ? 'data: {"id":"simulated","choices":[{"delta":\n\n' : '{"id":"simulated","choices":[{"mess');
}

/** What happens at the edge: the connection is cut, or stays open in silence. */
export type Edge = { readonly kind: "cut" | "stall"; readonly afterBytes?: number };

/** Bytes of a stream that come before the edge if the fault doesn't say. */
const streamBytes = 400;

/**
 * Lets an answer through up to a number of bytes and then cuts it or falls silent. Wraps `write` and `end`, so that whoever renders the
 * answer needs to know nothing about it.
 */
export function limitBody(response: ServerResponse, edge: Edge): void {
  const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean;
  let sent = 0;
  let reached = false;
  const pass = (chunk: unknown, last: boolean): void => {
    if (reached) return;
    const bytes = chunk === undefined ? Buffer.alloc(0) : Buffer.from(chunk as string);
    const whole = last && sent === 0;
    const limit = edge.afterBytes ?? (whole ? Math.floor(bytes.length / 2) : streamBytes);
    const part = bytes.subarray(0, Math.max(0, limit - sent));
    sent += part.length;
    reached = last || part.length < bytes.length;
    response.flushHeaders();
    const settle = () => {
      if (reached && edge.kind === "cut") response.socket?.destroy();
    };
    if (part.length > 0) write(part, settle);
    else settle();
  };
  response.write = ((chunk: unknown) => {
    pass(chunk, false);
    return true;
  }) as typeof response.write;
  response.end = ((chunk?: unknown) => {
    pass(typeof chunk === "function" ? undefined : chunk, true);
    return response;
  }) as typeof response.end;
}
