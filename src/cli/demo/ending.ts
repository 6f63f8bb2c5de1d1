import wrapAnsi from "wrap-ansi";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Run } from "../../core/run.ts";
import type { Output, Paint } from "../output.ts";
import { table } from "../table.ts";

/** Columns of a text that people read: no wider on a wide terminal, and where there is none. */
const readable = 100;

/** Prints what the run made, and where a newcomer goes from here. */
export function showOutput(run: Run, output: Output): void {
  const { paint, stdout } = output;
  const width = Math.min(readable, stdout.columns ?? readable);
  if (isJsonObject(run.output)) output.print("", ...outputLines(run.output, width, paint));
  const [last = "", ...earlier] = table(next).reverse();
  output.print(
    "",
    paint.bold("Where to look next"),
    ...[...earlier.reverse(), beside, last].map((line) => `  ${line}`),
  );
}

const next = [
  ["npm run demo -- --input FILE", "the same over a log of yours"],
  ["npm run demo -- --real", "with your own keys, or the Ollama here"],
  ["workflows/incident-report.yaml", "the workflow that just ran"],
  ["npx switchyard dev", "API, worker and Redis; then, beside it:"],
  ["npx switchyard simulate --port 9100", "rehearse outages with workflows of yours"],
];
const beside = "  npx switchyard run workflows/hello.yaml --input name=Ada --watch";

/**
 * A workflow's output for people: short values as a table, then each longer one below its name, lists numbered, objects of a list on a line
 * each: `1. Fix it (owner: Ann)`. Pure. @param width columns, in which lines are broken at spaces.
 */
export function outputLines(output: JsonObject, width: number, paint: Paint): string[] {
  const entries = Object.entries(output).map(([key, value]): [string, Json] => [key, value ?? null]);
  const short = entries.filter(([, value]) => isShort(value));
  const long = entries.filter(([, value]) => !isShort(value));
  const facts = table(short.map(([key, value]) => [paint.bold(key), scalarText(value)]));
  const blocks = long.map(([key, value]) => [
    paint.bold(key),
    ...valueLines(value).flatMap((line) => wrapped(line, width, paint)),
  ]);
  return [...(facts.length > 0 ? [facts] : []), ...blocks].flatMap((block, at) => (at === 0 ? block : ["", ...block]));
}

function isShort(value: Json): boolean {
  return (
    !Array.isArray(value) && !isJsonObject(value) && scalarText(value).length <= 60 && !scalarText(value).includes("\n")
  );
}

function scalarText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function valueLines(value: Json): string[] {
  if (typeof value === "string") return value.trimEnd().split("\n");
  if (Array.isArray(value)) return value.map((item: Json, at) => `${at + 1}. ${itemText(item)}`);
  if (!isJsonObject(value)) return [scalarText(value)];
  return Object.entries(value).map(([key, member]) => `${key}: ${itemText(member ?? null)}`);
}

/** An object by its first member, with the others in brackets. */
function itemText(item: Json): string {
  if (Array.isArray(item)) return item.map(itemText).join(", ");
  if (!isJsonObject(item)) return scalarText(item);
  const [first, ...rest] = Object.entries(item);
  if (!first) return "{}";
  const others = rest.map(([key, value]) => `${key}: ${itemText(value ?? null)}`);
  return `${itemText(first[1] ?? null)}${others.length > 0 ? ` (${others.join(", ")})` : ""}`;
}

/** What continues stands below the text, not below its number, bullet or time. */
function wrapped(line: string, width: number, paint: Paint): string[] {
  if (line.trim() === "") return [""];
  const lead = /^\s*(?:\d+\.|[-*]|(?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)?) /.exec(line)?.[0] ?? "";
  const room = Math.max(20, width - 2 - lead.length);
  const [first = "", ...rest] = wrapAnsi(line.slice(lead.length), room, { hard: true }).split("\n");
  const style = /^\[simulated /.test(line) ? paint.dim : isTitle(line) ? paint.bold : String;
  return [`  ${style(`${lead}${first}`)}`, ...rest.map((more) => `  ${" ".repeat(lead.length)}${style(more)}`)];
}

/** A report's headings. */
function isTitle(line: string): boolean {
  return (
    /^#{1,6} /.test(line) ||
    /^(?:Report: |(?:Summary|Impact|Cause|Root cause|What happened|Timeline|Next)\s*:?$)/.test(line)
  );
}
