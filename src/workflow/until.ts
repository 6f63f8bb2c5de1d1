import { Context, isTruthy } from "liquidjs";
import type { Json, JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import { parseExpression } from "./expression.ts";
import { liquid } from "./liquid.ts";
import { liquidMistake } from "./liquid-error.ts";
import { referenceText } from "./reference.ts";

/** What a loop's `until` reads: how a round ended. */
export interface Round {
  readonly output: Json;
  /** 0 for the first round. */
  readonly index: number;
  /** What the loop gives every round. */
  readonly input: JsonObject;
}

const roots: readonly string[] = ["output", "index", "input"] satisfies (keyof Round)[];

/** Whether a loop ends after this round. @param until must have been checked @throws what `liquidFailure` explains */
export function isOver(until: string, { output, index, input }: Round): boolean {
  const context = new Context({ output, index, input }, liquid.options, { sync: true }, { liquid });
  return isTruthy(liquid.evalValueSync(until, context), context);
}

/** What is wrong with an `until`, as sentences. @param inputs names of what the loop gives every round */
export function untilMistakes(until: string, inputs: readonly string[]): readonly string[] {
  if (/^\s*\{[{%]/.test(until)) return ["is an expression as it stands; write it without braces."];
  try {
    return parseExpression(until).references.flatMap(({ segments }) => brokenReference(segments, inputs));
  } catch (error) {
    return [`is not valid Liquid: ${liquidMistake(error).message}`];
  }
}

function brokenReference(segments: readonly (string | number | null)[], inputs: readonly string[]): readonly string[] {
  const [root, field] = segments;
  const name = String(root);
  const text = referenceText(segments);
  if (!roots.includes(name)) {
    return [
      `reads ${text}, but ${name} is not known here; until reads output, index and input.${didYouMean(name, roots)}`,
    ];
  }
  if (name !== "input" || typeof field !== "string" || inputs.includes(field)) return [];
  const has = inputs.length === 0 ? "gives no input" : `gives ${inputs.join(", ")}`;
  return [`reads ${text}, but the loop ${has}.${didYouMean(field, inputs)}`];
}
