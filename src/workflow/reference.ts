import { analyzeSync, type Template, type Value, type Variable } from "liquidjs";
import type { Scope } from "./compiled.ts";
import type { Position } from "./locator.ts";

/** A variable that a template reads and does not make itself: `steps.classify.output.severity`. */
export interface Reference {
  /** Keys from the root. `null`: computed while rendering, as in `input[steps.a.output]`. */
  readonly segments: readonly (string | number | null)[];
  /** Where it stands in its template. */
  readonly position: Position;
}

/** Variables that a parsed template reads, each time it does. What `assign`, `capture`, `for` and the like make is left out. */
export function referencesIn(templates: readonly Template[]): readonly Reference[] {
  const { globals } = analyzeSync([...templates], { partials: false });
  return Object.values(globals).flat().map(reference);
}

/** Variables that a single expression reads. */
export function referencesOf(value: Value): readonly Reference[] {
  const carrier = { arguments: () => [value] } as unknown as Template;
  return referencesIn([carrier]);
}

/** What of a step a reference reads, as it is stored: `STEP`, or `STEP.error`. @returns undefined: it reads of no step */
export function readName([root, step, part]: Reference["segments"]): string | undefined {
  if (root !== "steps" || typeof step !== "string") return undefined;
  return part === "error" ? errorName(step) : step;
}

/** Of a scope's steps those that are read, with what is there of each. @param reads names of {@link readName} */
export function stepsRead(reads: readonly string[], steps: Scope["steps"]): Scope["steps"] {
  const ids = reads.map((name) => name.split(".", 1)[0] ?? name);
  return Object.fromEntries(ids.map((id) => [id, steps[id] ?? { output: null }]));
}

/** Under which name the error of a step is kept beside the outputs. No step's id holds a dot. */
export function errorName(step: string): string {
  return `${step}.error`;
}

/** A reference as its author would write it; what is computed shows as `[...]`. */
export function referenceText(segments: Reference["segments"]): string {
  let text = "";
  for (const segment of segments) {
    if (segment === null) text += "[...]";
    else if (typeof segment === "number") text += `[${segment}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(segment)) text += text === "" ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}

function reference(variable: Variable): Reference {
  const { row, col } = variable.location;
  return {
    segments: variable.segments.map((segment) => (typeof segment === "object" ? null : segment)),
    position: { line: row, column: col },
  };
}
