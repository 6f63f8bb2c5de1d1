import type { IncomingHttpHeaders } from "node:http";
import type { Hints } from "../../core/call.ts";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { listed, placeOf, readShape } from "../../core/zod-problem.ts";
import { hintsSchema } from "../hints.ts";

/** A hint as clients of a vendor's format can give it: all of {@link Hints} but the model, which the format itself has. */
type HintName = Exclude<keyof Hints, "model">;

/** How each hint is read where it comes as text, in a header or in `metadata`. */
const asText: Readonly<Record<HintName, (text: string) => Json>> = {
  provider: (text) => text,
  strict_provider: (text) => text,
  strategy: (text) => text,
  allow: (text) => text.split(",").map((name) => name.trim()),
  max_calls: toNumber,
  max_usd: toNumber,
  max_seconds: toNumber,
  caller: (text) => text,
  on_content_filter: (text) => text,
};

const names = Object.keys(asText) as readonly HintName[];

/** The header of a hint: `x-switchyard-strict-provider`. */
const headers = names.map((name) => [name, `x-switchyard-${name.replaceAll("_", "-")}`] as const);

/** Hints, and the body without them. */
export interface TakenHints {
  readonly hints: Hints;
  readonly body: JsonObject;
}

/**
 * Takes the hints out of a request in a vendor's format: from its headers, else from the top of its body (as `extra_body` puts them there), else from its `metadata`.
 * The vendor does not hear of them.
 * @throws AppError bad_request with every problem and where it stands
 */
export function takeHints(body: JsonObject, given: IncomingHttpHeaders): TakenHints {
  const found = new Map<HintName, { readonly value: Json; readonly place: string }>();
  const metadata = isJsonObject(body.metadata) ? body.metadata : undefined;
  for (const [name, header] of headers) {
    const ofHeader = given[header];
    const ofMetadata = metadata?.[name];
    if (typeof ofHeader === "string") {
      found.set(name, { value: asText[name](ofHeader), place: `headers.${header}` });
    } else if (body[name] !== undefined) {
      found.set(name, { value: body[name], place: name });
    } else if (ofMetadata !== undefined) {
      const value = typeof ofMetadata === "string" ? asText[name](ofMetadata) : ofMetadata;
      found.set(name, { value, place: `metadata.${name}` });
    }
  }
  if (found.size === 0) return { hints: {}, body };
  const read = readShape(hintsSchema, Object.fromEntries([...found].map(([name, { value }]) => [name, value])));
  if (!read.ok) {
    const problems = read.problems.map((problem) => {
      const [name, ...rest] = placeOf(problem).split(".");
      const place = found.get(name as HintName)?.place ?? name ?? "";
      return { path: [place, ...rest].join("."), message: problem.message };
    });
    throw new AppError("bad_request", { message: `The request's hints have mistakes: ${listed(problems)}`, problems });
  }
  return { hints: read.value, body: withoutHints(body, metadata) };
}

/** `metadata` goes if nothing else was in it: a vendor may refuse an empty one. */
function withoutHints(body: JsonObject, metadata: JsonObject | undefined): JsonObject {
  const rest = without(body);
  if (!metadata) return rest;
  const { metadata: _, ...others } = rest;
  const left = without(metadata);
  return Object.keys(left).length > 0 ? { ...others, metadata: left } : others;
}

function without(object: JsonObject): JsonObject {
  const isHint: (name: string) => boolean = (name) => Object.hasOwn(asText, name);
  return Object.fromEntries(Object.entries(object).filter(([name]) => !isHint(name)));
}

/** Text that is no number stays text, so that the message says what came. */
function toNumber(text: string): Json {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
