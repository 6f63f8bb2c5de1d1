import { applyOverrides, asOverrides, type RoutingBase, type RoutingOverrides } from "../config/overrides.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";

/**
 * A change of what is set at run time, in the keys of `routing:` in switchyard.yaml. A key replaces that setting as a whole, `null` takes it
 * back, so that variable, file or default count again. `limits` and `budgets` alone are merged into those in force, down to the single limit; there
 * `null` means none.
 */
export type RoutingPatch = { readonly [key: string]: unknown };

/** The keys whose members are set one by one. */
export type MergedKeys = Pick<RoutingOverrides, "limits" | "budgets">;

function isMerged(key: string): key is keyof MergedKeys {
  return key === "limits" || key === "budgets";
}

/** What is set with a patch laid over it; still to be checked. @param inForce limits and budgets that count now, in the file's keys */
export function patched(set: RoutingOverrides, patch: RoutingPatch, inForce: MergedKeys): RoutingPatch {
  const merged = new Map<string, unknown>(Object.entries(set));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else if (isMerged(key) && isJsonObject(value)) merged.set(key, merging(inForce[key] ?? {}, value));
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

function merging(before: object, patch: object): unknown {
  const merged = new Map<string, unknown>(Object.entries(before));
  for (const [key, value] of Object.entries(patch)) {
    const old = merged.get(key);
    if (value === null) merged.delete(key);
    else merged.set(key, isJsonObject(value) ? merging(isJsonObject(old) ? old : {}, value) : value);
  }
  return Object.fromEntries(merged);
}

/** Limits and budgets in force in the file's keys. */
export function mergedInForce(set: RoutingOverrides, settings: RoutingBase): MergedKeys {
  return asOverrides(applyOverrides(settings.routing, set, configured(settings)));
}

/**
 * Since when each provider has been taking its share, after a change: those that the change enables or undrains begin now, those that began
 * less than `rampMs` ago go on.
 */
export function sinceAfter(
  before: RoutingOverrides,
  after: RoutingOverrides,
  settings: RoutingBase,
  now: number,
  rampMs: number,
): Readonly<Record<string, number>> {
  const served = serving(before, settings);
  const since = serving(after, settings).map((name): [string, number] => {
    const begun = before.since && Object.hasOwn(before.since, name) ? before.since[name] : undefined;
    return [name, served.includes(name) ? (begun ?? 0) : now];
  });
  return Object.fromEntries(since.filter(([, at]) => at > now - rampMs));
}

/** Providers that are given new calls. */
function serving(set: RoutingOverrides, settings: RoutingBase): readonly string[] {
  const { enabled, drained } = applyOverrides(settings.routing, set, configured(settings));
  return enabled.filter((name) => !drained.includes(name));
}

function configured({ providers }: RoutingBase): readonly string[] {
  return providers.map(({ name }) => name);
}

/** A patch in one line, as `route set` and `route unset` take it: `strategy=failover weights=openai:50,anthropic:50, unset default`. */
export function noteOf(patch: RoutingPatch): string {
  const entries = Object.entries(patch).filter(([, value]) => value !== undefined);
  const set = entries.flatMap(([key, value]) => (value === null ? [] : assignments(key, value)));
  const unset = entries.filter(([, value]) => value === null).map(([key]) => key);
  const parts = [set.join(" "), unset.length > 0 ? `unset ${unset.join(" ")}` : ""];
  const note = parts.filter(Boolean).join(", ");
  return note.length > 500 ? `${note.slice(0, 499)}…` : note;
}

function assignments(key: string, value: unknown): string[] {
  if (/^(limits|budgets)(\.|$)/.test(key) && isJsonObject(value)) {
    const members = Object.entries(value);
    const given = members.filter(([, limit]) => limit !== null);
    // What is set says enough: an entry that is replaced as a whole has null for all else.
    return (given.length > 0 ? given : members).flatMap(([inner, limit]) => assignments(`${key}.${inner}`, limit));
  }
  return [`${key}=${valueText(value)}`];
}

function valueText(value: unknown): string {
  if (value === null) return "none";
  if (Array.isArray(value)) return value.join(",");
  if (!isJsonObject(value)) return String(value);
  const { provider, model, share } = value as JsonObject & { readonly model?: Json };
  if (typeof provider === "string") return `${provider}${model ? `/${model}` : ""}:${share}`;
  return Object.entries(value)
    .map(([name, number]) => `${name}:${number}`)
    .join(",");
}
