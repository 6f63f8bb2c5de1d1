import type { Json } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import type { CheckedDefinition } from "../../workflow/checked.ts";
import { compileWorkflow } from "../../workflow/compile.ts";
import { type SchemaValidator, schemaValidator } from "../../workflow/json-schema.ts";
import type { RepeatedRuns, StepKindSpec } from "../../workflow/kinds/kind.ts";
import type { Path } from "../../workflow/path.ts";
import type { ProblemList } from "../../workflow/problem-list.ts";
import { type Fit, fitTo } from "./fit.ts";
import { type InnerBlock, innerBlocks, type StoredWorkflows } from "./inner-blocks.ts";
import { MachineNames } from "./machine-names.ts";

/** A step as a test names it: by its id, or by its path where it stands inside blocks. */
interface Place {
  readonly validator: SchemaValidator | undefined;
  /** What the runs of the blocks around it are called, from outside. */
  readonly within: readonly RepeatedRuns[];
}

/** The workflow that a test file is read for, and the list that takes what is wrong with the file. */
export class TestContext {
  readonly definition: CheckedDefinition;
  readonly problems: ProblemList;
  /** Of an XState machine. */
  readonly machine: MachineNames | undefined;
  /** All blocks, those inside blocks too. */
  readonly #blocks: readonly InnerBlock[];
  readonly #kinds: readonly StepKindSpec[];
  readonly #places = new Map<string, Place>();

  readonly #stored: StoredWorkflows;

  constructor(
    definition: CheckedDefinition,
    kinds: readonly StepKindSpec[],
    problems: ProblemList,
    stored: StoredWorkflows = new Map(),
  ) {
    this.definition = definition;
    this.problems = problems;
    this.#kinds = kinds;
    this.#stored = stored;
    this.#blocks = innerBlocks(definition, kinds, stored);
    this.#know(definition, "", []);
    for (const { path, definition: inner, within } of this.#blocks) this.#know(inner, `${path}.`, within);
    const own = definition.machine && compileWorkflow(definition, { kinds });
    this.machine = own?.own && new MachineNames(own, own.own);
  }

  #know({ steps }: CheckedDefinition, prefix: string, within: Place["within"]): void {
    const undoing = steps.flatMap(({ compensation }) => compensation?.step ?? []);
    for (const { id, kind, body } of [...steps, ...undoing]) {
      const schema = this.#kinds.find(({ name }) => name === kind)?.outputSchema?.(body);
      this.#places.set(`${prefix}${id}`, { validator: schema && schemaValidator(schema), within });
    }
  }

  /** Reports what may stand in the tests of an XState machine only. @returns its names; undefined: the workflow is none */
  ofMachine(what: string, path: Path): MachineNames | undefined {
    if (this.machine) return this.machine;
    const { name } = this.definition;
    this.problems.addKey(path, `workflow "${name}" is no XState machine: only tests of machines have ${what}.`);
    return undefined;
  }

  /** Whether the workflow has the step, inside a block or not, or the compensation; what it does not have is reported. @param part what of the place names the step */
  knowsStep(id: string, path: Path, part: "key" | "value"): boolean {
    return this.#isKnown(id, [...this.#places.keys()], path, part);
  }

  /** As {@link knowsStep}, of what does not stand inside a block. */
  knowsOwnStep(id: string, path: Path, part: "key" | "value"): boolean {
    const { steps } = this.definition;
    const own = steps.flatMap(({ id: step, compensation }) => [step, ...(compensation ? [compensation.step.id] : [])]);
    return this.#isKnown(id, own, path, part);
  }

  #isKnown(id: string, names: readonly string[], path: Path, part: "key" | "value"): boolean {
    if (names.includes(id) || this.machine?.hasStep(id)) return true;
    const known = this.machine?.steps ?? names;
    const message = `workflow "${this.definition.name}" has no step "${id}".${didYouMean(id, known)}`;
    if (part === "key") this.problems.addKey(path, message);
    else this.problems.add(path, message);
    return false;
  }

  /** What the runs of the blocks around a step are called, from outside. */
  within(step: string): readonly RepeatedRuns[] {
    return this.#places.get(step)?.within ?? [];
  }

  /** The names of a step's blocks; [""]: it has one that needs none. Empty: none stands inside it. */
  blocksOf(step: string): readonly string[] {
    return this.#ownBlocks(step).map(({ name }) => name);
  }

  /** The context of what is expected of a run of a block. */
  inside(step: string, name: string): TestContext | undefined {
    const block = this.#ownBlocks(step).find((candidate) => candidate.name === name);
    return block && new TestContext(block.definition, this.#kinds, this.problems, this.#stored);
  }

  #ownBlocks(step: string): readonly InnerBlock[] {
    return this.#blocks.filter(({ path, name }) => path === (name === "" ? step : `${step}.${name}`));
  }

  /** An output as its step would give it, with all that keeps the step from giving it. Of a step of a machine only its run tells that. */
  fitted(step: string, output: Json): Fit {
    return fitTo(this.#places.get(step)?.validator, output);
  }
}
