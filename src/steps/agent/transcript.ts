import type { Json } from "../../core/json.ts";
import type { Turn } from "./journal.ts";

/** The turns of an agent, as its output tells them. */
export function transcriptOf(turns: readonly Turn[]): Json {
  return turns.map(({ text, served, calls }) => ({
    text,
    provider: served.provider,
    model: served.modelServed,
    tools: calls.map(({ asked, result }) => ({
      tool: asked.name,
      arguments: readable(asked.arguments),
      ok: result !== undefined && !result.failed,
      result: result?.content ?? null,
      duration_ms: result?.durationMs ?? null,
    })),
  }));
}

/** Arguments as JSON, or as the model wrote them. */
function readable(text: string): Json {
  try {
    return JSON.parse(text === "" ? "{}" : text) as Json;
  } catch {
    // The call failed for it; its result says so.
    return text;
  }
}
