import { catalogue } from "../../core/catalogue.ts";
import { formatDuration } from "../../core/duration.ts";
import type { ErrorRecord } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { Run } from "../../core/run.ts";
import type { Paint } from "../output.ts";
import { colored } from "./frame.ts";
import { formatUsd } from "./words.ts";

/** How a run ended, in one line: its id, status, time and cost. */
export function endingLine(run: Run, paint: Paint): string {
  const { id, status, createdAt, finishedAt, costUsd } = run;
  const time = finishedAt === null ? "" : ` in ${formatDuration(finishedAt - createdAt)}`;
  const cost = costUsd === null ? "" : `, ${formatUsd(costUsd)}`;
  return `${id} ${colored(status, paint)}${time}${cost}`;
}

/**
 * What a run has brought: its output as text or indented JSON, or its error with what to do about it.
 * @param told true: the error's sentence stands above already; here only its code and step.
 */
export function resultLines(run: Run, paint: Paint, told = false): string[] {
  if (run.error) return errorLines(run.id, run.error, paint, told);
  return run.output === null ? [] : outputText(run.output).split("\n");
}

/** An output for people: a text as it is, anything else as indented JSON. */
function outputText(output: Json): string {
  return typeof output === "string" ? output : JSON.stringify(output, null, 2);
}

function errorLines(id: string, { code, message, details }: ErrorRecord, paint: Paint, told: boolean): string[] {
  const fix = Object.hasOwn(catalogue, code) ? catalogue[code as keyof typeof catalogue].fix : "";
  const step = details?.step;
  const what = told && typeof step === "string" ? `${code} at step ${step}, see above` : `${code}: ${message}`;
  return [paint.red(what), ...(fix ? [`fix: ${fix.replace("runs show ID", `runs show ${id}`)}`] : [])];
}
