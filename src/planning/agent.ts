import { z } from "zod";
import type { Hints } from "../core/call.ts";
import { AppError, type Problem } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { located, readLocatedYaml } from "../core/located-yaml.ts";
import type { AgentSummary } from "../core/plan.ts";
import { readShape } from "../core/zod-problem.ts";
import { checkDefinition } from "../workflow/check.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";

/** Somebody whom the planner may give a step to: how a model is instructed, and what it may call. */
export interface Agent {
  readonly name: string;
  readonly description: string;
  /** Of an `llm` step, or with tools of an `agent` step; without the prompt. */
  readonly body: JsonObject;
  /** Hints of its steps. */
  readonly route: Hints;
  readonly tools: readonly string[];
  /** JSON Schema of its answers; null: text. */
  readonly output: JsonObject | null;
}

const head = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, {
    error: "must start with a small letter and hold only small letters, digits, _ and -, at most 40.",
  }),
  description: z.string().min(1).max(500),
  system: z.string().min(1),
  output: z.record(z.string(), z.json()).optional(),
  route: z.record(z.string(), z.json()).optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
});

/** An agent, or everything that is wrong with its file. */
export type ReadAgent =
  | { readonly ok: true; readonly agent: Agent }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of an agent's file. What it says of its steps is checked as a step of a workflow would be. @param kinds step kinds of the installation */
export function readAgent(text: string, kinds: readonly StepKindSpec[]): ReadAgent {
  const yaml = readLocatedYaml(text);
  if (yaml.problems.length > 0) return { ok: false, problems: yaml.problems };
  const read = readShape(head, yaml.value);
  if (!read.ok) return { ok: false, problems: read.problems.map((problem) => located(problem, yaml)) };
  const { name, description, route = {}, ...body } = read.value;
  const agent: Agent = {
    name,
    description: description.trim(),
    body: body as JsonObject,
    route: route as Hints,
    tools: (body.tools ?? []).map((tool) => tool.name),
    output: (body.output as JsonObject | undefined) ?? null,
  };
  const step = { id: "work", route: route as Json, ...workOf(agent, "Do it.") };
  try {
    checkDefinition({ name: "agent", steps: [step] }, { kinds });
    return { ok: true, agent };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_definition") throw error;
    const problems = error.problems.map(({ path, message }) => {
      const keys = path.split(".").slice(path.startsWith("steps.0.route") ? 2 : 3);
      return { path: keys.join("."), message, ...yaml.at(keys) };
    });
    return { ok: false, problems };
  }
}

/** The kind key and body of a step that the agent does. @param prompt a Liquid template */
export function workOf({ body }: Agent, prompt: string): JsonObject {
  return { [kindOf(body)]: { ...body, prompt } };
}

/** Whether its steps are of the kind `agent`: it has tools. */
export function hasTools({ body }: Agent): boolean {
  return kindOf(body) === "agent";
}

/** As the API shows it. */
export function agentSummary({ name, description, tools, output }: Agent): AgentSummary {
  return { name, description, tools, structured: output !== null };
}

function kindOf(body: JsonObject): "agent" | "llm" {
  return body.tools === undefined && body.mcp === undefined ? "llm" : "agent";
}
