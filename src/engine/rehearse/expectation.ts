import type { Json } from "../../core/json.ts";
import { differences } from "./difference.ts";
import { type MachineExpectation, unmetOfMachine } from "./machine-expectation.ts";
import { type RehearsedRun, stepsAt, type Unscripted } from "./rehearsed-run.ts";

/** What a test expects of its run. What is absent may be anything. */
export interface Expectation extends MachineExpectation {
  readonly status: "succeeded" | "failed" | "cancelled" | "waiting";
  /** Exactly these steps ran, in any order: side by side running ones have none. */
  readonly ran?: readonly string[];
  /** Exactly these were skipped by their condition. */
  readonly skipped?: readonly string[];
  /** Exactly these failed for good, whether or not the run went on. */
  readonly failed?: readonly string[];
  /** The compensations of exactly these steps ran, in this order. */
  readonly compensated?: readonly string[];
  /** Of a step inside blocks: in all of their runs. */
  readonly attempts?: Readonly<Record<string, number>>;
  /** Texts that must stand in what a step was given: its prompt, its address. Of a step inside blocks: in one of their runs. */
  readonly rendered?: Readonly<Record<string, readonly string[]>>;
  /** Present where the output is expected. */
  readonly output?: { readonly value: Json };
  /** By the step's id. */
  readonly blocks?: Readonly<Record<string, BlockExpectation>>;
  /** `message`: a part of it. */
  readonly error?: { readonly code?: string; readonly step?: string; readonly message?: string };
}

/** What a test expects of the blocks of a step. */
export interface BlockExpectation {
  /** How often they ran. */
  readonly count?: number;
  /** Present where the step's output is expected. */
  readonly output?: { readonly value: Json };
  /** By the number of the item or round, or the name of the branch or case. */
  readonly runs?: Readonly<Record<string, Expectation>>;
}

/** One thing that is not as it was expected: where, and what instead. */
export interface Unmet {
  /** `status`, `ran`, `output.items.0`, ... */
  readonly place: string;
  readonly message: string;
}

/** All that is not as expected; empty: the test has passed. */
export function unmet(expected: Expectation, run: RehearsedRun): readonly Unmet[] {
  if (run.unscripted) return [{ place: `steps.${run.unscripted.step}`, message: unscriptedText(run.unscripted) }];
  const { ran, skipped, failed, compensated, attempts = {}, rendered = {}, output } = expected;
  const counted = Object.entries(attempts).flatMap(([step, count]) => {
    const counts = stepsAt(run, step).map(({ run: at, id }) => at.began.get(id) ?? 0);
    const actual = counts.reduce((sum, one) => sum + one, 0);
    return count === actual ? [] : [{ place: `attempts.${step}`, message: `expected ${count}, got ${actual}` }];
  });
  return [
    ...unmetEnd(expected, run),
    ...(ran ? unmetSet("ran", ran, stepsThatRan(run)) : []),
    ...(skipped ? unmetSet("skipped", skipped, stepsThatWere("skipped", run)) : []),
    ...(failed ? unmetSet("failed", failed, stepsThatWere("failed", run)) : []),
    ...(compensated ? unmetOrder("compensated", compensated, run.compensated) : []),
    ...counted,
    ...unmetOfMachine(expected, run),
    ...Object.entries(rendered).flatMap(([step, texts]) => unmetTexts(step, texts, run)),
    ...Object.entries(expected.blocks ?? {}).flatMap(([step, block]) => unmetBlock(step, block, run)),
    ...(output && run.status === "succeeded" ? differences(output.value, run.output, ["output"]) : []),
  ];
}

/** Steps of which an attempt began; without compensations. */
export function stepsThatRan({ steps }: RehearsedRun): readonly string[] {
  return steps.filter(({ attempts, compensates }) => attempts > 0 && compensates === undefined).map(({ id }) => id);
}

/** Steps that a run left with this status. */
export function stepsThatWere(
  status: RehearsedRun["steps"][number]["status"],
  { steps }: RehearsedRun,
): readonly string[] {
  return steps.filter((step) => step.status === status).map(({ id }) => id);
}

function unscriptedText({ step, attempt, within, turn = 1, why }: Unscripted): string {
  const time = turn === 1 ? "" : `, for the ${ordinal(turn)} time`;
  if (why !== undefined) return `step "${step}" ran${time}, but ${why}`;
  if (attempt === 1 && turn > 1) return `step "${step}" ran${time}, but the test says no result for that`;
  const where = within.length === 0 ? "" : ` in ${within.join(", ")}`;
  if (attempt === 1) return `step "${step}" ran${where}, but the test says no result for it`;
  return `attempt ${attempt} of step "${step}" began${where}, but the test says results for ${attempt - 1} only`;
}

function ordinal(n: number): string {
  return n === 2 ? "second" : n === 3 ? "third" : `${n}th`;
}

function unmetBlock(step: string, { count, output, runs = {} }: BlockExpectation, run: RehearsedRun): readonly Unmet[] {
  const place = `blocks.${step}`;
  const blocks = run.blocks.get(step) ?? [];
  const actual = run.outputs.get(step);
  const keys = blocks.map(({ key }) => key);
  const ofRuns = Object.entries(runs).flatMap(([key, expected]): readonly Unmet[] => {
    const block = blocks.find((one) => one.key === key);
    if (!block) {
      const there = keys.length === 0 ? "none ran" : `these ran: ${keys.join(", ")}`;
      return [{ place: `${place}.${key}`, message: `did not run; ${there}` }];
    }
    return unmet(expected, block.run).map((one) => ({ ...one, place: `${place}.${key}.${one.place}` }));
  });
  return [
    ...(count === undefined || count === blocks.length
      ? []
      : [{ place: `${place}.count`, message: `expected ${count}, got ${blocks.length}` }]),
    ...(output && actual === undefined
      ? [{ place: `${place}.output`, message: "expected, but the step gave none" }]
      : []),
    ...(output && actual !== undefined ? differences(output.value, actual, ["blocks", step, "output"]) : []),
    ...ofRuns,
  ];
}

function unmetEnd({ status, error: expected = {} }: Expectation, run: RehearsedRun): readonly Unmet[] {
  const { error } = run;
  if (status !== run.status) {
    const place = run.status === "waiting" && run.machine ? ` in ${run.machine.place}` : "";
    const why = error ? ` (${error.code}: ${error.message})` : place;
    return [{ place: "status", message: `expected ${status}, got ${run.status}${why}` }];
  }
  if (!error) return [];
  const step = typeof error.details?.step === "string" ? error.details.step : undefined;
  const found: Unmet[] = [];
  const compare = (place: string, wanted: string | undefined, actual: string | undefined) => {
    if (wanted === undefined || wanted === actual) return;
    found.push({ place: `error.${place}`, message: `expected ${wanted}, got ${actual ?? "none"} (${error.message})` });
  };
  compare("code", expected.code, error.code);
  compare("step", expected.step, step);
  if (expected.message !== undefined && !error.message.includes(expected.message)) {
    found.push({
      place: "error.message",
      message: `expected to contain "${expected.message}", got "${error.message}"`,
    });
  }
  return found;
}

function unmetSet(place: string, expected: readonly string[], actual: readonly string[]): readonly Unmet[] {
  const missing = expected.filter((id) => !actual.includes(id));
  const extra = actual.filter((id) => !expected.includes(id));
  const parts = [
    ...(missing.length > 0 ? [`missing ${missing.join(", ")}`] : []),
    ...(extra.length > 0 ? [`not expected ${extra.join(", ")}`] : []),
  ];
  return parts.length === 0 ? [] : [{ place, message: parts.join("; ") }];
}

function unmetOrder(place: string, expected: readonly string[], actual: readonly string[]): readonly Unmet[] {
  const other = unmetSet(place, expected, actual);
  if (other.length > 0 || expected.join() === actual.join()) return other;
  return [{ place, message: `expected the order ${expected.join(", ")}, got ${actual.join(", ")}` }];
}

function unmetTexts(step: string, texts: readonly string[], run: RehearsedRun): readonly Unmet[] {
  const place = `rendered.${step}`;
  const bodies = stepsAt(run, step).flatMap(({ run: at, id }) => at.rendered.get(id) ?? []);
  if (bodies.length === 0) return [{ place, message: "the step was never given anything: it did not run" }];
  const given = bodies.map(allText);
  const whole = given.join("\n");
  const missing = texts.filter((text) => !given.some((one) => one.includes(text)));
  return missing.map((text) => ({
    place,
    message: `expected to contain ${JSON.stringify(text)}, got ${JSON.stringify(whole)}`,
  }));
}

/** Every text in a value, one a line; what is no text as JSON. */
function allText(value: Json): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(allText).join("\n");
  if (typeof value === "object" && value !== null)
    return Object.values(value)
      .map((member) => allText(member ?? null))
      .join("\n");
  return JSON.stringify(value);
}
