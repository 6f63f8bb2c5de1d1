import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Asked } from "../asked.ts";
import { planningJobs, type Trade } from "./trade.ts";
import { significantWords } from "./words.ts";

/** A step of a simulated plan. */
interface Step {
  readonly id: string;
  readonly trade: Trade;
  readonly prompt: string;
  readonly needs: readonly string[];
  /** The step over whose list it goes. */
  readonly over?: string;
  readonly gives?: "list";
}

/** A part of the goal that says what to do: `write a recommendation`. */
interface Wish {
  readonly text: string;
  readonly trade: Trade;
  /** Name of what it brings. */
  readonly id: string;
}

/** The schema of a plan's steps, where the answer is to be a plan: steps with an id, what they need, who does them and what is to be done. */
export function planItems(schema: JsonObject | undefined): JsonObject | undefined {
  const steps = isJsonObject(schema?.properties) ? schema.properties.steps : undefined;
  const items = isJsonObject(steps) ? steps.items : undefined;
  const properties = isJsonObject(items) ? items.properties : undefined;
  return isJsonObject(properties) && ["id", "needs", "prompt", "agent"].every((key) => key in properties)
    ? properties
    : undefined;
}

/** A plan for the goal in the request: its wishes as steps, each given to the agent whose description fits, with what must come before. */
export function simulatedPlan(schema: JsonObject, properties: JsonObject, asked: Asked): Json {
  const goal = goalIn(asked);
  const { wishes, context } = readGoal(goal);
  const canMap = "over" in properties && valuesOf(properties.kind).includes("map");
  const most = numberOr(isJsonObject(schema.properties) && stepsOf(schema.properties).maxItems, 20);
  const steps = stepsFor(goal, { wishes, context }, canMap).slice(0, most);
  const known = new Set(steps.map(({ id }) => id));
  const answer: JsonObject = {
    explanation: `Simulated: ${steps.length} steps made of the goal's ${wishes.length === 1 ? "wish" : `${wishes.length} wishes`}; what rests on nothing common runs side by side.`,
    steps: steps.map(({ id, trade, prompt, needs, over, gives = "text" }) => {
      const all: JsonObject = {
        id,
        kind: over === undefined ? "llm" : "map",
        agent: agentFor(trade, properties.agent, asked.text),
        prompt,
        needs: needs.filter((need) => known.has(need)),
        gives,
        over: over ?? null,
      };
      return Object.fromEntries(Object.keys(properties).map((key) => [key, all[key] ?? null]));
    }),
  };
  const asksFor = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  return Object.fromEntries(asksFor.flatMap((key) => (answer[key] === undefined ? [] : [[key, answer[key]]])));
}

function stepsFor(goal: string, { wishes, context }: ReadGoal, canMap: boolean): readonly Step[] {
  const steps: Step[] = [];
  let last: readonly string[] = [];
  const add = (step: Omit<Step, "needs">, needs: readonly string[] = last) => {
    const id = uniqueId(step.id, steps);
    steps.push({ ...step, id, needs });
    return id;
  };
  const [first] = wishes;
  if (/\b(?:each|every)\b/i.test(goal) && canMap && first) {
    const named = context.filter((part) => !/\b(?:each|every)\b/i.test(part));
    const list = named.length > 1 ? `\n${named.join("\n")}` : ` ${goal}`;
    const items = add({
      id: "items",
      trade: "extract",
      prompt: `List each of these, one a line:${list}`,
      gives: "list",
    });
    last = [
      add(
        {
          id: first.id,
          trade: first.trade,
          prompt: `${sentence(first.text).slice(0, -1)}: {{ input.item }}`,
          over: items,
        },
        [items],
      ),
    ];
  } else if (first && first.trade !== "gather" && first.trade !== "extract") {
    last = [
      add({
        id: "facts",
        trade: "gather",
        prompt: `List what is known about this, one fact a line: ${first.text.replace(/^answer this: /, "")}`,
      }),
    ];
  }
  for (const wish of last.length > 0 && steps.length > 1 ? wishes.slice(1) : wishes) {
    if (wish.trade === "judge") {
      const strengths = add({
        id: "strengths",
        trade: "judge",
        prompt: `List the points that speak for each: ${wish.text}`,
      });
      const risks = add({ id: "risks", trade: "judge", prompt: `List the risks and costs of each: ${wish.text}` });
      last = [strengths, risks];
    }
    last = [add({ id: wish.id, trade: wish.trade, prompt: sentence(wish.text) })];
  }
  return steps;
}

/** The goal stands in the request as a JSON string; else it is what the prompt says. */
function goalIn({ text, prompt }: Asked): string {
  const quoted = /\bgoal\b[^:\n]*:\s*("(?:[^"\\]|\\.)*")/i.exec(text)?.[1];
  return quoted === undefined ? prompt : String(JSON.parse(quoted));
}

/** What a goal wants, and what stands before that: it is about all of it. */
interface ReadGoal {
  readonly wishes: readonly Wish[];
  readonly context: readonly string[];
}

/** The parts of a goal that begin with something to do; further words belong to the part before them. */
function readGoal(goal: string): ReadGoal {
  const separators = /\n|[;,.!?:]+(?:\s|$)|\s+(?:and then|and|then)\s+/i;
  const context: string[] = [];
  const texts: string[] = [];
  for (const given of goal.split(separators)) {
    const part = given.trim().replace(/^(?:(?:please|now|then|first|finally|also)\s+)+/i, "");
    if (part === "") continue;
    if (tradeOf(part) !== undefined) texts.push(part);
    else if (texts.length > 0) texts.push(`${texts.pop()}, ${part}`);
    else context.push(part);
  }
  const wishes = texts.map((text) => {
    const found = tradeOf(text);
    return { text, trade: found?.trade ?? "write", id: idOf(text, found?.brings) };
  });
  if (wishes.length > 0) return { wishes, context };
  const [line = ""] = goal.trim().split("\n", 1);
  return { wishes: [{ text: `answer this: ${line}`, trade: "write", id: "answer" }], context: [] };
}

function tradeOf(text: string): { readonly trade: Trade; readonly brings?: string } | undefined {
  const verb = /^([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? "";
  for (const [trade, { verbs }] of Object.entries(planningJobs)) {
    if (verb in verbs) return { trade: trade as Trade, brings: verbs[verb] || undefined };
  }
  return undefined;
}

/** Named after what it brings: the verb's noun, else the last word that says something. */
function idOf(text: string, brings: string | undefined): string {
  const word = brings ?? significantWords(text).at(-1) ?? "result";
  const id = word
    .normalize("NFKD")
    .replace(/[^a-z0-9_-]/g, "")
    .slice(0, 30);
  return /^[a-z]/.test(id) ? id : "result";
}

function uniqueId(id: string, steps: readonly Step[]): string {
  let own = id;
  for (let n = 2; steps.some((step) => step.id === own); n++) own = `${id}-${n}`;
  return own;
}

/** The agent whose line in the request speaks most of the trade; null where none does. */
function agentFor(trade: Trade, schema: Json | undefined, text: string): Json {
  const { cues } = planningJobs[trade];
  let best: { readonly name: string; readonly score: number } | undefined;
  for (const name of valuesOf(schema)) {
    const line = text.split("\n").find((one) => one.startsWith(`- ${name}:`)) ?? name;
    const score = cues.filter((cue) => new RegExp(`\\b${cue}`, "i").test(line)).length;
    if (score > (best?.score ?? 0)) best = { name, score };
  }
  return best?.name ?? null;
}

/** The texts that a schema allows, those in its branches included. */
function valuesOf(schema: Json | undefined): readonly string[] {
  if (!isJsonObject(schema)) return [];
  const own = Array.isArray(schema.enum) ? schema.enum.filter((value) => typeof value === "string") : [];
  const branches = Array.isArray(schema.anyOf) ? schema.anyOf : [];
  return [...own, ...branches.flatMap((branch: Json) => valuesOf(branch))];
}

function stepsOf(properties: JsonObject): JsonObject {
  return isJsonObject(properties.steps) ? properties.steps : {};
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
