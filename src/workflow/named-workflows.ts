import { isJsonObject, type Json } from "../core/json.ts";

/** Keys below which stands what a step is given, and no part of the workflow. */
const given = new Set(["input", "output", "schema"]);

/** Names of the stored workflows that a definition runs: by its steps, its blocks, the tools of its agents. A name that is made of a template is not known. Pure. */
export function namedWorkflows(definition: Json): ReadonlySet<string> {
  const names = new Set<string>();
  collect(definition, names);
  return names;
}

function collect(value: Json, names: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, names);
  if (!isJsonObject(value)) return;
  const { workflow } = value;
  const name = isJsonObject(workflow) ? workflow.name : workflow;
  if (typeof name === "string" && !name.includes("{{") && !name.includes("{%")) names.add(name);
  for (const [key, member] of Object.entries(value)) {
    if (!given.has(key) && member !== undefined) collect(member, names);
  }
}
