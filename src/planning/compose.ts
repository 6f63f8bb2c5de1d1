import type { Json, JsonObject } from "../core/json.ts";
import { readPlace } from "../workflow/read-place.ts";
import { workOf } from "./agent.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Proposal, ProposedStep } from "./proposal.ts";

/** What a proposal becomes a workflow with. */
export interface ComposeParts {
  /** Of the workflow. */
  readonly name: string;
  readonly goal: string;
  readonly agents: Catalogue;
}

/** A workflow, and who does which of its steps. */
export interface Composed {
  readonly definition: JsonObject;
  /** Agent by step id. */
  readonly agents: Readonly<Record<string, string>>;
}

/** JSON Schema of the input of every plan's run. */
const planInput: JsonObject = {
  type: "object",
  required: ["goal"],
  properties: { goal: { type: "string" }, domain: { type: "string" } },
};

const listOutput: JsonObject = {
  type: "object",
  required: ["items"],
  additionalProperties: false,
  properties: { items: { type: "array", items: { type: "string" } } },
};

/** A proposal as a workflow in our language. What a step needs and its prompt does not read is put below the prompt; below those of the first and the last steps, the goal too. Not checked yet. */
export function compose({ steps }: Proposal, { name, goal, agents }: ComposeParts): Composed {
  return {
    definition: {
      name,
      description: goal.length > 500 ? `${goal.slice(0, 499)}…` : goal,
      input: planInput,
      steps: steps.map((step) => stepOf(step, steps, agents)),
    },
    agents: Object.fromEntries(steps.flatMap(({ id, agent }) => (agent === null ? [] : [[id, agent]]))),
  };
}

function stepOf(step: ProposedStep, all: readonly ProposedStep[], agents: Catalogue): JsonObject {
  const route = (step.agent === null ? undefined : agents.get(step.agent)?.route) as JsonObject | undefined;
  return {
    id: step.id,
    needs: needsOf(step),
    ...(route && Object.keys(route).length > 0 && step.kind === "llm" ? { route } : {}),
    ...contentOf(step, all, agents),
  };
}

function contentOf(step: ProposedStep, all: readonly ProposedStep[], agents: Catalogue): JsonObject {
  const { kind, prompt } = step;
  switch (kind) {
    case "llm":
      return work(step, withMaterial(prompt, needsOf(step), { root: "steps", goal: seesGoal(step, all) }), agents);
    case "map":
      return { map: mapBody(step, all, agents) };
    case "approval":
      return { approval: { message: prompt } };
    case "transform":
      return { transform: prompt };
    default:
      return { http: httpBody(step) };
  }
}

/** An agent's step; a plain question where there is none. */
function work({ agent, gives }: ProposedStep, prompt: string, agents: Catalogue): JsonObject {
  const found = agent === null ? undefined : agents.get(agent);
  const one = found ? workOf(found, prompt) : { llm: { prompt } };
  if (gives !== "list") return one;
  return Object.fromEntries(
    Object.entries(one).map(([kind, body]) => [kind, { ...(body as JsonObject), output: listOutput }]),
  );
}

/** Its block reads nothing around it: what it needs is handed over. */
function mapBody(step: ProposedStep, all: readonly ProposedStep[], agents: Catalogue): JsonObject {
  const over = step.over ?? "";
  const others = needsOf(step).filter((id) => id !== over);
  const given = others.map((id) => [inputName(id), `{{ steps.${id}.output }}`] as const);
  const ofItem = reads(step.prompt, ["input", "item"]) ? step.prompt : `${step.prompt}\n\n{{ input.item }}`;
  const handed = others.reduce((text, id) => text.replaceAll(`steps.${id}.output`, `input.${inputName(id)}`), ofItem);
  const prompt = withMaterial(handed, others.map(inputName), { root: "input", goal: seesGoal(step, all) });
  const givesList = all.some(({ id, gives, kind }) => id === over && gives === "list" && kind === "llm");
  return {
    over: `steps.${over}.output${givesList ? ".items" : ""}`,
    input: { goal: "{{ input.goal }}", ...Object.fromEntries(given) },
    steps: [{ id: step.id, ...work({ ...step, gives: "text" }, prompt, agents) }],
  };
}

function httpBody({ url, method, prompt }: ProposedStep): JsonObject {
  const sent: { readonly body?: Json } = prompt.trim() === "" ? {} : { body: prompt };
  return { url: url ?? "", ...(method ? { method: method.toUpperCase() } : {}), ...sent };
}

/** Whether a step should know the goal: the first ones have nothing else to go by, the last ones must reach it. */
function seesGoal(step: ProposedStep, all: readonly ProposedStep[]): boolean {
  return needsOf(step).length === 0 || !all.some((other) => needsOf(other).includes(step.id));
}

/** A prompt with what it must know and does not read: outputs of other steps, the goal. */
function withMaterial(
  prompt: string,
  names: readonly string[],
  { root, goal: wantsGoal }: { readonly root: "steps" | "input"; readonly goal: boolean },
): string {
  const unread = names.filter((name) => !reads(prompt, [root, name]));
  const material = unread.map((name) => `From ${name}:\n{{ ${root}.${name}${root === "steps" ? ".output" : ""} }}`);
  const goal =
    !wantsGoal || reads(prompt, ["input", "goal"]) ? [] : ["Goal of the whole, for context only: {{ input.goal }}"];
  return [prompt, ...material, ...goal].join("\n\n");
}

function reads(prompt: string, path: readonly string[]): boolean {
  const { references } = readPlace({ text: prompt });
  return references.some(({ segments }) => path.every((key, index) => segments[index] === key));
}

function needsOf({ needs, over }: ProposedStep): readonly string[] {
  return [...new Set([...needs, ...(over ? [over] : [])])];
}

function inputName(step: string): string {
  return `from_${step.replaceAll("-", "_")}`;
}
