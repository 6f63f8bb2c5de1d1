import { canonicalJson } from "../core/json.ts";
import type { RunLimit } from "./compiled.ts";
import type { Concurrency } from "./concurrency.ts";
import { renderingOf } from "./rendering.ts";

/** Compiles `concurrency` of a workflow. */
export function runLimitOf(workflow: string, concurrency: Concurrency): RunLimit {
  if (typeof concurrency === "number") return { limit: concurrency, keyOf: () => "" };
  const { key } = concurrency;
  if (key === undefined) return { limit: concurrency.limit, keyOf: () => "" };
  const rendering = renderingOf({
    owner: `Workflow "${workflow}"`,
    value: key,
    places: [{ path: [], text: key }],
    at: ["concurrency", "key"],
  });
  return { limit: concurrency.limit, keyOf: (input) => canonicalJson(rendering.render({ input, steps: {} })) };
}
