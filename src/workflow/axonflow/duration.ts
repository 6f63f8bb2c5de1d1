import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";

/** A time of that format. A number without its unit is reported: the format does not say which is meant. */
export const duration = z.string({
  error: "must be a text with its unit, such as 30s; a number alone does not say which.",
});

/** Go's durations in ours: `1m30s` is `90000ms`. What is none of them stays as it is, to be reported. */
export function ourDuration(text: string): string {
  if (parseDuration(text) !== undefined || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return text;
  const parts = text.match(/\d+(\.\d+)?(ms|s|m|h)/g) ?? [];
  return `${parts.reduce((sum, part) => sum + (parseDuration(part) ?? 0), 0)}ms`;
}
