import type { Json, JsonObject } from "../../core/json.ts";
import type { Asked } from "../asked.ts";
import { fillSchema } from "./fill.ts";
import { type Material, readMaterial } from "./material.ts";
import { planItems, simulatedPlan } from "./plan.ts";
import { withPromptSchema } from "./prompt-schema.ts";
import { compose } from "./prose.ts";
import { cutToTokens, estimateTokens } from "./tokens.ts";

/** What a simulated model says. A pure function of what it was asked: the same question gets the same answer. */
export interface Answer {
  /** Free text, JSON text, or the arguments of the tool call. */
  readonly text: string;
  /** Set when the answer is a call of this tool. */
  readonly tool?: string;
  readonly finish: "stop" | "length" | "tool";
  /** Estimated from the texts' lengths. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Answers from the words of the request alone: JSON is filled by its schema, text is put together from the request's own sentences and
 * begins with a line that says it is simulated. @param provider who pretends to answer.
 */
export function answer(provider: string, given: Asked): Answer {
  const asked = withPromptSchema(given);
  const material = readMaterial(asked);
  const schema = asked.tool?.schema ?? asked.json?.schema;
  const whole =
    asked.tool || asked.json
      ? JSON.stringify(filled(schema ?? looseSchema, asked, material))
      : `[simulated ${provider}/${asked.model}]\n${compose(material)}`;
  const limit = asked.maxTokens ?? Number.POSITIVE_INFINITY;
  const cut = estimateTokens(whole) > limit;
  const text = cut ? cutToTokens(whole, limit) : whole;
  const finish = cut ? "length" : asked.tool ? "tool" : "stop";
  return {
    text,
    ...(asked.tool ? { tool: asked.tool.name } : {}),
    finish,
    inputTokens: estimateTokens(asked.text),
    outputTokens: estimateTokens(text),
  };
}

function filled(schema: JsonObject, asked: Asked, material: Material): Json {
  const items = planItems(schema);
  return items ? simulatedPlan(schema, items, asked) : fillSchema(schema, material);
}

/** What is answered where JSON is asked for and no schema says which. */
const looseSchema = {
  type: "object",
  properties: {
    title: { type: "string" },
    summary: { type: "string" },
    points: { type: "array", items: { type: "string" } },
  },
} as const;
