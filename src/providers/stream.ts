import type {
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  SharedV3Warning,
} from "@ai-sdk/provider";
import type { Result } from "./answer.ts";
import { Parts } from "./parts.ts";
import { CallFailure } from "./provider.ts";
import type { AnswerPart } from "./wire.ts";

/** Who hears of a stream while it runs. */
export interface StreamListener {
  /** A sign of life: a piece of text, of a thought, of a tool call. */
  alive(): void;
  /** A piece of the answer's text. */
  delta(text: string): void;
  /** A piece of anything in the answer. */
  part(part: AnswerPart): void;
  /** Asked after each piece. A promise: the next one is read when it is kept. Absent: whoever hears is never behind. */
  pace?(): Promise<void> | undefined;
}

/**
 * Reads a stream to its end and puts the result together. A stream without its finish part is no result, however much of it came.
 * @param model name for a stream that does not say which model answers
 * @throws CallFailure malformed - no finish part; or what the stream breaks with
 */
export async function readStream(
  stream: ReadableStream<LanguageModelV3StreamPart>,
  model: string,
  listener: StreamListener,
): Promise<Omit<Result, "firstTokenMs">> {
  const content = new Content();
  const parts = new Parts((part) => listener.part(part));
  let warnings: readonly SharedV3Warning[] = [];
  let served = model;
  let finish: Extract<LanguageModelV3StreamPart, { type: "finish" }> | undefined;
  for await (const part of stream) {
    switch (part.type) {
      case "error":
        throw part.error;
      case "stream-start":
        warnings = part.warnings;
        break;
      case "response-metadata":
        served = part.modelId ?? served;
        break;
      case "finish":
        finish = part;
        break;
      default:
        if (isSignOfLife(part)) listener.alive();
        if (part.type === "text-delta" && part.delta !== "") listener.delta(part.delta);
        parts.add(part);
        content.add(part);
    }
    const behind = listener.pace?.();
    if (behind) await behind;
  }
  if (!finish || isMadeUp(finish.finishReason)) {
    throw new CallFailure("malformed", "The stream ended before the answer did.", { httpStatus: 200 });
  }
  return { content: content.parts, warnings, model: served, usage: finish.usage, finishReason: finish.finishReason };
}

/**
 * The packages make up a finish part for a stream that just ends. A real one has the vendor's own word; only OpenAI's responses have none for an
 * answer that is complete, while the package then knows that it is.
 */
function isMadeUp({ raw, unified }: LanguageModelV3FinishReason): boolean {
  return raw === undefined && unified !== "stop" && unified !== "tool-calls";
}

function isSignOfLife(part: LanguageModelV3StreamPart): boolean {
  switch (part.type) {
    case "text-delta":
      return part.delta !== "";
    case "reasoning-start":
    case "reasoning-delta":
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-call":
      return true;
    default:
      return false;
  }
}

/** The content that a stream's pieces come to, in the order in which its parts began. */
class Content {
  readonly #parts = new Map<string, LanguageModelV3Content>();

  get parts(): readonly LanguageModelV3Content[] {
    return [...this.#parts.values()];
  }

  add(part: LanguageModelV3StreamPart): void {
    switch (part.type) {
      case "text-start":
      case "text-delta":
      case "text-end":
        this.#extend("text", part);
        return;
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end":
        this.#extend("reasoning", part);
        return;
      case "tool-call":
        this.#parts.set(`tool-call ${part.toolCallId}`, part);
        return;
      default:
    }
  }

  #extend(type: "text" | "reasoning", part: Piece): void {
    const key = `${type} ${part.id}`;
    const before = this.#parts.get(key);
    const text = before?.type === type ? before.text : "";
    // The last word counts: a signature comes with a piece or with the end.
    const providerMetadata = part.providerMetadata ?? (before?.type === type ? before.providerMetadata : undefined);
    this.#parts.set(key, {
      type,
      text: text + (part.delta ?? ""),
      ...(providerMetadata === undefined ? {} : { providerMetadata }),
    });
  }
}

type Piece = Pick<Extract<LanguageModelV3StreamPart, { type: "text-start" }>, "id" | "providerMetadata"> & {
  readonly delta?: string;
};
