import type { JsonObject } from "../core/json.ts";
import type { PlanStep } from "../core/plan.ts";
import type { CheckedDefinition } from "../workflow/checked.ts";
import { stringsIn } from "../workflow/path.ts";

/** Characters of a step's text. */
const textLength = 200;

/** Keys of a step's body under which it says what it does. */
const telling: ReadonlySet<string> = new Set(["prompt", "message", "content", "url"]);

/** The steps of a definition for people. @param agents by step id */
export function planSteps({ steps }: CheckedDefinition, agents: Readonly<Record<string, string>>): readonly PlanStep[] {
  return steps.map(({ id, kind, body, needs }) => ({ id, kind, agent: agents[id] ?? null, text: textOf(body), needs }));
}

/** The first paragraph of what the step does. */
function textOf(body: unknown): string {
  const texts = [...stringsIn(body)];
  const found = texts.find(({ path }) => telling.has(String(path.at(-1)))) ?? texts[0];
  const text = (found?.text ?? "").trim().split(/\n\s*\n/, 1)[0] ?? "";
  const line = text.replace(/\s+/g, " ");
  return line.length > textLength ? `${line.slice(0, textLength - 1)}…` : line;
}

/** What an edit changes, in a sentence. */
export function changeSummary(before: JsonObject, after: JsonObject): string {
  const changed = Object.keys(after).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  const words = changed.map((key) =>
    key === "mode" ? `mode ${String(before.mode)} to ${String(after.mode)}` : stepWords(key, before, after),
  );
  return words.length === 0 ? "nothing changed" : words.join("; ");
}

function stepWords(key: string, before: JsonObject, after: JsonObject): string {
  if (key !== "definition") return `another ${key}`;
  const [old, now] = [stepsById(before.definition), stepsById(after.definition)];
  const added = [...now.keys()].filter((id) => !old.has(id)).map((id) => `+${id}`);
  const removed = [...old.keys()].filter((id) => !now.has(id)).map((id) => `-${id}`);
  const other = [...now].filter(([id, text]) => old.has(id) && old.get(id) !== text).map(([id]) => `~${id}`);
  const steps = [...added, ...removed, ...other];
  return steps.length === 0 ? "another definition" : `steps ${steps.join(" ")}`;
}

function stepsById(definition: unknown): ReadonlyMap<string, string> {
  const { steps = [] } = definition as { readonly steps?: readonly { readonly id: string }[] };
  return new Map(steps.map((step) => [step.id, JSON.stringify(step)]));
}
