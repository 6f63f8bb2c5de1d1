import type { RoutingSettings } from "../config/settings.ts";
import type { CallRecord, Hints } from "../core/call.ts";
import type { LlmRequest } from "../providers/provider.ts";
import { type Needs, needsOf } from "./able.ts";
import type { Availability, Block } from "./availability.ts";
import { budgetError, cheaper, noVerdict, refusalBy, setAsideSpent, type Verdict } from "./budgets.ts";
import { type Candidate, isSole } from "./candidates.ts";
import { checkHints } from "./check-hints.ts";
import type { RouteContext } from "./context.ts";
import { type Decided, decide } from "./decide.ts";
import { type Estimate, estimateTokens } from "./estimate.ts";
import type { FleetQuestion, Snapshot } from "./fleet.ts";
import type { Known } from "./known.ts";
import type { FailedCall } from "./next.ts";
import type { Payer } from "./payer.ts";
import { askOf, providerOf, questionOf, rate, strategyNameOf } from "./rated.ts";
import type { RouteOptions } from "./router.ts";
import { availabilityOf, waitFor } from "./standing.ts";
import { stickyDraws } from "./sticky.ts";
import { strategies } from "./strategies/registry.ts";
import type { Target } from "./target.ts";

/** One request on its way: what was decided, what is known now, what has been called. */
export interface RoutedRequest {
  readonly request: LlmRequest;
  readonly options: RouteOptions;
  /** Epoch milliseconds: the options' deadline, or the request's own time if that ends before. */
  readonly deadline: number;
  /** Fires when the request's own time is over; also ends the calls under way. Absent: it has none. */
  readonly ownTime?: AbortSignal;
  readonly estimate: Estimate;
  readonly known: Known;
  readonly isSole: boolean;
  readonly decided: Decided;
  /** What is looked at again after each call. */
  readonly question: FleetQuestion;
  /** Every target that may ever serve it: the decision's order, then those set aside for their health. */
  readonly pool: readonly Candidate[];
  /** Those whose models are known not to be able to serve it. */
  readonly unable: readonly Candidate[];
  readonly calls: CallRecord[];
  readonly failed: FailedCall[];
  /** Providers that another process was quicker to get (a probe, a last place); until the next look at Redis. */
  readonly lost: Map<string, Block>;
  /** Calls begun, also those that were made side by side. */
  begun: number;
  /** Parts of an answer have been told to somebody who cannot take them back: nobody else is called. */
  isTold: boolean;
  snapshot: Snapshot;
  /** Pauses made before repetitions. */
  pauses: number;
}

/** Looks at the fleet and decides. @throws AppError as {@link checkHints}, where routing changed meanwhile */
export async function begin(context: RouteContext, request: LlmRequest, options: RouteOptions): Promise<RoutedRequest> {
  const ownTime = ownTimeOf(options.hints);
  if (!ownTime) return decideNow(context, request, options);
  const signal = AbortSignal.any([options.signal, ownTime]);
  return { ...(await decideNow(context, request, { ...options, signal })), ownTime };
}

/** Decides anew after a wait, by the routing and the health of now. What was called before still counts: budget, time and records are the same request's. */
export async function beginAgain(context: RouteContext, earlier: RoutedRequest): Promise<RoutedRequest> {
  const { request, options, deadline, ownTime, calls, begun } = earlier;
  return { ...(await decideNow(context, request, options)), deadline, ownTime, calls, begun };
}

async function decideNow(context: RouteContext, request: LlmRequest, options: RouteOptions): Promise<RoutedRequest> {
  const estimate = estimateTokens(request);
  const looked = await look(context, options, needsOf(request, estimate));
  return decideFor(request, estimate, { ...options, hints: looked.hints }, looked, context);
}

/** Fires when the request's `max_seconds` are over, counted from now. */
function ownTimeOf({ max_seconds: seconds }: Hints): AbortSignal | undefined {
  return seconds === undefined ? undefined : AbortSignal.timeout(Math.min(Math.ceil(seconds * 1_000), longestTimerMs));
}

/** Node's timers take no more: some 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** What a decision is made from: the routing in force, what was asked of the fleet, what it said. */
export interface Look {
  readonly known: Known;
  readonly question: FleetQuestion & { readonly candidates: readonly Candidate[] };
  readonly snapshot: Snapshot;
  /** What budgets say. Default: nothing. */
  readonly verdict?: Verdict;
}

/** Decides, once everything has been looked at. */
export function decideFor(
  request: LlmRequest,
  estimate: Estimate,
  options: RouteOptions,
  { known, question, snapshot, verdict = noVerdict }: Look,
  { clock, random }: Pick<RouteContext, "clock" | "random">,
): RoutedRequest {
  const { hints } = options;
  const sole = isSole(known);
  const { routing, version } = known;
  const strategy = strategyNameOf(hints, known);
  const decided = decide({
    strategy,
    hints,
    candidates: rate(question.candidates, estimate, known, snapshot, strategies[strategy].needs),
    isSole: sole,
    weights: routing.weights,
    chain: chainOf(routing),
    counter: snapshot.counter,
    bound: snapshot.bound,
    version,
    avoided: [...(options.avoid ?? []), ...verdict.last],
    budgets: verdict.notes,
    draws: drawsFor(question.candidates, hints, random),
    degraded: snapshot.degraded,
  });
  const able = question.candidates.filter((candidate) => candidate.excluded === undefined);
  const ownMs = (hints.max_seconds ?? Number.POSITIVE_INFINITY) * 1_000;
  return {
    request,
    options,
    deadline: Math.min(options.deadline, clock() + ownMs),
    estimate,
    known,
    isSole: sole,
    decided,
    question: { targets: question.targets, count: false, uses: question.uses },
    pool: inOrder(able, decided.order),
    unable: question.candidates.filter(({ inability }) => inability !== undefined),
    calls: [],
    failed: [],
    lost: new Map(),
    begun: 0,
    isTold: false,
    snapshot,
    pauses: 0,
  };
}

/** The candidates that were chosen in the order of the decision, then the others. */
function inOrder(candidates: readonly Candidate[], chosen: readonly Target[]): readonly Candidate[] {
  const others = new Map<string, Candidate>();
  for (const candidate of candidates) others.set(candidate.provider, candidate);
  const ordered: Candidate[] = [];
  for (const { provider } of chosen) {
    const candidate = others.get(provider);
    if (candidate) ordered.push(candidate);
    others.delete(provider);
  }
  return [...ordered, ...others.values()];
}

/** Reads what the decision rests on. Where routing was changed since this process last looked, it looks again by the new one. */
export async function look(
  context: RouteContext,
  options: Pick<RouteOptions, "hints" | "affinity"> & Payer,
  needs: Needs,
): Promise<Look & { readonly hints: Hints }> {
  for (;;) {
    const known = context.live.current();
    const verdict = await context.judge(known, options);
    const { downgraded } = verdict;
    const hints = downgraded ? cheaper(options.hints, downgraded, known) : options.hints;
    const question = questionOf(hints, known, { affinity: options.affinity, needs });
    const snapshot = await context.fleet.read(question);
    if (!context.live.learn(snapshot.routing)) {
      const candidates = setAsideSpent(question.candidates, verdict);
      const refusal = refusalBy(verdict, question.candidates, candidates);
      if (refusal) throw budgetError(refusal, snapshot.now);
      return { known, question: { ...question, candidates }, snapshot, verdict, hints };
    }
    checkHints(options.hints, context.live.current());
  }
}

/** How a target of the request stands by the newest snapshot; what was lost to another process counts. */
export function standingOf(target: Target, routed: RoutedRequest): Availability {
  const found = availabilityNow(target, routed);
  const block = found.block ?? routed.lost.get(target.provider);
  return block && !found.block ? { state: "half_open", share: 0, needsProbe: false, block } : found;
}

/** How a target of the request stands by the newest snapshot alone. */
export function availabilityNow(target: Target, { known, snapshot, estimate }: RoutedRequest): Availability {
  const ask = () => askOf(target, estimate, known);
  return availabilityOf(target, providerOf(target.provider, known), known, snapshot, ask);
}

/** Keeps a provider away that another process was quicker to get. @param random 0..1 */
export function lose(provider: string, block: Omit<Block, "until">, routed: RoutedRequest, random: number): void {
  const until = routed.snapshot.now + waitFor({ ...block, until: 0 }, 0, random);
  routed.lost.set(provider, { ...block, until });
}

/** The configured first choice, then the enabled providers in order. */
export function chainOf({ defaultProvider: primary, enabled }: RoutingSettings): readonly string[] {
  return primary === null ? enabled : [primary, ...enabled.filter((name) => name !== primary)];
}

/** Two numbers 0..1 for each candidate: the caller's own, or random ones. */
export function drawsFor(
  candidates: readonly Candidate[],
  { caller }: Hints,
  random: () => number,
): readonly (readonly [number, number])[] {
  return candidates.map(({ provider }) =>
    caller === undefined ? [random(), random()] : stickyDraws(caller, provider),
  );
}
