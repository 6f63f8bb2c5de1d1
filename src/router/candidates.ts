import type { Hints } from "../core/call.ts";
import type { Provider } from "../providers/provider.ts";
import { isVendorModel } from "../providers/vendor-models.ts";
import type { Availability } from "./availability.ts";
import { isStrict, type Known } from "./known.ts";
import type { Target } from "./target.ts";

/** A provider as a request could use it. */
export interface Candidate extends Target {
  /** Whether it serves the model that was asked for; true where none was. Those that don't are fallbacks. */
  readonly servesAsked: boolean;
  /** Set aside before its health is looked at. */
  readonly excluded?: string;
  /** Set aside because its model is known not to be able to serve the request. */
  readonly inability?: Inability;
}

/** What a model lacks for a request. */
export interface Inability {
  readonly lack: "images" | "tools" | "context" | "wire" | "embeddings";
  /** `gpt-4 takes no images` */
  readonly reason: string;
}

/** A candidate with its health and what strategies ask about it. */
export interface RatedCandidate extends Candidate {
  readonly availability: Availability;
  /** Average time to the first token; null: unknown. */
  readonly latencyMs: number | null;
  /** Calls under way in the fleet. */
  readonly busy: number;
  /** What the request will probably cost there; null: unknown. */
  readonly costUsd: number | null;
}

/** Every configured provider with the model that it would be asked for, by name, and why some are set aside. */
export function candidatesOf(hints: Hints, known: Known): readonly Candidate[] {
  const all = [...known.providers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return all.map((provider) => {
    const model = modelFor(provider, hints, known, all);
    const target = { provider: provider.name, model: model ?? provider.defaultModel, servesAsked: model !== undefined };
    const excluded = exclusionOf(provider.name, hints, known);
    return excluded === undefined ? target : { ...target, excluded };
  });
}

/** Whether the request has one able provider only, whatever its hints: then its breaker never takes it out. */
export function isSole(known: Known): boolean {
  const { enabled, drained } = known.routing;
  const first = enabled.findIndex((name) => !drained.includes(name));
  return first >= 0 && !enabled.some((name, i) => i > first && !drained.includes(name));
}

function exclusionOf(name: string, hints: Hints, known: Known): string | undefined {
  if (!known.routing.enabled.includes(name)) return "not enabled";
  if (hints.allow && !hints.allow.includes(name)) return "not in allow";
  if (isStrict(hints, known) && hints.provider !== name) return `strict_provider pins ${hints.provider}`;
  return undefined;
}

/** The asked model as this provider knows it; its default where none was asked; undefined where it doesn't serve the asked one. */
function modelFor(provider: Provider, hints: Hints, { models }: Known, all: readonly Provider[]): string | undefined {
  const { model } = hints;
  if (model === undefined) return provider.defaultModel;
  const alias = Object.hasOwn(models, model) ? models[model] : undefined;
  if (alias) return alias[provider.name];
  if (provider.serves(model)) return model;
  // The caller pairs provider and model: believed, unless the name is plainly somebody else's.
  const isSomebodyElses = isVendorModel(model) || all.some((other) => other.serves(model));
  return hints.provider === provider.name && !isSomebodyElses ? model : undefined;
}
