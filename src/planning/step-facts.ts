import type { CheckedDefinition, CheckedStep } from "../workflow/checked.ts";
import { compileWorkflow } from "../workflow/compile.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";
import { readPlace } from "../workflow/read-place.ts";

/** What a mode must know of a step. */
export interface StepFacts {
  readonly id: string;
  /** Steps that must have ended before it, as the definition says, or implies. */
  readonly needs: readonly string[];
  /** Steps whose output it reads, its condition included. */
  readonly reads: readonly string[];
  /** It only makes something of what it reads: it may run as soon as that is there. What asks, waits or acts outside keeps its place. */
  readonly onlyThinks: boolean;
  /** It is a question to a person by itself. */
  readonly asks: boolean;
}

const thinking: ReadonlySet<string> = new Set(["llm", "agent", "transform"]);

/** The facts of every step, in the definition's order. @param kinds those that the definition was checked with */
export function factsOf(definition: CheckedDefinition, kinds: readonly StepKindSpec[]): readonly StepFacts[] {
  const { steps } = compileWorkflow(definition, { kinds });
  return definition.steps.map((step) => ({
    id: step.id,
    needs: [...new Set(step.needs)],
    reads: [...new Set([...(steps.get(step.id)?.reads ?? []), ...conditionReads(step)])],
    onlyThinks: thinking.has(step.kind),
    asks: step.kind === "approval",
  }));
}

function conditionReads({ when }: CheckedStep): readonly string[] {
  if (when === undefined) return [];
  const { references } = readPlace({ text: when, language: "expression" });
  return references.flatMap(({ segments: [root, id] }) => (root === "steps" && typeof id === "string" ? [id] : []));
}
