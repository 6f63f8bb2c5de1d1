import { z } from "zod";
import type { Capabilities } from "../core/capabilities.ts";
import { isJsonObject } from "../core/json.ts";
import { unknownKey } from "./known-names.ts";
import type { Problems } from "./problems.ts";
import { notAllowed } from "./read.ts";
import { flag } from "./scalar-forms.ts";
import type { Source } from "./source.ts";

const tokens = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.number().int().min(1).max(1_000_000_000));
const tokensForm = { schema: tokens, allowed: "a number of tokens, 1 or more" };
const flagForm = { schema: flag, allowed: "true, false" };

/** Keys of `capabilities.MODEL` in a provider's entry: which capability each sets, and what is allowed. */
export const capabilityFields = {
  context_window: { sets: "contextWindow", ...tokensForm },
  max_output: { sets: "maxOutput", ...tokensForm },
  tools: { sets: "tools", ...flagForm },
  images: { sets: "images", ...flagForm },
  json_schema: { sets: "jsonSchema", ...flagForm },
  reasoning: { sets: "reasoning", ...flagForm },
} as const satisfies Record<string, { readonly sets: keyof Capabilities }>;

/** What a provider's entry says of its models, by their names. What it leaves out is looked for elsewhere. */
export function readCapabilities(
  provider: string,
  source: Source,
  problems: Problems,
): Readonly<Record<string, Partial<Capabilities>>> {
  const path = ["providers", provider, "capabilities"];
  const found = source.find(undefined, path);
  if (!found) return {};
  if (!isJsonObject(found.value)) {
    problems.add(found, `allowed: names of models with ${Object.keys(capabilityFields).join(", ")} below them.`);
    return {};
  }
  const models = Object.keys(found.value);
  return Object.fromEntries(models.map((model) => [model, readModel([...path, model], source, problems)]));
}

function readModel(path: readonly string[], source: Source, problems: Problems): Partial<Capabilities> {
  const known = Object.keys(capabilityFields);
  const found = source.find(undefined, path);
  if (!found) return {};
  if (!isJsonObject(found.value)) {
    problems.add(found, `allowed: ${known.join(", ")} below it.`);
    return {};
  }
  for (const key of Object.keys(found.value)) {
    if (!known.includes(key)) problems.add(source.file.at([...path, key]), unknownKey(key, known));
  }
  const said = Object.entries(capabilityFields).flatMap(([key, { sets, schema, allowed }]) => {
    const field = source.find(undefined, [...path, key]);
    if (!field) return [];
    const parsed = schema.safeParse(field.value);
    if (parsed.success) return [[sets, parsed.data] as const];
    problems.add(field, notAllowed(field, allowed));
    return [];
  });
  return Object.fromEntries(said);
}
