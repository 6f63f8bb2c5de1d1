import { askOf, providerOf } from "../rated.ts";
import { lose, standingOf } from "../request.ts";
import { keyField, usableKeys } from "../standing.ts";
import type { Target } from "../target.ts";
import type { Place, ReplayContext, ReplayedRequest } from "./replay-context.ts";

/** Takes probe and place as `callTarget` does. @returns undefined: another request was quicker to get one of them */
export function takePlaceNow(request: ReplayedRequest, target: Target, context: ReplayContext): Place | undefined {
  const { routed } = request;
  const { fleet, random } = context;
  const probe = claimIfNeeded(request, target, context);
  if (probe === undefined) return undefined;
  const booking = book(request, target, context);
  if (booking) return { probe, ...booking };
  if (probe !== "") {
    const nothing = { kind: "neutral", ms: 0, durationMs: 0, latencyMs: null, settle: null } as const;
    fleet.record({ ...nothing, target, token: probe, keyField: "" });
  }
  lose(target.provider, { kind: "full", reason: "at its limit" }, routed, random());
  return undefined;
}

/** Books the call on the first of the provider's keys that has room. */
function book(
  { routed }: ReplayedRequest,
  target: Target,
  { fleet, token }: ReplayContext,
): Omit<Place, "probe"> | undefined {
  const { known, snapshot, estimate, question } = routed;
  const provider = providerOf(target.provider, known);
  const ask = askOf(target, estimate, known);
  const limits = known.routing.limits[target.provider] ?? null;
  const usable = usableKeys(provider, known, snapshot, ask);
  for (const key of usable.length > 0 ? usable : [provider.keys[0] ?? "default"]) {
    const field = keyField(provider, key);
    if (!question.uses.includes(target.provider)) return { key, keyField: field, booked: null };
    const keyLimits = limits?.keys[key] ?? null;
    const booking = { provider: target.provider, keyField: field, limits, keyLimits, ask, token: token() };
    const reserved = fleet.reserve(booking);
    if (reserved.type === "booked") return { key, keyField: field, booked: reserved.booked };
    if (reserved.name === target.provider) return undefined;
  }
  return undefined;
}

/** @returns the probe's token, empty where none is needed; undefined: another request has it */
function claimIfNeeded({ routed }: ReplayedRequest, target: Target, context: ReplayContext): string | undefined {
  if (!standingOf(target, routed).needsProbe) return "";
  const token = `${target.provider}-${context.token()}`;
  const claim = context.fleet.claim(target, token);
  if (claim === "claimed") return token;
  if (claim === "closed" || routed.isSole) return "";
  lose(target.provider, { kind: "probing", reason: "half open, another call probes it" }, routed, context.random());
  return undefined;
}
