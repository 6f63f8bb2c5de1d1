import { z } from "zod";
import { listed, placeOf, readShape } from "../core/zod-problem.ts";
import { refuseUseless } from "./answer.ts";
import type { LlmAnswer } from "./provider.ts";

const tokens = z.int().min(0).nullable().default(null);
const vendor = z.object({ type: z.string(), data: z.record(z.string(), z.json()) }).optional();
const answerSchema = z.object({
  text: z.string(),
  toolCalls: z.array(z.object({ id: z.string(), name: z.string().min(1), arguments: z.string(), vendor })).default([]),
  reasoning: z.array(z.object({ text: z.string(), vendor })).default([]),
  finishReason: z.string().default("stop"),
  usage: z
    .object({ inputTokens: tokens, outputTokens: tokens, cachedInputTokens: tokens, reasoningTokens: tokens })
    .prefault({}),
  model: z.string().min(1).optional(),
  warnings: z.array(z.string()).default([]),
});

/**
 * What a plug-in answered, complete. @param model that was asked
 * @throws Error - it is no answer; CallFailure, as for every provider, where it is withheld or empty
 */
export function readPluginAnswer(raw: unknown, model: string): Omit<LlmAnswer, "firstTokenMs"> {
  const read = readShape(answerSchema, raw);
  if (!read.ok) {
    const problems = read.problems.map((problem) => ({ path: placeOf(problem), message: problem.message }));
    throw new Error(`what the plug-in made of it is no answer. ${listed(problems)}`);
  }
  const answer = { ...read.value, model: read.value.model ?? model };
  refuseUseless(answer);
  return answer;
}
