import { type Fixture, type handleMessages, Journal, Logger } from "@copilotkit/aimock";
import type { Reply } from "./vendor.ts";

/** What aimock's handlers take besides the request. */
export interface AimockCall {
  readonly fixtures: Fixture[];
  readonly journal: Journal;
  readonly defaults: Parameters<typeof handleMessages>[5];
  /** Browsers don't call providers: no CORS headers. */
  readonly setCorsHeaders: () => void;
}

const logger = new Logger("silent");

/**
 * The arguments that make one of aimock's handlers render one answer: a single fixture that fits every request. aimock's own server is left
 * aside, since it reads the body itself and keeps a journal; this journal keeps one entry and dies with the request.
 */
export function aimockCall({ answer, pieceMs }: Reply): AimockCall {
  const usage = { input_tokens: answer.inputTokens, output_tokens: answer.outputTokens };
  const finishReason = answer.finish === "tool" ? "tool_calls" : answer.finish;
  const response =
    answer.tool === undefined
      ? { content: answer.text, usage, finishReason }
      : { toolCalls: [{ name: answer.tool, arguments: answer.text }], usage, finishReason };
  return {
    fixtures: [{ match: {}, response }],
    journal: new Journal({ maxEntries: 1 }),
    defaults: { latency: pieceMs, chunkSize: 24, replaySpeed: 1, logger },
    setCorsHeaders: () => {},
  };
}
