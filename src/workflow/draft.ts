import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Priority } from "../core/priority.ts";
import { suggest } from "../core/suggest.ts";
import { compensationId } from "./checked.ts";
import type { Concurrency } from "./concurrency.ts";
import {
  type CompensationHead,
  compensationShape,
  type Defaults,
  defaultsShape,
  definitionShape,
  type StepHead,
  stepShape,
  withDefaults,
} from "./definition.ts";
import type { Tolerance } from "./failure-policy.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { impliedCompensation } from "./kinds/undo.ts";
import type { Path } from "./path.ts";
import type { ProblemList } from "./problem-list.ts";
import { readMembers, readShape } from "./shape.ts";

/**
 * A definition as far as it could be read. Each part is read by itself, so that a mistake in one of them does not hide
 * those in the others; of a part with a mistake only what is right is here, or nothing, and its problem is in the list.
 */
export interface Draft {
  readonly head: Head | undefined;
  readonly input: JsonObject | undefined;
  readonly defaults: Defaults;
  /** `defaults`, as it was written: its members below kind names are bodies. */
  readonly defaultBodies: JsonObject;
  readonly steps: readonly DraftStep[];
  readonly output: Json | undefined;
  readonly outputSchema: JsonObject | undefined;
}

/** What holds for the whole workflow. */
export interface Head {
  readonly name: string;
  readonly description?: string;
  readonly timeout?: number;
  readonly soft_failure?: Tolerance;
  readonly concurrency?: Concurrency;
  readonly priority?: Priority;
}

/** One step, as far as it could be read. */
export interface DraftStep {
  readonly path: Path;
  /** Any text, even one that no id may be. */
  readonly id: string | undefined;
  readonly needs: readonly string[] | undefined;
  readonly when: string | undefined;
  readonly head: StepHead | undefined;
  readonly kind: StepKindSpec | undefined;
  /** With the defaults laid under it. */
  readonly body: Json | undefined;
  /** Without them. */
  readonly ownBody: JsonObject | undefined;
  /** Where a part of the body was written: in the step, or in the defaults. */
  origin(path: Path): Path;
  /** What undoes it. */
  readonly compensation?: DraftCompensation;
}

/** A compensation, as far as it could be read. */
export interface DraftCompensation {
  readonly from: "success" | "start";
  readonly step: DraftStep;
}

/** The steps with what undoes them: all that can be dispatched. */
export function dispatchable({ steps }: Pick<Draft, "steps">): readonly DraftStep[] {
  return steps.flatMap((step) => (step.compensation ? [step, step.compensation.step] : [step]));
}

/** Reads every part of a definition by its schema. */
export function readDraft(value: JsonObject, kinds: readonly StepKindSpec[], problems: ProblemList): Draft {
  const head = readMembers(definitionShape, value, [], problems);
  const wellFormed =
    value.defaults === undefined ? {} : readShape(defaultsShape(kinds), value.defaults, ["defaults"], problems);
  const defaultBodies = wellFormed && isJsonObject(value.defaults) ? value.defaults : {};
  const steps = Array.isArray(value.steps) ? (value.steps as readonly Json[]) : [];
  const stepKinds = kinds.filter(({ onlyUndoes }) => !onlyUndoes);
  const shape = stepShape(stepKinds);
  return {
    head,
    input: isJsonObject(value.input) ? value.input : undefined,
    defaults: wellFormed ?? {},
    defaultBodies,
    steps: steps.map((step, index) => {
      const path = ["steps", index];
      const stepHead = readMembers(shape, step, path, problems);
      const written = isJsonObject(step) ? step : undefined;
      const reading: StepReading = { path, head: stepHead, keys: stepKeys, defaultBodies, kinds, problems };
      const drafted = draftStep(written, { ...reading, kinds: stepKinds });
      return { ...drafted, ...compensationOf(written, drafted, reading) };
    }),
    output: value.output,
    outputSchema: isJsonObject(value.output_schema) ? value.output_schema : undefined,
  };
}

interface StepReading {
  readonly path: Path;
  readonly head: StepHead | undefined;
  /** What may stand beside the kind. */
  readonly keys: readonly string[];
  readonly defaultBodies: JsonObject;
  readonly kinds: readonly StepKindSpec[];
  readonly problems: ProblemList;
}

/** Reads `compensate`. What is no object has been reported with the step; what is not there may be implied by the step's blocks. */
function compensationOf(
  step: JsonObject | undefined,
  { kind: outer, ownBody }: DraftStep,
  reading: StepReading,
): Pick<DraftStep, "compensation"> {
  const implied = outer && ownBody && impliedCompensation(outer, ownBody, reading.kinds);
  const written = step?.compensate ?? implied;
  if (!isJsonObject(written)) return {};
  const path = [...reading.path, "compensate"];
  const head: CompensationHead | undefined = readMembers(
    compensationShape(reading.kinds),
    written,
    path,
    reading.problems,
  );
  const id = compensationId(typeof step?.id === "string" ? step.id : "");
  const isForAll = reading.kinds.some(({ name, onlyUndoes }) => onlyUndoes && written[name] !== undefined);
  const { from = isForAll ? "start" : "success", ...policy } = head ?? {};
  const own: StepReading = { ...reading, path, head: head && { ...policy, id }, keys: compensationKeys };
  // A step's own id may be missing, and is then reported there.
  const drafted = draftStep({ ...withoutStepKeys(written), id }, own);
  return { compensation: { from, step: drafted } };
}

/** Keys that a step has and a compensation has not are reported by its shape, and then left out. */
function withoutStepKeys(written: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(written).filter(([key]) => !stepKeys.includes(key)));
}

function draftStep(step: JsonObject | undefined, reading: StepReading): DraftStep {
  const { path, head, defaultBodies, problems } = reading;
  const kind = step && kindOf(step, reading);
  const own = kind && step?.[kind.name];
  const bodyPath = kind ? [...path, kind.name] : path;
  const body = kind && readShape(kind.schema, withDefaults(own, defaultBodies[kind.name]), bodyPath, problems);
  if (kind?.check && body !== undefined) {
    for (const { path: at, message } of kind.check(body)) problems.add([...bodyPath, ...at], message);
  }
  const needs = step?.needs;
  return {
    path,
    id: typeof step?.id === "string" ? step.id : undefined,
    needs: Array.isArray(needs) ? needs.filter((need) => typeof need === "string") : undefined,
    when: typeof step?.when === "string" ? step.when : undefined,
    head,
    kind,
    body,
    ownBody: isJsonObject(own) ? own : undefined,
    origin(at) {
      const isOwn = at[0] === undefined || (isJsonObject(own) && Object.hasOwn(own, at[0]));
      return isOwn || !kind ? [...bodyPath, ...at] : ["defaults", kind.name, ...at];
    },
  };
}

/** The kind whose key the step has. Exactly one is right. */
function kindOf(step: JsonObject, { path, keys, kinds, problems }: StepReading): StepKindSpec | undefined {
  const names = kinds.map((kind) => kind.name);
  const found = kinds.filter((kind) => step[kind.name] !== undefined);
  const [first, second] = found;
  if (second) {
    const message = `a step has one kind; this one has ${found.map((kind) => kind.name).join(" and ")}.`;
    problems.addKey([...path, second.name], message);
  }
  const isMisspelt = Object.keys(step).some((key) => suggest(key, [...names, ...keys]) !== key && suggest(key, names));
  if (!first && !isMisspelt) problems.add(path, `needs a kind, one of ${names.join(", ")}.`);
  return first;
}

const compensationKeys: readonly string[] = ["from", "retry", "timeout", "route"];
const stepKeys: readonly string[] = [
  "id",
  "needs",
  "when",
  "retry",
  "timeout",
  "route",
  "on_error",
  "cache",
  "compensate",
];
