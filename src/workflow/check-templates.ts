import type { JsonObject } from "../core/json.ts";
import { brokenReference, type Readable, type Reader } from "./check-references.ts";
import type { Dag } from "./dag.ts";
import type { Draft, DraftStep } from "./draft.ts";
import { parseExpression } from "./expression.ts";
import { checkJsonSchema } from "./json-schema.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { type Path, stringsIn } from "./path.ts";
import type { ProblemList } from "./problem-list.ts";
import { type ReadText, readLiquid, readPlace } from "./read-place.ts";

/** Checks every schema, template and condition of a definition, and that each reference points to something that is there. */
export function checkTemplates(
  draft: Draft,
  dag: Dag,
  { kinds, outside }: { readonly kinds: readonly StepKindSpec[]; readonly outside?: ReadonlySet<string> | undefined },
  problems: ProblemList,
): void {
  const envKinds = kinds.flatMap(({ name, readsEnv }) => (readsEnv ? [name] : []));
  const readable: Readable = { input: draft.input, outputs: outputSchemas(draft.steps), envKinds, outside };
  if (draft.input) checkJsonSchema(draft.input, ["input"], problems);
  for (const step of draft.steps) checkStep(step, { readable, dag, problems });
  for (const { path, text } of stringsIn(draft.output)) {
    const reader: Reader = { runsBefore: () => true };
    checkText(["output", ...path], readPlace({ text }), { readable, reader, problems });
  }
}

function outputSchemas(steps: readonly DraftStep[]): ReadonlyMap<string, JsonObject | undefined> {
  const known = steps.flatMap(({ id, kind, body }) => {
    const schema = body === undefined ? undefined : kind?.outputSchema?.(body);
    return id === undefined ? [] : [[id, schema] as const];
  });
  return new Map(known);
}

interface StepCheck {
  readonly readable: Readable;
  readonly dag: Dag;
  readonly problems: ProblemList;
}

function checkStep(step: DraftStep, { readable, dag, problems }: StepCheck): void {
  const { id, kind, body, when } = step;
  const reader: Reader = {
    ...(id === undefined ? {} : { step: id }),
    runsBefore: (before) => id === undefined || dag.runsBefore(before, id),
  };
  if (when !== undefined) checkWhen(when, [...step.path, "when"], { readable, reader, problems });
  if (!kind || body === undefined) return;
  for (const { path, schema } of kind.schemas?.(body) ?? []) checkJsonSchema(schema, step.origin(path), problems);
  for (const place of kind.templates(body)) {
    const { readsEnv = kind.readsEnv, args } = place;
    const bodyReader: Reader = { ...reader, readsEnv, args };
    checkText(step.origin(place.path), readPlace(place), { readable, reader: bodyReader, problems });
  }
}

interface TextCheck {
  readonly readable: Readable;
  readonly reader: Reader;
  readonly problems: ProblemList;
}

function checkWhen(when: string, path: Path, check: TextCheck): void {
  if (/^\s*\{[{%]/.test(when)) check.problems.add(path, "is an expression as it stands; write it without braces.");
  else
    checkText(
      path,
      readLiquid(() => parseExpression(when)),
      check,
    );
}

function checkText(path: Path, { references, mistakes }: ReadText, check: TextCheck): void {
  const { readable, reader, problems } = check;
  for (const reference of references) {
    const message = brokenReference(reference, readable, reader);
    if (message !== undefined) problems.addInside(path, reference.position, message);
  }
  for (const { message, position } of mistakes) problems.addInside(path, position, message);
}
