import { isJsonObject, type Json } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import type { ProblemList } from "../problem-list.ts";

/** The side of a conditional step that a step is on. */
export interface Branch {
  /** Name of the conditional step. */
  readonly of: string;
  readonly when: boolean;
  /** Index of that step, and its key that names this one. */
  readonly index: number;
  readonly key: string;
}

/**
 * Which steps run on one side of a conditional step only, by their index. `if_true` and `if_false` name steps right behind it; where
 * else a run would go on is left open by the format, and reported.
 */
export function branchesOf(steps: readonly Json[], problems: ProblemList): ReadonlyMap<number, Branch> {
  const found = new Map<number, Branch>();
  const names = steps.map((step) => (isJsonObject(step) && typeof step.name === "string" ? step.name : undefined));
  for (const [index, step] of steps.entries()) {
    if (!isJsonObject(step) || step.type !== "conditional" || typeof step.name !== "string") continue;
    const targets = (["if_true", "if_false"] as const).flatMap((key) => {
      const target = step[key];
      return typeof target === "string" ? [{ key, target, at: names.indexOf(target) }] : [];
    });
    const last = index + targets.length;
    for (const { key, target, at } of targets) {
      const report = (message: string) => problems.add(["spec", "steps", index, key], message);
      if (at < 0)
        report(
          `there is no step "${target}".${didYouMean(
            target,
            names.flatMap((name) => name ?? []),
          )}`,
        );
      else if (at <= index || at > last)
        report(`${target} must stand right behind ${step.name}: ${openQuestion(at, index)}`);
      else if (found.has(at)) report(`${target} stands on both sides, or behind two conditions; give it one.`);
      else found.set(at, { of: step.name, when: key === "if_true", index, key });
    }
  }
  return found;
}

function openQuestion(at: number, index: number): string {
  return at <= index
    ? "the format does not say how often steps may be gone back to."
    : "the format does not say whether the steps between them run.";
}
