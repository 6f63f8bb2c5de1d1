import { isJsonObject, type Json } from "../core/json.ts";
import { asDuration, asOverrides } from "./apply-overrides.ts";
import { capabilityFields } from "./capability-settings.ts";
import type { Origins, SettingOrigin } from "./origins.ts";
import { providerFields } from "./provider-settings.ts";
import { routingKeys } from "./read-routing.ts";
import type { RoutingOverrides } from "./routing-overrides.ts";
import { scalars } from "./scalar.ts";
import type { ProviderSettings, Settings } from "./settings.ts";

/** One setting as it counts, without secrets. */
export interface ListedSetting {
  /** Its path in the file. A provider's name may have dots: hence parts. */
  readonly path: readonly string[];
  /** As the file would say it; null: nothing is set. Keys are their labels, passwords are masked. */
  readonly value: Json;
  readonly origin: SettingOrigin;
}

/** What is listed, and what was set at run time. */
export interface Listed {
  /** `routing` with what was set at run time laid over it. */
  readonly settings: Settings;
  readonly origins: Origins;
  readonly overrides?: RoutingOverrides;
}

/** Every setting with its value and where that comes from: program, routing, aliases, providers. Never a secret. */
export function listSettings({ settings, origins, overrides = {} }: Listed): readonly ListedSetting[] {
  const list = (path: readonly string[], value: Json, origin = origins(path)): ListedSetting => ({
    path,
    value,
    origin,
  });
  const atRunTime = (key: string): SettingOrigin | undefined =>
    Object.hasOwn(overrides, key) ? { from: "run time" } : undefined;
  const inForce = asOverrides(settings.routing);
  return [
    ...programSettings(settings).map(([path, value]) => list(path, value)),
    ...routingKeys.flatMap((key) =>
      members(key, inForce[key] as Json | undefined).map(([path, value]) => list(path, value, atRunTime(key))),
    ),
    ...Object.entries(settings.models).map(([alias, models]) => list(["models", alias], models)),
    ...settings.providers.flatMap((provider) =>
      providerFields
        .map((field) => list(["providers", provider.name, field], fieldOf(provider, field)))
        // What a provider does not have is no setting of it; what holds for all providers stands there once.
        .filter(({ path, value, origin }) => origin.from !== "default" || (value !== null && !isOfAll(path))),
    ),
  ];
}

type Scalars = Exclude<keyof typeof scalars, "strategy" | "strictDefault" | "affinity" | "hedgeAfter" | "checkEvery">;

function programSettings(settings: Settings): (readonly [readonly string[], Json])[] {
  const { redisUrl, proxy, graceMs, readerTimeoutMs, planExpireAfterMs, bodyLimitBytes, outputLimitBytes } = settings;
  const { idempotencyKeepMs, idempotencyLimitBytes } = settings;
  const written: Partial<Record<Scalars, Json>> = {
    redisUrl: redisUrl === null ? null : maskedUrl(redisUrl),
    proxy: proxy === null || proxy === "off" ? proxy : maskedUrl(proxy),
    graceMs: asDuration(graceMs),
    readerTimeoutMs: asDuration(readerTimeoutMs),
    planExpireAfterMs: asDuration(planExpireAfterMs),
    bodyLimitBytes: asSize(bodyLimitBytes),
    outputLimitBytes: asSize(outputLimitBytes),
    idempotencyKeepMs: asDuration(idempotencyKeepMs),
    idempotencyLimitBytes: asSize(idempotencyLimitBytes),
  };
  return Object.entries(scalars)
    .filter(([, { path }]) => path[0] !== "routing")
    .map(([name, { path }]) => {
      const key = name as Scalars;
      return [path, Object.hasOwn(written, key) ? (written[key] ?? null) : settings[key]] as const;
    });
}

/** Limits have a line for each provider and each of its keys; every other key has one. */
function members(key: string, value: Json | undefined): (readonly [readonly string[], Json])[] {
  const path = ["routing", key];
  if (key !== "limits" || !isJsonObject(value) || Object.keys(value).length === 0) return [[path, value ?? null]];
  return Object.entries(value).flatMap(([provider, limits]) => {
    const { keys = {}, ...own } = isJsonObject(limits) ? limits : {};
    const ofKeys = isJsonObject(keys) ? Object.entries(keys) : [];
    const lines = ofKeys.map(([label, ofKey]) => [[...path, provider, "keys", label], ofKey ?? {}] as const);
    return [
      ...(Object.keys(own).length > 0 || lines.length === 0 ? [[[...path, provider], own] as const] : []),
      ...lines,
    ];
  });
}

function isOfAll([, , field]: readonly string[]): boolean {
  return field === "ca" || field === "proxy";
}

/** A provider's setting by its key in the file. What may be a secret is only told to be there. */
function fieldOf(provider: ProviderSettings, field: string): Json {
  const { keys, ca, proxy, plugin } = provider;
  switch (field) {
    case "api_key":
      return keys.map(({ label }) => label);
    case "capabilities":
      return asCapabilities(provider.capabilities);
    case "ca":
      return ca?.file ?? null;
    case "proxy":
      return proxy?.https ? maskedUrl(proxy.https) : "off";
    case "module":
      return plugin?.module ?? null;
    case "options":
      return plugin && Object.keys(plugin.options).length > 0 ? "(set, not shown)" : null;
  }
  const name = field.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const values: Readonly<Record<string, unknown>> = { ...provider };
  const ms = values[`${name}Ms`];
  if (typeof ms === "number") return asDuration(ms);
  const value = values[name];
  if (/key|secret|token|password|credential/i.test(field)) return value ? "(set, not shown)" : null;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** As the file has them; null: nothing is said. */
function asCapabilities(capabilities: ProviderSettings["capabilities"]): Json {
  const models = Object.entries(capabilities).map(([model, can]) => {
    const said = Object.entries(capabilityFields).flatMap(([key, { sets }]) => {
      const value = can[sets];
      return value === undefined ? [] : [[key, value] as const];
    });
    return [model, Object.fromEntries(said)] as const;
  });
  return models.length > 0 ? Object.fromEntries(models) : null;
}

/** A Redis URL without what it signs in with. */
function maskedUrl(url: string): string {
  const { protocol, username, password, host, pathname, search } = new URL(url);
  return `${protocol}//${username || password ? "***@" : ""}${host}${pathname}${search ? "?***" : ""}`;
}

function asSize(bytes: number): string {
  const unit = (
    [
      ["mb", 1_048_576],
      ["kb", 1_024],
    ] as const
  ).find(([, size]) => bytes % size === 0);
  return unit ? `${bytes / unit[1]}${unit[0]}` : `${bytes}b`;
}
