import type { RouteContext } from "./context.ts";
import type { Reserved } from "./fleet.ts";
import { askOf, providerOf } from "./rated.ts";
import type { RoutedRequest } from "./request.ts";
import { keyField, usableKeys } from "./standing.ts";
import type { Target } from "./target.ts";

/** A call's place in the limits: the key that it goes by, and its booking. */
export interface Place {
  /** The key's label. */
  readonly key: string;
  readonly keyField: string;
  readonly reserving: Promise<Reserved>;
}

/**
 * Books a call on the first of the provider's keys that has room. Without limits the booking only counts the call: nobody waits for that.
 * @returns undefined: others were quicker to get the last places
 */
export async function takePlace(
  target: Target,
  { known, snapshot, estimate }: RoutedRequest,
  { fleet, token }: RouteContext,
): Promise<Place | undefined> {
  const provider = providerOf(target.provider, known);
  const ask = askOf(target, estimate, known);
  const limits = known.routing.limits[target.provider] ?? null;
  const usable = usableKeys(provider, known, snapshot, ask);
  for (const key of usable.length > 0 ? usable : [provider.keys[0] ?? "default"]) {
    const field = keyField(provider, key);
    const keyLimits = limits?.keys[key] ?? null;
    const booking = { provider: target.provider, keyField: field, limits, keyLimits, ask, token: token() };
    const place = { key, keyField: field, reserving: fleet.reserve(booking) };
    const reserved = limits ? await place.reserving : undefined;
    if (reserved?.type !== "full") return place;
    if (reserved.name === target.provider) return undefined;
  }
  return undefined;
}
