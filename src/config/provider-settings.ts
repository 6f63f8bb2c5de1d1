import { z } from "zod";
import { parseDuration } from "../core/duration.ts";
import { isJsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Problems } from "./problems.ts";
import { notAllowed } from "./read.ts";
import { endpoint, flag } from "./scalar.ts";
import type { ProviderKey, ProviderSettings, ProviderType } from "./settings.ts";
import type { Source } from "./source.ts";

/** A provider that is known by name: the prefix of its variables and what it has without being told. */
interface BuiltIn {
  readonly type: ProviderType;
  readonly prefix: string;
  /** What makes it configured. */
  readonly needs: "api_key" | "endpoint";
  readonly endpoint: string;
  readonly model: string;
}

/** The providers that need no entry in the file, by name. */
export const builtIns: Readonly<Record<string, BuiltIn>> = {
  openai: {
    type: "openai",
    prefix: "OPENAI",
    needs: "api_key",
    endpoint: "https://api.openai.com/v1",
    model: "gpt-5-mini",
  },
  anthropic: {
    type: "anthropic",
    prefix: "ANTHROPIC",
    needs: "api_key",
    endpoint: "https://api.anthropic.com/v1",
    model: "claude-sonnet-4-6",
  },
  ollama: {
    type: "ollama",
    prefix: "OLLAMA",
    needs: "endpoint",
    endpoint: "http://127.0.0.1:11434/v1",
    model: "llama3.2",
  },
};

/** Providers that are planned and that this version does not have yet. */
export const plannedProviders: readonly string[] = ["azure-openai", "gemini", "bedrock"];

/** Keys of a provider's entry in the file. */
export const providerFields = [
  "type",
  "api_key",
  "endpoint",
  "model",
  "timeout",
  "connect_timeout",
  "structured_outputs",
];

const variableOf: Readonly<Record<string, string>> = {
  api_key: "API_KEY",
  endpoint: "ENDPOINT",
  model: "MODEL",
  timeout: "TIMEOUT_SECONDS",
};

/** The variables of the built-in providers. */
export const providerVariables: readonly string[] = Object.values(builtIns).flatMap(({ prefix }) =>
  Object.values(variableOf).map((suffix) => `${prefix}_${suffix}`),
);

/** A value and the words for what is allowed. */
interface Form<T> {
  readonly schema: z.ZodType<T>;
  readonly allowed: string;
}

const toMs = (text: string) => parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text) ?? Number.NaN;
const limitedMs = z.number().min(1).max(86_400_000);

/** A time in the file: a duration, or a number of seconds. */
const time: Form<number> = {
  schema: z
    .union([z.number().transform((value) => Math.round(value * 1_000)), z.string().transform(toMs)])
    .pipe(limitedMs),
  allowed: "a duration such as 300ms, 90s, 5m, or seconds as a number; more than 0 and up to 1d",
};

/** A time in a variable whose name ends in _SECONDS. */
const seconds: Form<number> = {
  schema: z
    .string()
    .regex(/^\d+(\.\d+)?s?$/)
    .transform(toMs)
    .pipe(limitedMs),
  allowed: "seconds, more than 0 and up to 86400",
};

const names = z.union([z.string().transform((value) => value.split(",")), z.array(z.string())]);
const keys = names.transform((list): readonly ProviderKey[] =>
  [...new Set(list.map((secret) => secret.trim()).filter(Boolean))].map((secret, i) => ({
    label: `key-${i + 1}`,
    secret,
  })),
);

/** Longer than any healthy call: an agentic answer may take ten minutes, and the step's own timeout rules. */
const callTimeoutMs = 1_800_000;
const connectTimeoutMs = 10_000;

/** Reads the configured providers: built-in ones by variables or file, custom ones by file. Order: built-in, then the file's. */
export function readProviders(source: Source, edition: string, problems: Problems): ProviderSettings[] {
  const entries = source.file.data.providers;
  if (entries !== undefined && entries !== null && !isJsonObject(entries)) {
    problems.add(source.file.at(["providers"]), "allowed: provider names with their settings below.");
  }
  const custom = isJsonObject(entries) ? Object.keys(entries).filter((name) => !Object.hasOwn(builtIns, name)) : [];
  return [
    ...Object.entries(builtIns).map(([name, builtIn]) => readBuiltIn(name, builtIn, source, problems)),
    ...custom.map((name) => readCustom(name, source, edition, problems)),
  ].filter((provider) => provider !== undefined);
}

function fieldReader(name: string, prefix: string | undefined, source: Source, problems: Problems) {
  return <T>(field: string, inFile: Form<T>, fallback: T, inVariable = inFile): T => {
    const suffix = variableOf[field];
    const variable = prefix && suffix ? `${prefix}_${suffix}` : undefined;
    const found = source.find(variable, ["providers", name, field]);
    if (!found) return fallback;
    const { schema, allowed } = found.path === variable ? inVariable : inFile;
    const parsed = schema.safeParse(found.value);
    if (parsed.success) return parsed.data;
    problems.add(found, notAllowed(found, allowed, field === "api_key" || field === "endpoint"));
    return fallback;
  };
}

type Reader = ReturnType<typeof fieldReader>;

function common(read: Reader) {
  return {
    keys: read("api_key", { schema: keys, allowed: "a key, or several separated by commas" }, []),
    timeoutMs: read("timeout", time, callTimeoutMs, seconds),
    connectTimeoutMs: read("connect_timeout", time, connectTimeoutMs),
    structuredOutputs: read("structured_outputs", { schema: flag, allowed: "true, false" }, true),
  };
}

const address: Form<string> = {
  schema: endpoint,
  allowed: "an http:// or https:// address without user, query and fragment",
};
const modelName: Form<string> = { schema: z.string().min(1).max(200), allowed: "a model's name" };

function readBuiltIn(name: string, builtIn: BuiltIn, source: Source, problems: Problems): ProviderSettings | undefined {
  const { prefix, needs, type } = builtIn;
  const read = fieldReader(name, prefix, source, problems);
  const typed = source.find(undefined, ["providers", name, "type"]);
  if (typed && typed.value !== type) {
    problems.add(typed, `${name} is a built-in provider; leave \`type\` out, or give a custom one another name.`);
  }
  const settings: ProviderSettings = {
    name,
    type,
    endpoint: read("endpoint", address, builtIn.endpoint),
    model: read("model", modelName, builtIn.model),
    ...common(read),
  };
  const isConfigured = source.find(`${prefix}_${variableOf[needs]}`, ["providers", name, needs]) !== undefined;
  if (isConfigured) return settings;
  if (isJsonObject(source.file.data.providers) && Object.hasOwn(source.file.data.providers, name)) {
    const how = `${prefix}_${variableOf[needs]}, or ${needs} here`;
    problems.add(source.file.at(["providers", name]), `${name} is not configured without its ${needs}: set ${how}.`);
  }
  return undefined;
}

function readCustom(name: string, source: Source, edition: string, problems: Problems): ProviderSettings | undefined {
  const origin = source.file.at(["providers", name]);
  const entry = isJsonObject(source.file.data.providers) ? source.file.data.providers[name] : undefined;
  if (!isJsonObject(entry)) {
    problems.add(origin, `allowed: ${providerFields.join(", ")} below the name.`);
    return undefined;
  }
  if (entry.type !== "custom") {
    const meant = didYouMean(name, Object.keys(builtIns));
    problems.add(
      origin,
      `${name} is no built-in provider (${Object.keys(builtIns).join(", ")}).${meant} A custom one says type: custom.`,
    );
    return undefined;
  }
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) {
    problems.add(origin, "a provider's name has lower-case letters, digits, . _ - and up to 63 characters.");
  }
  if (edition === "community")
    problems.add(origin, "EDITION=community has no custom providers; allowed with EDITION=enterprise.");
  for (const field of ["endpoint", "model"]) {
    if (entry[field] === undefined) problems.add(origin, `A custom provider needs ${field}.`);
  }
  const read = fieldReader(name, undefined, source, problems);
  return {
    name,
    type: "custom",
    endpoint: read("endpoint", address, "http://invalid/v1"),
    model: read("model", modelName, "unset"),
    ...common(read),
  };
}
