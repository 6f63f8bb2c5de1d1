import type { Hints } from "../core/call.ts";
import { unknownProvider } from "./check-hints.ts";
import type { Known } from "./known.ts";

/** A model that requests may name. */
export interface ModelOffer {
  /** Its name, or an alias of the settings. */
  readonly id: string;
  readonly isAlias: boolean;
  /** Enabled providers that serve it, by name. */
  readonly providers: readonly string[];
}

/** What clients write where the routing shall choose. */
export const anyModel = "auto";

/**
 * What a model's name as clients write it asks for: a model or alias; `PROVIDER/MODEL` also a provider; empty or {@link anyModel} nothing.
 * @throws AppError unknown_provider - no provider bears the name before the slash, and none serves a model of the whole name
 */
export function modelHints(text: string, known: Known): Pick<Hints, "provider" | "model"> {
  if (Object.hasOwn(known.models, text)) return { model: text };
  if (text === "" || text === anyModel) return {};
  const slash = text.indexOf("/");
  if (slash < 0) return { model: text };
  const provider = text.slice(0, slash);
  const model = text.slice(slash + 1);
  if (known.providers.has(provider)) return model === "" || model === anyModel ? { provider } : { provider, model };
  if ([...known.providers.values()].some((one) => one.serves(text))) return { model: text };
  throw unknownProvider(provider, known.routing.enabled);
}

/** Every model and alias that the settings name for an enabled provider, by name. Providers may serve others besides. */
export function modelOffers({ routing, models, providers }: Known): readonly ModelOffer[] {
  const enabled = routing.enabled.filter((name) => providers.has(name));
  const offers = new Map<string, Set<string>>();
  const add = (id: string, provider: string) => offers.set(id, (offers.get(id) ?? new Set()).add(provider));
  for (const name of enabled) {
    add(providers.get(name)?.defaultModel ?? "", name);
    for (const [alias, row] of Object.entries(models)) {
      const model = row[name];
      if (model === undefined) continue;
      add(alias, name);
      add(model, name);
    }
  }
  return [...offers]
    .map(([id, names]) => ({ id, isAlias: Object.hasOwn(models, id), providers: [...names].sort() }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
