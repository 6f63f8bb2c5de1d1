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

/** What a run has brought: its output as text or indented JSON, or its error with what to do about it. */
export function resultLines(run: Run, paint: Paint): string[] {
  if (run.error) return errorLines(run.error, paint);
  return run.output === null ? [] : outputText(run.output).split("\n");
}

/** An output for people: a text as it is, anything else as indented JSON. */
export function outputText(output: Json): string {
  return typeof output === "string" ? output : JSON.stringify(output, null, 2);
}

function errorLines({ code, message }: ErrorRecord, paint: Paint): string[] {
  const fix = Object.hasOwn(catalogue, code) ? catalogue[code as keyof typeof catalogue].fix : "";
  return [paint.red(`${code}: ${message}`), ...(fix ? [`fix: ${fix}`] : [])];
}
