import { z } from "zod";
import { isAllowEntry } from "../core/address-rules.ts";
import { parseDuration } from "../core/duration.ts";
import { type StrategyName, strategyNames } from "./settings.ts";

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

const wholeNumber = (min: number, max: number) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/)])
    .transform(Number)
    .pipe(z.int().min(min).max(max));

const text = z.union([z.string(), z.number().transform(String)]);

const milliseconds = z.string().transform((value, context) => {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: "not a duration" });
  return z.NEVER;
});

/** `off`, or a duration within bounds; stays text, as the file and run-time changes hold it. */
const durationOrOff = (minMs: number, maxMs: number) =>
  z.string().refine((value) => {
    const ms = parseDuration(value);
    return value === "off" || (ms !== undefined && ms >= minMs && ms <= maxMs);
  });

const sizes = { b: 1, kb: 1_024, mb: 1_048_576 } as const;
const bytes = z.union([z.string(), z.number().transform((value) => `${value}b`)]).transform((value, context) => {
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

const redisUrl = z.string().refine((value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol));

/** What {@link proxyUrl} takes, in words. */
export const proxyForm = "off, or http://[user:password@]host[:port] or https://...";

/** A proxy's address, or `off`. */
export const proxyUrl = z
  .string()
  .refine((value) => value === "off" || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)));

/** Texts of one form: separated by commas, or a list in the file. */
const texts = (isOne: (text: string) => boolean) =>
  z
    .union([z.string().transform((list) => list.split(",").map((one) => one.trim())), z.array(z.string())])
    .transform((list): readonly string[] => [...new Set(list.filter((one) => one !== ""))])
    .refine((list) => list.every(isOne));

const declare = <T>(scalar: Scalar<T>): Scalar<T> => scalar;
const durations = "a duration such as 500ms, 30s, 5m";

/** The settings that have a single value. */
export const scalars = {
  redisUrl: declare<string | null>({
    variable: "REDIS_URL",
    path: ["redis_url"],
    schema: redisUrl,
    fallback: null,
    allowed: "redis://[:password@]host[:port][/db] or rediss://...",
    secret: true,
  }),
  prefix: declare({
    variable: "SWITCHYARD_PREFIX",
    path: ["prefix"],
    schema: text.pipe(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/)),
    fallback: "switchyard",
    allowed: "1 to 64 letters, digits, _ . -",
  }),
  host: declare({
    variable: "SWITCHYARD_HOST",
    path: ["host"],
    schema: z.string().regex(/^[A-Za-z0-9.:_-]+$/),
    fallback: "127.0.0.1",
    allowed: "a host name or address without port, such as 127.0.0.1 or 0.0.0.0",
  }),
  port: declare({
    variable: "SWITCHYARD_PORT",
    path: ["port"],
    schema: wholeNumber(0, 65_535),
    fallback: 7700,
    allowed: "a whole number from 0 (any free port) to 65535",
  }),
  dataDir: declare({
    variable: "SWITCHYARD_DATA",
    path: ["data"],
    schema: z.string().min(1),
    fallback: ".switchyard",
    allowed: "a folder",
  }),
  concurrency: declare({
    variable: "SWITCHYARD_CONCURRENCY",
    path: ["concurrency"],
    schema: wholeNumber(1, 1_000),
    fallback: 20,
    allowed: "a whole number from 1 to 1000",
  }),
  graceMs: declare({
    variable: "SWITCHYARD_GRACE",
    path: ["grace"],
    schema: milliseconds,
    fallback: 30_000,
    allowed: durations,
  }),
  logLevel: declare({
    variable: "SWITCHYARD_LOG",
    path: ["log"],
    schema: z.enum(["silent", "error", "warn", "info", "debug", "trace"]),
    fallback: "warn" as const,
    allowed: "silent, error, warn, info, debug, trace",
  }),
  bodyLimitBytes: declare({
    variable: "SWITCHYARD_BODY_LIMIT",
    path: ["body_limit"],
    schema: bytes,
    fallback: 4 * sizes.mb,
    allowed: "a size from 1kb to 512mb, such as 4mb",
  }),
  outputLimitBytes: declare({
    variable: "SWITCHYARD_OUTPUT_LIMIT",
    path: ["output_limit"],
    schema: bytes,
    fallback: sizes.mb,
    allowed: "a size from 1kb to 512mb, such as 1mb",
  }),
  ca: declare<string | null>({
    variable: "SWITCHYARD_CA",
    path: ["tls", "ca"],
    schema: z.string().min(1),
    fallback: null,
    allowed: "a file of certificates in PEM form",
  }),
  proxy: declare<string | null>({
    variable: "SWITCHYARD_PROXY",
    path: ["proxy"],
    schema: proxyUrl,
    fallback: null,
    allowed: proxyForm,
    secret: true,
  }),
  stepEnv: declare<readonly string[]>({
    variable: "SWITCHYARD_STEP_ENV",
    path: ["step_env"],
    schema: texts((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
    fallback: [],
    allowed: "NAME,NAME or a list of names of environment variables",
  }),
  httpAllow: declare<readonly string[]>({
    variable: "SWITCHYARD_HTTP_ALLOW",
    path: ["http_allow"],
    schema: texts(isAllowEntry),
    fallback: [],
    allowed:
      "networks, addresses and host names, such as 10.1.0.0/16,127.0.0.1,db.internal,*.internal, or a list of them",
  }),
  functions: declare<string | null>({
    variable: "SWITCHYARD_FUNCTIONS",
    path: ["functions"],
    schema: z.string().min(1),
    fallback: null,
    allowed: "a folder",
  }),
  functionPackages: declare<readonly string[]>({
    variable: "SWITCHYARD_FUNCTION_PACKAGES",
    path: ["function_packages"],
    schema: texts((name) => /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name)),
    fallback: [],
    allowed: "name,name or a list of names of npm packages",
  }),
  mcpCommands: declare<readonly string[]>({
    variable: "SWITCHYARD_MCP_COMMANDS",
    path: ["mcp_commands"],
    schema: texts(() => true),
    fallback: [],
    allowed:
      "command lines such as `npx -y @modelcontextprotocol/server-memory`, separated by commas, or a list of them",
  }),
  edition: declare({
    variable: "EDITION",
    path: ["edition"],
    schema: z.enum(["enterprise", "community"]),
    fallback: "enterprise" as const,
    allowed: "enterprise, community",
  }),
  strategy: declare<StrategyName>({
    variable: "LLM_ROUTING_STRATEGY",
    path: ["routing", "strategy"],
    schema: z.enum(strategyNames),
    fallback: "weighted",
    allowed: strategyNames.join(", "),
  }),
  strictDefault: declare({
    variable: "LLM_STRICT_PROVIDER_DEFAULT",
    path: ["routing", "strict_default"],
    schema: flag,
    fallback: false,
    allowed: "true, false",
  }),
  affinity: declare<"none" | "run">({
    variable: "LLM_ROUTING_AFFINITY",
    path: ["routing", "affinity"],
    schema: z.enum(["none", "run"]),
    fallback: "none",
    allowed: "none, run",
  }),
  hedgeAfter: declare({
    variable: "LLM_HEDGE_AFTER",
    path: ["routing", "hedge_after"],
    schema: durationOrOff(1, 3_600_000),
    fallback: "off",
    allowed: "off, or a duration such as 300ms, 2s, up to 1h",
  }),
  checkEvery: declare({
    variable: "LLM_CHECK_EVERY",
    path: ["routing", "check_every"],
    schema: durationOrOff(1_000, 86_400_000),
    fallback: "off",
    allowed: "off, or a duration such as 30s, 5m, from 1s to 1d",
  }),
} as const;
