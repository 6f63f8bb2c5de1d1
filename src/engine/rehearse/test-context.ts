import type { Json } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import type { CheckedDefinition } from "../../workflow/checked.ts";
import { pointerPath, type SchemaValidator, schemaErrorText, schemaValidator } from "../../workflow/json-schema.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import type { Path } from "../../workflow/path.ts";
import type { ProblemList } from "../../workflow/problem-list.ts";

/** What a test says that a step gives, as the step would give it. */
export interface FittedOutput {
  /** With the defaults of the step's output schema filled in. */
  readonly value: Json;
  /** Why the step could not give it. */
  readonly mistakes: readonly { readonly at: Path; readonly message: string }[];
}

/** The workflow that a test file is read for, and the list that takes what is wrong with the file. */
export class TestContext {
  readonly definition: CheckedDefinition;
  readonly problems: ProblemList;
  readonly #dispatchable: readonly string[];
  readonly #validators = new Map<string, SchemaValidator>();

  constructor(definition: CheckedDefinition, kinds: readonly StepKindSpec[], problems: ProblemList) {
    this.definition = definition;
    this.problems = problems;
    const undoing = definition.steps.flatMap(({ compensation }) => compensation?.step ?? []);
    this.#dispatchable = [...definition.steps, ...undoing].map(({ id }) => id);
    for (const { id, kind, body } of [...definition.steps, ...undoing]) {
      const schema = kinds.find(({ name }) => name === kind)?.outputSchema?.(body);
      if (schema) this.#validators.set(id, schemaValidator(schema));
    }
  }

  /** Whether the workflow has the step, or the compensation; what it does not have is reported. @param part what of the place names the step */
  knowsStep(id: string, path: Path, part: "key" | "value"): boolean {
    const known = this.#dispatchable;
    if (known.includes(id)) return true;
    const message = `workflow "${this.definition.name}" has no step "${id}".${didYouMean(id, known)}`;
    if (part === "key") this.problems.addKey(path, message);
    else this.problems.add(path, message);
    return false;
  }

  /** An output as its step would give it, with all that keeps the step from giving it. */
  fitted(step: string, output: Json): FittedOutput {
    const value = structuredClone(output);
    const errors = this.#validators.get(step)?.(value) ?? [];
    const mistakes = errors.map((error) => {
      const extra: unknown = error.params.additionalProperty;
      const at = [...pointerPath(error.instancePath), ...(typeof extra === "string" ? [extra] : [])];
      const why = typeof extra === "string" ? "there is no such field" : schemaErrorText(error);
      return { at, message: `does not fit the output schema of step "${step}": ${why}.` };
    });
    return { value, mistakes };
  }
}
