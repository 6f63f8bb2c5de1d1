import type { LanguageModelV3StreamPart } from "@ai-sdk/provider";
import type { LlmAnswer } from "./provider.ts";
import type { AnswerPart } from "./wire.ts";

/** A tool call that has been told of. */
interface Begun {
  readonly index: number;
  hasArguments: boolean;
}

/** Tells a package's stream in our own pieces. Tool calls are numbered as they begin; one that comes whole is told as a beginning and all its arguments. */
export class Parts {
  readonly #tell: (part: AnswerPart) => void;
  readonly #tools = new Map<string, Begun>();

  constructor(tell: (part: AnswerPart) => void) {
    this.#tell = tell;
  }

  add(part: LanguageModelV3StreamPart): void {
    switch (part.type) {
      case "text-delta":
        if (part.delta !== "") this.#tell({ type: "text", text: part.delta });
        return;
      case "reasoning-delta":
        if (part.delta !== "") this.#tell({ type: "reasoning", text: part.delta });
        return;
      case "tool-input-start":
        if (!part.providerExecuted) this.#begin(part.id, part.toolName);
        return;
      case "tool-input-delta": {
        const tool = this.#tools.get(part.id);
        if (tool && part.delta !== "") this.#arguments(tool, part.delta);
        return;
      }
      case "tool-call":
        if (!part.providerExecuted) this.#whole(part.toolCallId, part.toolName, part.input);
        return;
      default:
    }
  }

  #begin(id: string, name: string): Begun {
    const tool = { index: this.#tools.size, hasArguments: false };
    this.#tools.set(id, tool);
    this.#tell({ type: "tool", index: tool.index, id, name });
    return tool;
  }

  #arguments(tool: Begun, text: string): void {
    tool.hasArguments = true;
    this.#tell({ type: "arguments", index: tool.index, text });
  }

  #whole(id: string, name: string, input: string): void {
    const tool = this.#tools.get(id) ?? this.#begin(id, name);
    if (!tool.hasArguments) this.#arguments(tool, input);
  }
}

/** The pieces of an answer that came whole. */
export function partsOf({ reasoning, text, toolCalls }: LlmAnswer): readonly AnswerPart[] {
  return [
    ...reasoning.flatMap((piece): AnswerPart[] => (piece.text === "" ? [] : [{ type: "reasoning", text: piece.text }])),
    ...(text === "" ? [] : [{ type: "text", text } as const]),
    ...toolCalls.flatMap(({ id, name, arguments: given }, index): AnswerPart[] => [
      { type: "tool", index, id, name },
      { type: "arguments", index, text: given },
    ]),
  ];
}
