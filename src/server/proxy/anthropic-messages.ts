import { checked } from "../checked.ts";
import { writeMessage } from "./anthropic-answer.ts";
import { anthropicError } from "./anthropic-error.ts";
import { readMessages } from "./anthropic-read.ts";
import { messagesRequest } from "./anthropic-request.ts";
import { MessageStream } from "./anthropic-stream.ts";
import type { WireCodec } from "./codec.ts";

/** Anthropic's messages, as `@anthropic-ai/sdk` speaks them. */
export const anthropicMessages: WireCodec = {
  format: "anthropic-messages",
  headers: ["anthropic-beta", "anthropic-version"],
  read: (body) => readMessages(checked(messagesRequest, body, "body")),
  write: writeMessage,
  stream: (ask, head) => new MessageStream(ask, head),
  error: anthropicError,
};
