import { AppError, toErrorRecord } from "../core/errors.ts";
import type { LlmRequest } from "../providers/provider.ts";
import { budgetSpent, pauseBefore, timeIsOver } from "./budget.ts";
import { callTarget } from "./call-target.ts";
import type { RouteContext } from "./context.ts";
import { isCallable } from "./decide.ts";
import { answered, broken, cancelled, exhausted, rejected } from "./end.ts";
import { hedged } from "./hedge.ts";
import { type Next, next } from "./next.ts";
import { providerOf } from "./rated.ts";
import { availabilityNow, begin, beginAgain, type RoutedRequest } from "./request.ts";
import type { RouteOptions, RouteOutcome } from "./router.ts";
import { mirror } from "./shadow.ts";

/** Serves one request: decides, calls, falls over, records. Its hints are known to be right. */
export async function route(context: RouteContext, request: LlmRequest, options: RouteOptions): Promise<RouteOutcome> {
  const routed = await begun(begin(context, request, options));
  if (routed instanceof AppError) return { type: "rejected", error: toErrorRecord(routed), calls: [] };
  const report = mirror(routed, context);
  const outcome = await serve(routed, context);
  report(outcome);
  return outcome;
}

/** A request that was begun, or what the routing of now says against it. */
async function begun(beginning: Promise<RoutedRequest>): Promise<RoutedRequest | AppError> {
  try {
    return await beginning;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

async function serve(first: RoutedRequest, context: RouteContext): Promise<RouteOutcome> {
  const { options, deadline } = first;
  let routed = first;
  for (;;) {
    const step = nextOf(routed);
    if (step.type === "rejected") return rejected(routed);
    if (step.type === "exhausted") {
      const outcome = exhausted(routed, context);
      if (!(await waited(outcome, routed, context))) return outcome;
      const again = await begun(beginAgain(context, routed));
      if (again instanceof AppError) return { type: "rejected", error: toErrorRecord(again), calls: routed.calls };
      routed = again;
      continue;
    }
    if (routed.ownTime?.aborted) return exhausted(routed, context, timeIsOver);
    if (options.signal.aborted && context.clock() < deadline) return cancelled(routed);
    const isRepetition = step.round > routed.pauses;
    const pauseMs = isRepetition ? pauseBefore(step.round, context.random()) : 0;
    const { hints } = options;
    const spent = budgetSpent(hints, routed.calls, routed.begun, context.clock() + pauseMs, deadline);
    if (spent) return exhausted(routed, context, spent);
    if (isRepetition) {
      await context.sleep(pauseMs, options.signal);
      routed.pauses = step.round;
      await lookAgain(routed, context);
      continue;
    }
    const result = await hedged(step.target, routed, context, {
      call: (target, how) => callTarget(target, routed, context, how),
      second: (first) => {
        const other = nextOf(routed, [first.provider]);
        const at = context.clock();
        const isAffordable = !budgetSpent(hints, routed.calls, routed.begun, at, deadline);
        return other.type === "call" && other.round <= routed.pauses && isAffordable ? other.target : undefined;
      },
    });
    if (result?.ok) return answered(routed, result.answer, result.record);
    if (routed.isTold) return broken(routed);
  }
}

/** What a request does next, by what is known now. @param without providers that are being called already */
export function nextOf(routed: RoutedRequest, without: readonly string[] = []): Next {
  const { known, failed, lost, isSole } = routed;
  const pool = routed.pool.filter(({ provider }) => !without.includes(provider));
  const isTooLong = failed.some((call) => call.class === "context_length");
  const targets = pool.map((candidate) => {
    const { provider, model, excluded } = candidate;
    const availability = availabilityNow(candidate, routed);
    return {
      target: candidate,
      isCallable:
        isCallable({ excluded, availability }, isSole) && (!lost.has(provider) || availability.block !== undefined),
      isClosed: availability.state === "closed" || availability.state === "ramping",
      contextWindow: isTooLong ? providerOf(provider, known).capabilities(model).contextWindow : null,
    };
  });
  return next(targets, failed, routed.options.hints.on_content_filter);
}

/** Others have called meanwhile: their failures may have opened a breaker. */
async function lookAgain(routed: RoutedRequest, context: RouteContext): Promise<void> {
  routed.snapshot = await context.fleet.read(routed.question);
  routed.lost.clear();
}

/** Waits until the first target may be called again, where the caller waits for an answer. @returns false: it does not, or its time would be over */
async function waited(outcome: RouteOutcome, routed: RoutedRequest, context: RouteContext): Promise<boolean> {
  const { options, deadline } = routed;
  if (outcome.type !== "unavailable" || !options.wait || options.signal.aborted) return false;
  if (context.clock() + outcome.retryAfterMs >= deadline) return false;
  await context.sleep(outcome.retryAfterMs, options.signal);
  return !options.signal.aborted;
}
