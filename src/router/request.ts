import type { CallRecord } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import type { LlmRequest, Provider } from "../providers/provider.ts";
import type { Availability } from "./availability.ts";
import { type Candidate, candidatesOf, isSole } from "./candidates.ts";
import type { RouteContext } from "./context.ts";
import { type Decided, decide } from "./decide.ts";
import type { Snapshot } from "./health-store.ts";
import type { FailedCall } from "./next.ts";
import type { RouteOptions } from "./router.ts";
import { availabilityOf, waitFor } from "./standing.ts";
import { strategies } from "./strategies/registry.ts";

/** One request on its way: what was decided, what is known now, what has been called. */
export interface RoutedRequest {
  readonly request: LlmRequest;
  readonly options: RouteOptions;
  readonly isSole: boolean;
  readonly decided: Decided;
  /** Every target that may ever serve it: the decision's order, then those set aside for their health. */
  readonly pool: readonly Candidate[];
  readonly calls: CallRecord[];
  readonly failed: FailedCall[];
  /** Providers whose probe another process got first; until the next look at Redis. */
  readonly lostProbes: Set<string>;
  snapshot: Snapshot;
  /** Pauses made before repetitions. */
  pauses: number;
}

/** Looks at the fleet's health and decides. */
export async function begin(context: RouteContext, request: LlmRequest, options: RouteOptions): Promise<RoutedRequest> {
  const { hints } = options;
  const { routing } = context.settings;
  const candidates = candidatesOf(hints, context);
  const able = candidates.filter((candidate) => candidate.excluded === undefined);
  const strategy = strategyOf(hints.strategy, context);
  const snapshot = await context.store.read(able, strategies[strategy].counts);
  const sole = isSole(context);
  const decided = decide({
    strategy,
    hints,
    candidates: candidates.map((candidate) => ({
      ...candidate,
      availability: availabilityOf(candidate, providerOf(candidate.provider, context), snapshot),
    })),
    isSole: sole,
    weights: routing.weights,
    chain: chainOf(routing.defaultProvider, routing.enabled),
    counter: snapshot.counter,
    avoided: options.avoid ?? [],
    draws: candidates.map(() => [context.random(), context.random()]),
    degraded: snapshot.degraded,
  });
  const place = ({ provider }: Candidate) => {
    const found = decided.order.findIndex((target) => target.provider === provider);
    return found < 0 ? decided.order.length : found;
  };
  return {
    request,
    options,
    isSole: sole,
    decided,
    pool: [...able].sort((a, b) => place(a) - place(b)),
    calls: [],
    failed: [],
    lostProbes: new Set(),
    snapshot,
    pauses: 0,
  };
}

/** How a target of the request stands by the newest snapshot; a lost probe counts. */
export function standingOf(target: Candidate, routed: RoutedRequest, context: RouteContext): Availability {
  const found = availabilityOf(target, providerOf(target.provider, context), routed.snapshot);
  if (found.block || !routed.lostProbes.has(target.provider)) return found;
  const until = routed.snapshot.now + waitFor({ kind: "probing", until: 0, reason: "" }, 0, context.random());
  return {
    state: "half_open",
    share: 0,
    needsProbe: false,
    block: { kind: "probing", until, reason: "half open, another call probes it" },
  };
}

/** A configured provider. */
export function providerOf(name: string, { providers }: RouteContext): Provider {
  const provider = providers.get(name);
  if (!provider) throw new AppError("internal", { message: `Provider ${name} is not configured.` });
  return provider;
}

function strategyOf(hinted: string | undefined, { settings }: RouteContext) {
  const names = Object.keys(strategies) as (keyof typeof strategies)[];
  return names.find((name) => name === hinted) ?? settings.routing.strategy;
}

function chainOf(primary: string | null, enabled: readonly string[]): readonly string[] {
  return primary === null ? enabled : [primary, ...enabled.filter((name) => name !== primary)];
}
