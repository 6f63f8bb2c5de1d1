import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { RoutingChange } from "../core/routing.ts";
import type { ChangeBy } from "../router/routing-control.ts";
import type { ChangedRouting } from "../router/routing-store.ts";

/** Headers that say who asks for a change. */
export const authorHeaders = z.object({
  "x-switchyard-author": z
    .string()
    .optional()
    .describe(
      "For histories: on whose behalf the key's owner asks; where no key is asked for, who asks. Default: api.",
    ),
});

/** Headers of a change of the routing. */
export const changeHeaders = authorHeaders.extend({
  "if-match": z.string().optional().describe("The version of the routing that the change is made for."),
});

/**
 * Who changes something, and for which version (`If-Match`). With a key it is the key's name, and `X-Switchyard-Author` says on whose behalf; where no key is asked for, that
 * header says who it is.
 * @throws AppError bad_request - If-Match is no version.
 */
export function changeBy({ headers, principal }: Pick<FastifyRequest, "headers" | "principal">): ChangeBy {
  const expected = expectedVersion(headers["if-match"]);
  const author = askerOf({ headers, principal });
  return expected === undefined ? { author } : { author, expected };
}

/** Who asks, for histories and the audit log: the key's name, and on whose behalf. */
export function askerOf({ headers, principal }: Pick<FastifyRequest, "headers" | "principal">): string {
  return authorOf(principal, nameIn(headers["x-switchyard-author"]));
}

/** The new version as it is answered, with its ETag. */
export function changeAnswer(reply: FastifyReply, { overrides, ...change }: ChangedRouting): RoutingChange {
  reply.header("etag", `"${change.version}"`);
  return { ...change, overrides: { ...overrides } };
}

function authorOf({ keyId, name }: Principal, said: string): string {
  if (keyId === null) return said === "" ? name : said;
  return said === "" ? name : `${name} on behalf of ${said}`;
}

/** Percent signs stand for characters that a header cannot hold. */
function nameIn(given: string | readonly string[] | undefined): string {
  const text = typeof given === "string" ? given.trim().slice(0, 600) : "";
  return decoded(text)
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, 200);
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
