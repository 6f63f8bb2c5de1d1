import { z } from "zod";
import { parseDuration } from "../core/duration.ts";

/** One setting with a single value: where it stands, what it may be. Messages and documentation are made from it. */
export interface Scalar<T = unknown> {
  readonly variable: string;
  readonly path: readonly string[];
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  /** What is allowed, to go behind "allowed: ". */
  readonly allowed: string;
  /** True: the value is never repeated in a message. */
  readonly secret?: boolean;
}

/** A whole number within bounds, as number or text. */
export const wholeNumber = (min: number, max: number) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/)])
    .transform(Number)
    .pipe(z.int().min(min).max(max));

/** A text; a number is one too. */
export const text = z.union([z.string(), z.number().transform(String)]);

/** A duration text, read as milliseconds. */
export const milliseconds = z.string().transform((value, context) => {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: "not a duration" });
  return z.NEVER;
});

/** `off`, or a duration within bounds; stays text, as the file and run-time changes hold it. */
export const durationOrOff = (minMs: number, maxMs: number) =>
  z.string().refine((value) => {
    const ms = parseDuration(value);
    return value === "off" || (ms !== undefined && ms >= minMs && ms <= maxMs);
  });

/** Bytes by unit. */
export const sizes = { b: 1, kb: 1_024, mb: 1_048_576 } as const;
/** A size text, read as bytes. */
export const bytes = z.union([z.string(), z.number().transform((value) => `${value}b`)]).transform((value, context) => {
  const match = /^(\d+)\s*(b|kb|mb)$/i.exec(value.trim());
  const size = match ? Number(match[1]) * sizes[match[2]?.toLowerCase() as keyof typeof sizes] : 0;
  if (size >= 1_024 && size <= 512 * sizes.mb) return size;
  context.addIssue({ code: "custom", message: "not a size" });
  return z.NEVER;
});

/** true/1/yes/on and false/0/no/off, in any case. */
export const flag = z.union([
  z.boolean(),
  z
    .union([z.string(), z.number().transform(String)])
    .transform((value) => value.toLowerCase())
    .pipe(z.enum(["true", "1", "yes", "on", "false", "0", "no", "off"]))
    .transform((value) => ["true", "1", "yes", "on"].includes(value)),
]);

/** Address of a Redis. */
export const redisUrl = z.string().refine((value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol));

/** What {@link proxyUrl} takes, in words. */
export const proxyForm = "off, or http://[user:password@]host[:port] or https://...";

/** A proxy's address, or `off`. */
export const proxyUrl = z
  .string()
  .refine((value) => value === "off" || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)));

/** Texts of one form: separated by commas, or a list in the file. */
export const texts = (isOne: (text: string) => boolean) =>
  z
    .union([z.string().transform((list) => list.split(",").map((one) => one.trim())), z.array(z.string())])
    .transform((list): readonly string[] => [...new Set(list.filter((one) => one !== ""))])
    .refine((list) => list.every(isOne));

/** Whether a text is an origin as browsers write it: scheme, host, a port that is not the scheme's own. */
export const isOrigin = (origin: string) =>
  URL.canParse(origin) && /^https?:$/.test(new URL(origin).protocol) && new URL(origin).origin === origin;

/** A setting, with its type worked out. */
export const declare = <T>(scalar: Scalar<T>): Scalar<T> => scalar;
/** What {@link milliseconds} takes, in words. */
export const durations = "a duration such as 500ms, 30s, 5m";
