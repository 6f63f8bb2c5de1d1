import type { JsonObject } from "../core/json.ts";

/** What a request asks, in no vendor's words. */
export interface Asked {
  readonly model: string;
  /** The system prompt; empty if there is none. */
  readonly system: string;
  /** The last message of the user. */
  readonly prompt: string;
  /** Every message before it, joined. */
  readonly earlier: string;
  /** System, earlier and prompt: what faults match against and tokens are counted from. */
  readonly text: string;
  /** Set when JSON is asked for. */
  readonly json?: { readonly schema?: JsonObject };
  /** Set when the answer is to be a call of this tool. */
  readonly tool?: { readonly name: string; readonly schema: JsonObject };
  /** Tokens that the answer may have. */
  readonly maxTokens?: number;
  readonly stream: boolean;
  /** Whether a stream is to end with its usage (OpenAI's `stream_options`). */
  readonly streamUsage: boolean;
}

/** One turn, as every vendor has it in some form. */
export interface Turn {
  readonly role: string;
  readonly text: string;
}

/** Puts system prompt and turns into an {@link Asked}. */
export function toAsked(
  turns: readonly Turn[],
  rest: Pick<Asked, "model" | "json" | "tool" | "maxTokens" | "stream"> & { readonly streamUsage?: boolean },
): Asked {
  const isSystem = (turn: Turn) => turn.role === "system" || turn.role === "developer";
  const system = turns
    .filter(isSystem)
    .map((turn) => turn.text)
    .join("\n");
  const said = turns.filter((turn) => !isSystem(turn));
  const lastUser = said.findLastIndex((turn) => turn.role === "user");
  const prompt = said[lastUser]?.text ?? said.at(-1)?.text ?? "";
  const earlier = said
    .filter((_, index) => index !== lastUser)
    .map((turn) => turn.text)
    .join("\n");
  const text = [system, earlier, prompt].filter((part) => part !== "").join("\n");
  return { streamUsage: false, ...rest, system, prompt, earlier, text };
}
