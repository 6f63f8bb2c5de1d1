import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Turn } from "../asked.ts";

/** Text of a message's content: a text, or a list of parts of which those with text count. */
export function contentText(content: Json | undefined): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part) => {
      if (!isJsonObject(part)) return "";
      if (typeof part.text === "string") return part.text;
      return contentText(part.content);
    })
    .filter((text) => text !== "")
    .join("\n");
}

/** The turns of a `messages` list, or undefined if there is no such list. */
export function readTurns(messages: Json | undefined): readonly Turn[] | undefined {
  if (!Array.isArray(messages)) return undefined;
  return messages.filter(isJsonObject).map((message) => ({
    role: typeof message.role === "string" ? message.role : "user",
    text: contentText(message.content),
  }));
}

/** The first of the values that is a positive number. */
export function firstNumber(...values: readonly (Json | undefined)[]): number | undefined {
  return values.find((value): value is number => typeof value === "number" && value > 0);
}

/** A member that is an object, or undefined. */
export function objectAt(from: Json | undefined, ...path: readonly string[]): JsonObject | undefined {
  let at: Json | undefined = from;
  for (const key of path) at = isJsonObject(at) ? at[key] : undefined;
  return isJsonObject(at) ? at : undefined;
}
