import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import type { RoutingChange } from "../core/routing.ts";
import type { ChangeBy } from "../router/routing-control.ts";
import type { ChangedRouting } from "../router/routing-store.ts";

/** Headers that say who asks for a change. */
export const authorHeaders = z.object({
  "x-switchyard-author": z.string().optional().describe("Who asks, for histories. Default: api."),
});

/** Headers of a change of the routing. */
export const changeHeaders = authorHeaders.extend({
  "if-match": z.string().optional().describe("The version of the routing that the change is made for."),
});

/** Who asks for a change, where the request does not say. */
const nameless = "api";

/**
 * Who changes the routing (`X-Switchyard-Author`), and for which version (`If-Match`).
 * @throws AppError bad_request - If-Match is no version, or a page of another website asks.
 */
export function changeBy({ headers }: FastifyRequest): ChangeBy {
  refuseOtherSites(headers.origin, headers.host);
  const expected = expectedVersion(headers["if-match"]);
  const author = authorOf(headers["x-switchyard-author"]);
  return expected === undefined ? { author } : { author, expected };
}

/** The new version as it is answered, with its ETag. */
export function changeAnswer(reply: FastifyReply, { overrides, ...change }: ChangedRouting): RoutingChange {
  reply.header("etag", `"${change.version}"`);
  return { ...change, overrides: { ...overrides } };
}

/** A browser sends a POST without a body to any address without asking first, and says which page it comes from. */
function refuseOtherSites(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new AppError("bad_request", {
    message: `The request comes from a page of ${origin.slice(0, 100)}; only this server's own pages may change something here.`,
  });
}

/** Percent signs stand for characters that a header cannot hold. */
function authorOf(given: string | readonly string[] | undefined): string {
  const text = typeof given === "string" ? given.trim().slice(0, 600) : "";
  const name = decoded(text)
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, 200);
  return name === "" ? nameless : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A name with a percent sign of its own.
    return text;
  }
}

function expectedVersion(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const match = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header.trim());
  if (match) return Number(match[1]);
  const message = `If-Match is ${header.slice(0, 60)}; allowed: a version of the routing, such as "7".`;
  throw new AppError("bad_request", { message, problems: [{ path: "if-match", message }] });
}
