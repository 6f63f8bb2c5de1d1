import { z } from "zod";
import { parseDuration } from "../core/duration.ts";
import { isJsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import { addressOf } from "./address.ts";
import { type BuiltIn, builtIns, type ProviderField } from "./built-ins.ts";
import { readCapabilities } from "./capability-settings.ts";
import { type Network, networkOf } from "./network.ts";
import { pluginFields, readPlugin } from "./plugin-settings.ts";
import type { Problems } from "./problems.ts";
import { notAllowed } from "./read.ts";
import { flag } from "./scalar-forms.ts";
import type { ProviderKey, ProviderSettings } from "./settings.ts";
import type { Found, Source } from "./source.ts";

/** Keys of a provider's entry in the file. */
export const providerFields = [
  "type",
  "api_key",
  "endpoint",
  "model",
  "timeout",
  "connect_timeout",
  "first_token_timeout",
  "idle_timeout",
  "structured_outputs",
  "streaming",
  "region",
  "api_version",
  "api",
  "capabilities",
  "module",
  "options",
  "ca",
  "proxy",
];

/** Those that mean something to the provider of a name. @param type what its entry says */
export function fieldsOf(name: string, type?: unknown): readonly string[] {
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  const special = ["region", "api_version", "api"] as const;
  return providerFields.filter((field) => {
    if (pluginFields.includes(field)) return builtIn === undefined && type === "plugin";
    const own = special.find((candidate) => candidate === field);
    return own === undefined || builtIn?.variables[own] !== undefined;
  });
}

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
/** A model that reasons may be silent for minutes, before its first token and between two. */
const firstTokenTimeoutMs = 600_000;
const idleTimeoutMs = 300_000;

/** What providers are read with. */
export interface ProviderReading {
  readonly source: Source;
  readonly edition: string;
  /** What holds for those that do not say otherwise. */
  readonly network: Network;
  readonly problems: Problems;
}

/** Reads the configured providers: built-in ones by variables or file, custom ones and plug-ins by file. Order: built-in, then the file's. */
export function readProviders(reading: ProviderReading): ProviderSettings[] {
  const { source, problems } = reading;
  const entries = source.file.data.providers;
  if (entries !== undefined && entries !== null && !isJsonObject(entries)) {
    problems.add(source.file.at(["providers"]), "allowed: provider names with their settings below.");
  }
  const custom = isJsonObject(entries) ? Object.keys(entries).filter((name) => !Object.hasOwn(builtIns, name)) : [];
  return [
    ...Object.entries(builtIns).map(([name, builtIn]) => readBuiltIn(name, builtIn, reading)),
    ...custom.map((name) => readCustom(name, reading)),
  ].filter((provider) => provider !== undefined);
}

function fieldReader(name: string, builtIn: BuiltIn | undefined, source: Source, problems: Problems) {
  return <T>(field: string, inFile: Form<T>, fallback: T, inVariable = inFile): T => {
    const found = findField(name, builtIn, field, source);
    if (!found || !fieldsOf(name).includes(field)) return fallback;
    const { schema, allowed } = found.path === variableOf(builtIn, field) ? inVariable : inFile;
    const parsed = schema.safeParse(found.value);
    if (parsed.success) return parsed.data;
    problems.add(found, notAllowed(found, allowed, /^(api_key|api|endpoint)$/.test(field)));
    return fallback;
  };
}

function variableOf(builtIn: BuiltIn | undefined, field: string): string | undefined {
  return builtIn?.variables[field as ProviderField];
}

function findField(name: string, builtIn: BuiltIn | undefined, field: string, source: Source): Found | undefined {
  const path = ["providers", name, field];
  const inherited = field === "api_key" ? builtIn?.inheritedKey : undefined;
  return source.find(variableOf(builtIn, field), path) ?? (inherited ? source.find(inherited, path) : undefined);
}

type Reader = ReturnType<typeof fieldReader>;

function common(name: string, read: Reader, { source, network, problems }: ProviderReading) {
  return {
    plugin: null,
    capabilities: readCapabilities(name, source, problems),
    ...networkOf(name, source, network, problems),
    keys: read("api_key", { schema: keys, allowed: "a key, or several separated by commas" }, []),
    timeoutMs: read("timeout", time, callTimeoutMs, seconds),
    connectTimeoutMs: read("connect_timeout", time, connectTimeoutMs),
    firstTokenTimeoutMs: read("first_token_timeout", time, firstTokenTimeoutMs),
    idleTimeoutMs: read("idle_timeout", time, idleTimeoutMs),
    structuredOutputs: read("structured_outputs", { schema: flag, allowed: "true, false" }, true),
    streaming: read("streaming", { schema: flag, allowed: "true, false" }, true),
    region: read("region", { schema: regionName.nullable(), allowed: "an AWS region such as eu-central-1" }, null),
    apiVersion: read("api_version", { schema: versionName.nullable(), allowed: "a version such as 2024-10-21" }, null),
    api: read(
      "api",
      { schema: apiName.nullable(), allowed: "chat, responses" },
      fieldsOf(name).includes("api") ? "chat" : null,
    ),
  };
}

const regionName = z.string().regex(/^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/);
const apiName = z.enum(["chat", "responses"]);
const versionName = z.string().regex(/^[\w.-]{1,40}$/);
const address = (path: string): Form<string> => ({
  schema: addressOf(path),
  allowed: "an http:// or https:// address without user, query and fragment",
});
const modelName: Form<string> = { schema: z.string().min(1).max(200), allowed: "a model's name" };

function readBuiltIn(name: string, builtIn: BuiltIn, reading: ProviderReading): ProviderSettings | undefined {
  const { source, edition, problems } = reading;
  const { needs, type } = builtIn;
  const read = fieldReader(name, builtIn, source, problems);
  const typed = source.find(undefined, ["providers", name, "type"]);
  if (typed && typed.value !== type) {
    problems.add(typed, `${name} is a built-in provider; leave \`type\` out, or give a custom one another name.`);
  }
  const settings: ProviderSettings = {
    name,
    type,
    endpoint: read("endpoint", address(builtIn.path), builtIn.endpoint),
    model: read("model", modelName, builtIn.model),
    ...common(name, read, reading),
  };
  if (settings.api === "responses" && settings.apiVersion !== null) {
    const at = findField(name, builtIn, "api_version", source) ?? source.file.at(["providers", name]);
    problems.add(at, "api: responses takes no api_version: it is asked for under /openai/v1. Leave the version out.");
  }
  const given = needs.flatMap((field) => findField(name, builtIn, field, source) ?? []);
  const entry = isJsonObject(source.file.data.providers) && Object.hasOwn(source.file.data.providers, name);
  const origin = entry ? source.file.at(["providers", name]) : given[0];
  if (!origin) return undefined;
  if (builtIn.enterprise && edition === "community") {
    problems.add(origin, `EDITION=community has no ${name}; allowed with EDITION=enterprise.`);
  }
  for (const field of needs.filter((field) => !findField(name, builtIn, field, source))) {
    const how = `${variableOf(builtIn, field)}${entry ? `, or ${field} here` : ""}`;
    problems.add(origin, `${name} is not configured without its ${field}: set ${how}.`);
  }
  return given.length > 0 ? settings : undefined;
}

/** Providers that need an entry in the file: what it must have, and what an endpoint without a path gets. */
const byEntry = {
  custom: { needs: ["endpoint", "model"], noun: "custom provider", path: "/v1" },
  plugin: { needs: ["module", "model"], noun: "plug-in", path: "" },
} as const;

function readCustom(name: string, reading: ProviderReading): ProviderSettings | undefined {
  const { source, edition, problems } = reading;
  const origin = source.file.at(["providers", name]);
  const entry = isJsonObject(source.file.data.providers) ? source.file.data.providers[name] : undefined;
  if (!isJsonObject(entry)) {
    problems.add(origin, `allowed: ${providerFields.join(", ")} below the name.`);
    return undefined;
  }
  const { type } = entry;
  if (type !== "custom" && type !== "plugin") {
    const meant = didYouMean(name, Object.keys(builtIns));
    problems.add(
      origin,
      `${name} is no built-in provider (${Object.keys(builtIns).join(", ")}).${meant} An OpenAI-compatible one of your own says type: custom, a module of your own says type: plugin.`,
    );
    return undefined;
  }
  const { needs, noun, path } = byEntry[type];
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) {
    problems.add(origin, "a provider's name has lower-case letters, digits, . _ - and up to 63 characters.");
  }
  if (edition === "community")
    problems.add(origin, `EDITION=community has no ${noun}s; allowed with EDITION=enterprise.`);
  for (const field of needs) {
    if (entry[field] === undefined) problems.add(origin, `A ${noun} needs ${field}.`);
  }
  const read = fieldReader(name, undefined, source, problems);
  const plugin = type === "plugin" ? readPlugin(name, source, problems) : null;
  if (plugin === undefined) return undefined;
  return {
    name,
    type,
    endpoint: read("endpoint", address(path), type === "custom" ? "http://invalid/v1" : ""),
    model: read("model", modelName, "unset"),
    ...common(name, read, reading),
    plugin,
  };
}
