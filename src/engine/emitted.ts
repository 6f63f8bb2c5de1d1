import type { EventBody } from "../core/run.ts";
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
