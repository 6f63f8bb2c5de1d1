import type { ProviderSettings } from "../config/settings.ts";
import {
  type Capabilities,
  type CapabilitySource,
  type KnownCapabilities,
  unknownCapabilities,
} from "../core/capabilities.ts";

/** Something that is said of a model. */
export type Said = readonly [source: CapabilitySource, can: Partial<Capabilities>];

const { sources: _, ...nothing } = unknownCapabilities;
const names = Object.keys(nothing) as (keyof Capabilities)[];

/** What is said of a model, put together: the first who says something of a field is believed. */
export function merge(said: readonly Said[]): KnownCapabilities {
  const merged: Record<string, number | boolean> = {};
  const sources: Partial<Record<keyof Capabilities, CapabilitySource>> = {};
  for (const [source, can] of said) {
    for (const name of names) {
      const value = can[name];
      if (value === null || value === undefined || merged[name] !== undefined) continue;
      merged[name] = value;
      sources[name] = source;
    }
  }
  return { ...unknownCapabilities, ...merged, sources };
}

/** What the settings say of a model. */
export function saidBySettings(
  { capabilities, structuredOutputs }: Pick<ProviderSettings, "capabilities" | "structuredOutputs">,
  model: string,
): Said {
  const own = Object.hasOwn(capabilities, model) ? capabilities[model] : undefined;
  return ["settings", structuredOutputs ? { ...own } : { ...own, jsonSchema: false }];
}
