import type { Json, JsonObject } from "../core/json.ts";
import type { ProposableKind } from "../core/plan.ts";
import type { Catalogue } from "./catalogue.ts";

/** A step as a planner proposes it. */
export interface ProposedStep {
  readonly id: string;
  readonly kind: Exclude<ProposableKind, "agent">;
  /** Who does it; null: a model without a part to play, or no model at all. */
  readonly agent: string | null;
  /** What is to be done, with templates. Of an approval: what is asked. Of a transform: the expression. Of an http step: the body that is sent, or empty. */
  readonly prompt: string;
  readonly needs: readonly string[];
  /** `list`: the answer is an object with `items`, a list of texts. */
  readonly gives: "text" | "list";
  /** Of a map: the step that gives the list. */
  readonly over?: string | null;
  /** Of an http step. */
  readonly url?: string | null;
  readonly method?: string | null;
}

/** A planner's answer. */
export interface Proposal {
  readonly explanation: string;
  readonly steps: readonly ProposedStep[];
}

/** What a proposal may hold. */
export interface ProposalBounds {
  readonly kinds: readonly ProposableKind[];
  readonly agents: Catalogue;
  readonly maxSteps: number;
}

/** JSON Schema of a planner's answer: closed, everything required, so that vendors' strict modes take it. */
export function proposalSchema({ kinds, agents, maxSteps }: ProposalBounds): JsonObject {
  const names = [...agents.keys()];
  const text = { type: "string" };
  const textOrNull = { anyOf: [text, { type: "null" }] };
  const properties: JsonObject = {
    id: { type: "string", pattern: "^[a-z][a-z0-9_-]{0,39}$" },
    kind: { type: "string", enum: kinds.filter((kind) => kind !== "agent") },
    agent: names.length === 0 ? { type: "null" } : { anyOf: [{ type: "string", enum: names }, { type: "null" }] },
    prompt: text,
    needs: { type: "array", items: text },
    gives: { type: "string", enum: ["text", "list"] },
    ...(kinds.includes("map") ? { over: textOrNull } : {}),
    ...(kinds.includes("http") ? { url: textOrNull, method: textOrNull } : {}),
  };
  const steps = { type: "array", minItems: 1, maxItems: maxSteps, items: closed(properties) };
  return closed({ explanation: text, steps });
}

function closed(properties: Json & JsonObject): JsonObject {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}
