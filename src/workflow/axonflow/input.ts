import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { ProblemList } from "../problem-list.ts";
import type { Translation } from "./translation.ts";

const types: ReadonlySet<Json | undefined> = new Set(["string", "number", "integer", "boolean", "object", "array"]);

/**
 * The JSON Schema that `spec.input` means. It is taken as one where it says `type: object`; else each of its members is a value's
 * name, with a type's name or a JSON Schema, which may say `required: true`. Anything else is reported.
 */
export function inputSchema(input: JsonObject, translation: Translation, problems: ProblemList): JsonObject {
  const from = ["spec", "input"];
  translation.keep(input, { to: ["input"], from });
  if (input.type === "object") return input;
  const members = Object.entries(input).map(([name, said]) => {
    translation.keep(said, { to: ["input", "properties", name], from: [...from, name] });
    if (typeof said === "string" && types.has(said)) return { name, schema: { type: said }, required: false };
    if (!isJsonObject(said) || !types.has(said.type)) {
      const message = `must be a type (${[...types].join(", ")}) or a JSON Schema with one; the format leaves open what else it means.`;
      problems.add([...from, name], message);
      return { name, schema: {}, required: false };
    }
    const { required, ...schema } = said;
    return typeof required === "boolean" ? { name, schema, required } : { name, schema: said, required: false };
  });
  const needed = members.flatMap(({ name, required }) => (required ? [name] : []));
  return {
    type: "object",
    ...(needed.length === 0 ? {} : { required: needed }),
    properties: Object.fromEntries(members.map(({ name, schema }) => [name, schema])),
  };
}
