import type { Json } from "../core/json.ts";
import type { CheckedDefinition } from "./checked.ts";
import type { Rendering, Scope } from "./compiled.ts";
import { dagOf } from "./dag.ts";
import { stringsIn } from "./path.ts";
import { renderingOf } from "./rendering.ts";

/**
 * A run's output: the definition's `output` rendered, or where it has none what the leaves give: the one leaf's output, or an
 * object of every leaf's output by its id.
 */
export function outputRendering({ name, output, steps }: CheckedDefinition): Rendering {
  if (output !== undefined) {
    return renderingOf({ owner: `Workflow "${name}"`, value: output, places: stringsIn(output), at: ["output"] });
  }
  const { leaves } = dagOf(steps);
  const [only, ...others] = leaves;
  if (only !== undefined && others.length === 0) return { reads: leaves, render: (scope) => outputOf(scope, only) };
  return {
    reads: leaves,
    render: (scope) => Object.fromEntries(leaves.map((id) => [id, outputOf(scope, id)])),
  };
}

function outputOf({ steps }: Scope, id: string): Json {
  return steps[id]?.output ?? null;
}
