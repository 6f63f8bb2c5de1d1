import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import type { LlmAssistantMessage, LlmReasoning, VendorNote } from "../../providers/request.ts";

/*
 * Models that think give sealed notes with their thoughts and tool calls, and want them back with the next request. Where a client speaks another vendor's
 * format, the notes travel in the one place that each format has for sealed things. The client gives them back with the conversation, as it does with its own
 * vendor's; they are read here, and never sent to a vendor that did not write them.
 */

const mark = "switchyard.";

/** What a thought is signed with that its own vendor has not signed: it tells that no vendor takes it back. */
export const unsigned = mark;

/** Whether a seal or signature is ours: to be taken out before the conversation goes to the vendor itself. */
export function isOurs(seal: Json | undefined): boolean {
  return typeof seal === "string" && seal.startsWith(mark);
}

const jsonObject = z.custom<JsonObject>(isJsonObject);
const note = z.object({ type: z.string(), data: jsonObject });
const sealed = z.object({
  reasoning: z.array(z.object({ text: z.string(), vendor: note.optional() })),
  calls: z.record(z.string(), note),
});

/** The sealed notes of an answer as one text; undefined: it has none. */
export function seal({ reasoning, toolCalls }: Pick<LlmAnswer, "reasoning" | "toolCalls">): string | undefined {
  const calls = Object.fromEntries(toolCalls.flatMap(({ id, vendor }) => (vendor ? [[id, vendor] as const] : [])));
  if (Object.keys(calls).length === 0 && reasoning.every(({ vendor }) => vendor === undefined)) return undefined;
  return mark + Buffer.from(JSON.stringify({ reasoning, calls })).toString("base64url");
}

/** What a sealed text holds. One that is not ours, or was changed on the way, holds nothing. */
export interface Unsealed {
  readonly reasoning: readonly LlmReasoning[];
  /** By the call's id. */
  readonly calls: Readonly<Record<string, VendorNote>>;
}

const nothing: Unsealed = { reasoning: [], calls: {} };

/** Opens what {@link seal} has sealed. */
export function unseal(text: Json | undefined): Unsealed {
  if (typeof text !== "string" || !isOurs(text)) return nothing;
  try {
    const read = sealed.safeParse(JSON.parse(Buffer.from(text.slice(mark.length), "base64url").toString("utf8")));
    return read.success ? read.data : nothing;
  } catch {
    return nothing;
  }
}

/** A model's turn with the notes that came back sealed. */
export function withNotes(message: LlmAssistantMessage, { reasoning, calls }: Unsealed): LlmAssistantMessage {
  const toolCalls = message.toolCalls?.map((call) => {
    const vendor = Object.hasOwn(calls, call.id) ? calls[call.id] : undefined;
    return vendor ? { ...call, vendor } : call;
  });
  const thoughts = [...(message.reasoning ?? []), ...reasoning];
  return {
    ...message,
    ...(toolCalls ? { toolCalls } : {}),
    ...(thoughts.length > 0 ? { reasoning: thoughts } : {}),
  };
}
