import type { EventBody } from "../core/run.ts";
import type { StepNotice } from "../workflow/machine.ts";
import { asJson } from "./drive.ts";

/** Characters of JSON that an emitted event may have in the history. */
const maxLength = 32_768;

/** The line of history of an event that an author's own machine emits; of one that is too long the type and its length. @throws AppError machine_failed - it is no JSON */
export function emitted({ event, actor }: Readonly<Record<string, unknown>>): EventBody {
  const { type } = event as { readonly type: unknown };
  const told = asJson(event, "an emitted event") as { readonly type: string };
  const length = JSON.stringify(told).length;
  return {
    type: "machine.emitted",
    event: length <= maxLength ? told : { type: String(type).slice(0, 200), left_out: length },
    ...(typeof actor === "string" && actor !== "" ? { actor } : {}),
  };
}

/** What a definition's machine emits: lines of the history, but for what it cannot know. */
export type Notice =
  | Exclude<EventBody, { readonly type: "run.compensating" }>
  | Extract<StepNotice, { type: "run.compensating" }>;

/** A notice as a line of the history. @param abandoned steps that the same decision has given up */
export function noticed(notice: Notice, abandoned: ReadonlySet<string>): EventBody {
  // A step that fails before its first attempt has made no calls.
  if (notice.type === "step.failed") return { ...notice, attempt: 0, calls: [] };
  if (notice.type !== "run.compensating") return notice;
  const { onSuccess, ...told } = notice;
  const unsure = onSuccess.filter((step) => abandoned.has(step));
  return { ...told, ...(unsure.length > 0 ? { unsure } : {}) };
}
