import type { Json } from "../../core/json.ts";
import { pointerPath, type SchemaValidator, schemaErrorText, schemaValidator } from "../../workflow/json-schema.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import { type Path, pathText } from "../../workflow/path.ts";
import type { AttemptEnding } from "./script.ts";

/** What a test says that a step gives, as the step would give it. */
export interface Fit {
  /** With the defaults of the step's output schema filled in. */
  readonly value: Json;
  /** Why the step could not give it. */
  readonly mistakes: readonly { readonly at: Path; readonly why: string }[];
}

/** An output as a step with that schema would give it, with all that keeps it from giving it. Pure. @param validator undefined: it may give anything */
export function fitTo(validator: SchemaValidator | undefined, output: Json): Fit {
  const value = structuredClone(output);
  const mistakes = (validator?.(value) ?? []).map((error) => {
    const extra: unknown = error.params.additionalProperty;
    const at = [...pointerPath(error.instancePath), ...(typeof extra === "string" ? [extra] : [])];
    return { at, why: typeof extra === "string" ? "there is no such field" : schemaErrorText(error) };
  });
  return { value, mistakes };
}

/** The end of an attempt of a step that a machine invokes: what it may give is known only once it has its body. Pure. @returns a text: why it could not end so */
export function fitEnding(ending: AttemptEnding, kind: StepKindSpec | undefined, body: Json): AttemptEnding | string {
  const schema = ending.type === "output" ? kind?.outputSchema?.(body as never) : undefined;
  if (ending.type !== "output" || !schema) return ending;
  const { value, mistakes } = fitTo(schemaValidator(schema), ending.output);
  if (mistakes.length === 0) return { ...ending, output: value };
  const words = mistakes.map(({ at, why }) => (at.length === 0 ? why : `${pathText(at)}: ${why}`));
  return `its output does not fit the output schema that it was given: ${words.join("; ")}`;
}
