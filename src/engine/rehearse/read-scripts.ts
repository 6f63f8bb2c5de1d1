import { catalogue, type ErrorCode } from "../../core/catalogue.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { compensationId } from "../../workflow/checked.ts";
import type { RepeatedRuns } from "../../workflow/kinds/kind.ts";
import type { Path } from "../../workflow/path.ts";
import { readShape } from "../../workflow/shape.ts";
import type { AttemptEnding, Script } from "./script.ts";
import type { TestContext } from "./test-context.ts";
import { resultShape, type WrittenAttempt } from "./test-shape.ts";

/** Reads what steps give, by step id, and reports what they cannot give. @param written what stands under `steps`; its type is checked elsewhere */
export function readScripts(written: Json | undefined, path: Path, context: TestContext): ReadonlyMap<string, Script> {
  if (!isJsonObject(written)) return new Map();
  const scripts = Object.entries(written).flatMap(([step, result]): [string, Script][] => {
    const script = readScript(step, result ?? null, [...path, step], context);
    return script ? [[step, script]] : [];
  });
  reportUnused(new Map(scripts), path, context);
  return new Map(scripts);
}

function readScript(step: string, written: Json, path: Path, context: TestContext): Script | undefined {
  if (!context.knowsStep(step, path, "key")) return undefined;
  return readResult(written, { step, within: context.within(step) }, path, context);
}

/** @param of within: what the runs of the blocks around it are called that it may still be told apart by */
function readResult(
  written: Json,
  of: { readonly step: string; readonly within: readonly RepeatedRuns[] },
  path: Path,
  context: TestContext,
): Script | undefined {
  const result = readShape(resultShape, written, path, context.problems);
  if (!result) return undefined;
  const { attempts, items, rounds, in_turn: inTurn, ...whole } = result;
  if (inTurn) return readTurns(inTurn, { step: of.step, beside: Object.keys(written as JsonObject) }, path, context);
  const byRun = items ? ({ of: "items", by: items } as const) : rounds && ({ of: "rounds", by: rounds } as const);
  const runs = byRun && readRuns(byRun, of, path, context);
  if (items && rounds) context.problems.addKey([...path, "rounds"], "stands beside items; keep one of the two.");
  const isBare = byRun !== undefined && Object.keys(whole).length === 0;
  const ends = isBare && !attempts ? unsaid : readAttempts({ attempts, whole }, of.step, path, context);
  return ends && { ...ends, ...(runs ? { runs } : {}) };
}

const unsaid: Script = { attempts: [], isForAll: false };

/** What a step of a machine gives when it is invoked the first time, the second time, ... */
function readTurns(
  written: readonly unknown[],
  { step, beside }: { readonly step: string; readonly beside: readonly string[] },
  path: Path,
  context: TestContext,
): Script | undefined {
  if (!context.ofMachine("in_turn; attempts says one attempt after the other", [...path, "in_turn"])) return undefined;
  for (const key of beside.filter((one) => one !== "in_turn"))
    context.problems.addKey([...path, key], "stands beside in_turn; it belongs into one of its results.");
  const turns = written.flatMap((one, index) => {
    const at = [...path, "in_turn", index];
    if (isJsonObject(one as Json) && Object.hasOwn(one as JsonObject, "in_turn")) {
      context.problems.addKey([...at, "in_turn"], "stands inside in_turn.");
      return [];
    }
    return readResult(one as Json, { step, within: [] }, at, context) ?? [];
  });
  return { ...unsaid, turns };
}

function readRuns(
  { of, by }: { readonly of: RepeatedRuns; readonly by: readonly unknown[] | Readonly<Record<string, unknown>> },
  { step, within }: { readonly step: string; readonly within: readonly RepeatedRuns[] },
  path: Path,
  context: TestContext,
): Script["runs"] {
  const depth = within.indexOf(of);
  if (depth < 0) {
    const message = `step "${step}" is not told apart by ${of}: ${within.length === 0 ? "no map or loop stands around it" : `around it are ${within.join(", ")}`}.`;
    context.problems.addKey([...path, of], message);
    return undefined;
  }
  const inner = { step, within: within.slice(depth + 1) };
  const entries = Array.isArray(by) ? by.map((one, index) => [index, one] as const) : Object.entries(by);
  const scripts = entries.flatMap(([key, one]): [string, Script][] => {
    const script = one === null ? undefined : readResult(one as Json, inner, [...path, of, key], context);
    return script ? [[String(key), script]] : [];
  });
  return { of, by: new Map(scripts) };
}

function readAttempts(
  { attempts, whole }: { readonly attempts: readonly WrittenAttempt[] | undefined; readonly whole: WrittenAttempt },
  step: string,
  path: Path,
  context: TestContext,
): Script | undefined {
  if (!attempts) {
    const ending = readEnding(whole, step, path, context);
    return ending && { attempts: [ending], isForAll: true };
  }
  for (const key of Object.keys(whole)) {
    context.problems.addKey([...path, key], "stands beside attempts; it belongs into one of them.");
  }
  const endings = attempts.flatMap((attempt, index) => {
    return readEnding(attempt, step, [...path, "attempts", index], context) ?? [];
  });
  return { attempts: endings, isForAll: false };
}

/** A step with a result of its own does not run its blocks. */
function reportUnused(scripts: ReadonlyMap<string, Script>, path: Path, { problems }: TestContext): void {
  for (const inner of scripts.keys()) {
    const outer = [...scripts.keys()].find((one) => inner.startsWith(`${one}.`) && inner !== compensationId(one));
    if (outer === undefined) continue;
    problems.addKey([...path, inner], `stands beside "${outer}": a step with a result of its own runs no block.`);
  }
}

function readEnding(
  { output, error, takes: takesMs = 0 }: WrittenAttempt,
  step: string,
  path: Path,
  context: TestContext,
): AttemptEnding | undefined {
  const { problems } = context;
  if ((output === undefined) === (error === undefined)) {
    problems.add(
      path,
      output === undefined ? "needs an output, or an error." : "has an output and an error; keep one of the two.",
    );
    return undefined;
  }
  if (output !== undefined) {
    const { value, mistakes } = context.fitted(step, output as Json);
    for (const { at, why } of mistakes)
      problems.add([...path, "output", ...at], `does not fit the output schema of step "${step}": ${why}.`);
    return { type: "output", output: value, takesMs };
  }
  const { code = "step_failed", message, retryable: isRetryable = true, class: failureClass } = error ?? {};
  const said = message ?? catalogue[code as ErrorCode].summary;
  const ofClass = failureClass === undefined ? {} : { failureClass };
  return { type: "error", error: { code, message: said }, isRetryable, ...ofClass, takesMs };
}
