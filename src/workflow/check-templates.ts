import { isJsonObject, type JsonObject } from "../core/json.ts";
import { brokenReference, type Readable, type Reader } from "./check-references.ts";
import type { Dag } from "./dag.ts";
import { onErrorOf } from "./definition.ts";
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
  const outputs = outputSchemas(draft.steps);
  const readable: Readable = { input: draft.input, outputs, tolerated: toleratedSteps(draft), envKinds, outside };
  if (draft.input) checkJsonSchema(draft.input, ["input"], problems);
  if (draft.outputSchema) checkJsonSchema(draft.outputSchema, ["output_schema"], problems);
  for (const step of draft.steps) {
    const { id, compensation } = step;
    const named = id === undefined ? {} : { step: id };
    const runsBefore = (before: string) => id === undefined || dag.runsBefore(before, id);
    checkStep(step, { readable, reader: { ...named, runsBefore }, problems });
    const undoing: Reader = {
      ...named,
      runsBefore: (before) => before === id || runsBefore(before),
      readsItself: true,
    };
    if (compensation) checkStep(compensation.step, { readable, reader: undoing, problems });
  }
  const { concurrency } = draft.head ?? {};
  if (typeof concurrency === "object" && concurrency.key !== undefined) {
    // It is rendered before any step runs.
    const reader: Reader = { runsBefore: () => false };
    checkText(["concurrency", "key"], readPlace({ text: concurrency.key }), { readable, reader, problems });
  }
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

/** Steps whose failure does not end the run. */
function toleratedSteps({ head, defaults, steps }: Draft): ReadonlySet<string> {
  const tolerance = head?.soft_failure ?? { type: "none" };
  const tolerated = steps.filter(
    (step) => onErrorOf(step.head?.on_error, defaults.on_error, tolerance).type !== "fail",
  );
  return new Set(tolerated.flatMap(({ id }) => (id === undefined ? [] : [id])));
}

function checkStep(step: DraftStep, { readable, reader, problems }: TextCheck): void {
  const { kind, when } = step;
  if (when !== undefined) checkWhen(when, [...step.path, "when"], { readable, reader, problems });
  const body = step.body ?? step.ownBody;
  if (!kind || body === undefined) return;
  const isWhole = step.body !== undefined;
  for (const { path, schema } of found(() => kind.schemas?.(body) ?? [], isWhole)) {
    if (isJsonObject(schema)) checkJsonSchema(schema, step.origin(path), problems);
  }
  for (const place of found(() => kind.templates(body), isWhole)) {
    if (typeof place.text !== "string") continue;
    const { readsEnv = kind.readsEnv, args } = place;
    const bodyReader: Reader = { ...reader, readsEnv, args };
    checkText(step.origin(place.path), readPlace(place), { readable, reader: bodyReader, problems });
  }
}

/** Places of a body. @param isWhole false: the body has mistakes, which are reported already; what can be found in it all the same */
function found<T>(places: () => Iterable<T>, isWhole: boolean): readonly T[] {
  if (isWhole) return [...places()];
  const list: T[] = [];
  try {
    for (const place of places()) list.push(place);
  } catch {
    // A kind reads its body as its schema says, and this one does not match it.
  }
  return list;
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
