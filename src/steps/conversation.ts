import { AppError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { LlmImage, LlmMessage } from "../providers/request.ts";
import { imageAdvice, maxImages } from "../workflow/kinds/images.ts";

/** What `llm` and `agent` begin a conversation with, its templates rendered. */
export interface ConversationBody {
  readonly prompt?: string;
  readonly images?: Json;
  readonly messages?: readonly {
    readonly role: "user" | "assistant";
    readonly content: string;
    readonly images?: Json;
  }[];
}

/** The first messages to a model. @throws AppError image_invalid */
export function conversationOf({ prompt = "", images, messages }: ConversationBody): readonly LlmMessage[] {
  if (!messages) return [userMessage(prompt, images, "images")];
  return messages.map(({ role, content, images: own }, index) =>
    role === "user" ? userMessage(content, own, `messages.${index}.images`) : { role, content },
  );
}

function userMessage(content: string, images: Json | undefined, place: string): LlmMessage {
  const found = images === undefined ? [] : imagesIn(images, place);
  if (found.length > maxImages) throw invalid(place, `gives ${found.length} pictures; at most ${maxImages} are taken`);
  return { role: "user", content, ...(found.length > 0 ? { images: found } : {}) };
}

/** Lists may hold lists; null is no picture, as the output of a skipped step. */
function imagesIn(value: Json, place: string): readonly LlmImage[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => imagesIn(one, `${place}.${index}`));
  if (value === null) return [];
  if (typeof value === "string") {
    const [, mediaType, base64 = ""] = /^data:(image\/[\w.+-]+);base64,([\s\S]*)$/.exec(value.trim()) ?? [];
    return [imageOf(base64, mediaType, place)];
  }
  if (!isJsonObject(value) || typeof value.base64 !== "string") throw invalid(place, imageAdvice);
  const { base64, media_type: mediaType } = value;
  return [imageOf(base64, typeof mediaType === "string" ? mediaType : undefined, place)];
}

/** @param mediaType absent: told from the bytes */
function imageOf(text: string, mediaType: string | undefined, place: string): LlmImage {
  const base64 = text.replace(/\s+/g, "");
  if (base64 === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw invalid(place, imageAdvice);
  const type = mediaType ?? mediaTypeOf(base64);
  if (!type?.startsWith("image/"))
    throw invalid(place, `is of no kind of picture that is known by its bytes (PNG, JPEG, GIF, WebP); say media_type`);
  return { mediaType: type, base64 };
}

/** By the first bytes, as the formats' specifications have them. */
function mediaTypeOf(base64: string): string | undefined {
  const bytes = Buffer.from(base64.slice(0, 24), "base64").toString("latin1");
  if (bytes.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.startsWith("GIF8")) return "image/gif";
  return bytes.startsWith("RIFF") && bytes.slice(8, 12) === "WEBP" ? "image/webp" : undefined;
}

function invalid(place: string, what: string): AppError {
  return new AppError("image_invalid", { message: `${place} ${what.replace(/\.?$/, ".")}` });
}
