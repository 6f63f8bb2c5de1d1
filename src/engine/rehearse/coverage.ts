import { type CheckedDefinition, compensationId } from "../../workflow/checked.ts";
import { type Dag, dagOf } from "../../workflow/dag.ts";
import { crossingsOf, isPassedOver } from "../../workflow/jumps.ts";
import type { Choice } from "../../workflow/paths/path-machine.ts";
import type { Path, Paths } from "../../workflow/paths/paths.ts";
import { type Covered, covered } from "./covered.ts";
import { stepsThatRan, stepsThatWere } from "./expectation.ts";
import type { InnerBlock } from "./inner-blocks.ts";
import type { RehearsedRun } from "./rehearsed-run.ts";

/** How much of a workflow its tests go through. */
export interface Coverage {
  readonly steps: Covered;
  /** Each step succeeds, each fails, each one with a condition is skipped. */
  readonly branches: Covered;
  /** `total` null: too many to count. With `isSampled` only some were looked at: a shortest one to each branch. */
  readonly paths: Omit<Covered, "total"> & { readonly total: number | null; readonly isSampled: boolean };
}

/**
 * What the runs of all tests went through, of what there is. Compensations are steps, but no branches: whether one succeeds makes no difference to the others.
 * Steps inside blocks count by their paths; the paths of the workflow are those around its blocks.
 */
export function coverageOf(
  definition: CheckedDefinition,
  blocks: readonly InnerBlock[],
  paths: Paths,
  runs: readonly RehearsedRun[],
): Coverage {
  const dag = dagOf(definition.steps);
  const parts = [{ definition, prefix: "" }, ...blocks.map((block) => ({ ...block, prefix: `${block.path}.` }))];
  const gone = runs.flatMap((run) => runsInside(run, ""));
  const ran = new Set(
    gone.flatMap(({ run, prefix }) =>
      [...stepsThatRan(run), ...run.compensated.map(compensationId)].map((id) => `${prefix}${id}`),
    ),
  );
  const taken = new Set(gone.flatMap(({ run, prefix }) => branchesOf(run).map((branch) => `${prefix}${branch}`)));
  const dispatchable = parts.flatMap(({ definition: { steps }, prefix }) =>
    steps.flatMap(({ id, compensation }) =>
      [id, ...(compensation ? [compensation.step.id] : [])].map((one) => `${prefix}${one}`),
    ),
  );
  const branches = parts.flatMap(({ definition: { steps }, prefix }) =>
    steps.flatMap(({ id, when }) => [
      branchText({ step: `${prefix}${id}`, outcome: "succeeds" }),
      branchText({ step: `${prefix}${id}`, outcome: "fails" }),
      ...(when === undefined ? [] : [branchText({ step: `${prefix}${id}`, outcome: "skipped" })]),
    ]),
  );
  const known = new Set(paths.paths.map((path) => wayText(wayOfPath(path), dag)));
  const walked = new Set(runs.flatMap((run) => wayOfRun(run, definition) ?? []).map((way) => wayText(way, dag)));
  const ways = covered([...known], walked);
  const { isComplete, total } = paths;
  return {
    steps: covered(dispatchable, ran),
    branches: covered(branches, taken),
    paths: { ...ways, total: isComplete ? ways.total : (total ?? null), isSampled: !isComplete },
  };
}

/** A run and those of its blocks, with what stands before the ids of their steps. */
function runsInside(
  run: RehearsedRun,
  prefix: string,
): readonly { readonly run: RehearsedRun; readonly prefix: string }[] {
  const inner = [...run.blocks].flatMap(([step, blocks]) =>
    blocks.flatMap((block) => runsInside(block.run, `${prefix}${step}.${block.name === "" ? "" : `${block.name}.`}`)),
  );
  return [{ run, prefix }, ...inner];
}

function branchText({ step, outcome }: Choice): string {
  return outcome === "skipped" ? `${step} is skipped` : `${step} ${outcome}`;
}

function branchesOf(run: RehearsedRun): readonly string[] {
  return [
    ...stepsThatWere("succeeded", run).map((step) => branchText({ step, outcome: "succeeds" })),
    ...stepsThatWere("failed", run).map((step) => branchText({ step, outcome: "fails" })),
    ...stepsThatWere("skipped", run).map((step) => branchText({ step, outcome: "skipped" })),
  ];
}

/** What tells two ways through a workflow apart. */
interface Way {
  readonly skipped: readonly string[];
  readonly failed: readonly string[];
  /** The step whose failure ended the run. */
  readonly endedBy?: string;
}

function wayOfPath({ choices, end }: Path): Way {
  const steps = (outcome: Choice["outcome"]) =>
    choices.flatMap((choice) => (choice.outcome === outcome ? [choice.step] : []));
  const last = choices.at(-1);
  return {
    skipped: steps("skipped"),
    failed: steps("fails"),
    ...(end === "failed" && last ? { endedBy: last.step } : {}),
  };
}

/** Undefined: the run ended by something that is no step's doing, such as its timeout. */
function wayOfRun(run: RehearsedRun, { steps }: CheckedDefinition): Way | undefined {
  const failed = steps.filter(({ id }) => run.steps.some((step) => step.id === id && step.status === "failed"));
  const crossings = crossingsOf(steps);
  const jumped = failed.flatMap(({ id, onError }) => (onError.type === "go_on" && onError.goto ? [id] : []));
  // What a jump passes over follows from the failure: it is no choice.
  const isChoice = (id: string) => {
    const crossing = crossings.get(id);
    return !crossing || !isPassedOver(crossing, jumped);
  };
  const way = { skipped: stepsThatWere("skipped", run).filter(isChoice), failed: failed.map(({ id }) => id) };
  // A run may fail at its very end, for more failures than its workflow allows.
  const isWhole = run.steps.every(({ status }) => ["succeeded", "failed", "skipped"].includes(status));
  const step = run.error?.details?.step;
  if (run.status === "succeeded" || (isWhole && typeof step !== "string")) return way;
  return run.status === "failed" && typeof step === "string" ? { ...way, endedBy: step } : undefined;
}

/**
 * A way in words. Of a run that a step ended, only what lies before that step counts: what happened beside it made no difference.
 */
function wayText({ skipped, failed, endedBy }: Way, dag: Dag): string {
  const counts = (step: string) => endedBy === undefined || dag.runsBefore(step, endedBy);
  const before = [
    ...failed.filter((step) => step !== endedBy && counts(step)).map((step) => `${step} fails`),
    ...skipped.filter(counts).map((step) => `${step} is skipped`),
  ].sort();
  if (endedBy !== undefined) return [...before, `${endedBy} fails`].join(", ");
  return before.length === 0 ? "every step succeeds" : `${before.join(", ")}, all else succeeds`;
}
