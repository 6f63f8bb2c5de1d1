import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Scope } from "../workflow/compiled.ts";
import { pathText, stringsIn } from "../workflow/path.ts";
import { readPlace } from "../workflow/read-place.ts";
import { type Reference, referenceText } from "../workflow/reference.ts";
import { renderingOf } from "../workflow/rendering.ts";
import type { Delivery } from "./trigger-signature.ts";

/** What templates of a trigger can read. */
const roots = ["body", "headers"];

/** Headers that say who sent it, and are for nobody else. */
const kept: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** What is wrong with the templates of a value, by place. Pure. @param at stands before each place */
export function templateMistakes(value: Json, at: string): readonly (readonly [string, string])[] {
  return [...stringsIn(value)].flatMap(({ path, text }) => {
    const place = pathText([at, ...path]);
    const { references, mistakes } = readPlace({ text });
    const messages = [...mistakes.map(({ message }) => message), ...references.flatMap(strangeReference)];
    return messages.map((message) => [place, message] as const);
  });
}

/** A trigger's value with its templates rendered over a delivery. @throws AppError template_failed */
export function rendered(value: Json, at: string, delivery: JsonObject): Json {
  const places = [...stringsIn(value)].map(({ path, text }) => ({ path, text }));
  const scope: Scope = { input: {}, steps: {}, delivery };
  return renderingOf({ owner: "The trigger", value, places, at: [at] }).render(scope);
}

/** What templates read of a delivery. @param hidden a header to leave out: the signature's. @throws AppError bad_request - the body is not what its type says */
export function contentOf({ headers, body }: Delivery, hidden: string): JsonObject {
  const shown = Object.entries(headers).filter(([name]) => name !== hidden && !kept.has(name));
  return { body: parsedBody(headers["content-type"] ?? "", body), headers: Object.fromEntries(shown) };
}

function strangeReference({ segments }: Reference): readonly string[] {
  const [root, name] = segments;
  if (typeof root !== "string" || !roots.includes(root)) {
    const meant = didYouMean(String(root), roots);
    return [`there is no ${referenceText(segments)}; a trigger reads body and headers.${meant}`];
  }
  if (root === "headers" && typeof name === "string" && name !== name.toLowerCase())
    return [`headers are named in small letters: headers["${name.toLowerCase()}"].`];
  return [];
}

function parsedBody(contentType: string, body: Buffer): Json {
  if (body.length === 0) return null;
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const text = body.toString("utf8");
  if (type === "application/x-www-form-urlencoded") return formOf(text);
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(type)) return text;
  try {
    return JSON.parse(text, refusePrototype) as Json;
  } catch (error) {
    throw new AppError("bad_request", { message: `The body is no JSON: ${(error as Error).message}`, cause: error });
  }
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new Error("a key __proto__ is not taken");
  return value;
}

/** Names that come more than once give a list. */
function formOf(text: string): JsonObject {
  const form = new URLSearchParams(text);
  const names = [...new Set(form.keys())].filter((name) => name !== "__proto__");
  return Object.fromEntries(
    names.map((name) => {
      const values = form.getAll(name);
      return [name, values.length > 1 ? values : (values[0] ?? "")];
    }),
  );
}
