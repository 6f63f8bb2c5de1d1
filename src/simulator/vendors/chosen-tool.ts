import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Asked } from "../asked.ts";

/** A tool as a request offers it; what is no tool has no name. */
export interface OfferedTool {
  readonly name: Json | undefined;
  readonly schema: JsonObject | undefined;
}

/** What a request says of calling tools. */
export interface ToolQuestion {
  readonly offered: readonly OfferedTool[];
  /** `free`: the model decides. `forced`: it calls one, of those that are named if any are. */
  readonly choice: "free" | "none" | "forced";
  readonly names?: readonly Json[];
  /** What was said so far. */
  readonly conversation: Json | undefined;
}

/** Calls that a simulated model makes in one conversation of its own accord. */
const mostCalls = 3;

/**
 * The tool that the answer is a call of; undefined: the answer is text. A model that decides for itself calls each tool once, in their order,
 * up to three; then it says what it has learnt.
 */
export function chosenTool({ offered, choice, names = [], conversation }: ToolQuestion): Asked["tool"] {
  if (choice === "none") return undefined;
  const tools = offered.flatMap(({ name, schema }) =>
    typeof name === "string" ? [{ name, schema: schema ?? {} }] : [],
  );
  if (choice === "forced") return tools.find(({ name }) => names.length === 0 || names.includes(name));
  const called = namesIn(conversation);
  const isDone = tools.filter(({ name }) => called.has(name)).length >= mostCalls;
  return isDone ? undefined : tools.find(({ name }) => !called.has(name));
}

/** Every `name` in a conversation: each vendor's calls have one. */
function namesIn(value: Json | undefined, found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(value)) for (const item of value) namesIn(item, found);
  else if (isJsonObject(value)) {
    if (typeof value.name === "string") found.add(value.name);
    for (const member of Object.values(value)) namesIn(member, found);
  }
  return found;
}
