import type { CallManner } from "./call-target.ts";
import type { RouteContext } from "./context.ts";
import type { CallResult } from "./make-call.ts";
import type { RoutedRequest } from "./request.ts";
import type { Target } from "./target.ts";

/** How calls are made. */
export interface HedgeParts {
  call(target: Target, manner: CallManner): Promise<CallResult | undefined>;
  /** Whom to ask beside the first; undefined: nobody. */
  second(first: Target): Target | undefined;
}

/** One of the calls side by side. */
interface Flight {
  readonly ended: Promise<CallResult | undefined>;
  abort(): void;
}

/**
 * Calls a target; where it has not given its first token in time, another one beside it. The first of the two that gives a token goes on and the other is aborted; if
 * one fails before that, the other goes on. Without `hedgeAfterMs` it is one plain call,
 * also where the first token cannot be seen.
 * @returns the answer, or the failure that came last; undefined: no call was made
 */
export async function hedged(
  target: Target,
  { known, request, options }: RoutedRequest,
  { sleep }: RouteContext,
  parts: HedgeParts,
): Promise<CallResult | undefined> {
  const afterMs = known.routing.hedgeAfterMs;
  if (afterMs === null || isSilent(request, options)) return parts.call(target, { signal: options.signal });
  const flights: Flight[] = [];
  let leader: Flight | undefined;
  const patience = new AbortController();
  let hasBegun = () => {};
  const begun = new Promise<void>((resolve) => {
    hasBegun = resolve;
  });
  const start = (to: Target, role?: "hedge"): Flight => {
    const own = new AbortController();
    const signal = AbortSignal.any([options.signal, own.signal]);
    const onFirstToken = () => {
      if (leader) return;
      leader = flight;
      patience.abort();
      for (const other of flights) if (other !== flight) other.abort();
    };
    const manner = { signal, onBegun: hasBegun, onFirstToken, leads: () => leader === flight };
    const flight: Flight = {
      ended: parts.call(to, { ...manner, ...(role ? { role } : {}) }).finally(() => {
        hasBegun();
        patience.abort();
      }),
      abort: () => own.abort(),
    };
    flights.push(flight);
    return flight;
  };
  const first = start(target);
  // The time counts from the call itself, not from taking its place in the limits.
  await begun;
  await sleep(afterMs, AbortSignal.any([patience.signal, options.signal]));
  if (leader || patience.signal.aborted || options.signal.aborted) return first.ended;
  const other = parts.second(target);
  if (!other) return first.ended;
  return conclude(first, start(other, "hedge"));
}

/** Whether the answer comes whole to a client, as its vendor sent it: it is not streamed, so nothing tells when it begins. */
function isSilent({ wire }: RoutedRequest["request"], { onPart }: RoutedRequest["options"]): boolean {
  return wire !== undefined && onPart === undefined;
}

/** Waits for both: an answer ends the other call, a failure leaves it alone. */
async function conclude(first: Flight, second: Flight): Promise<CallResult | undefined> {
  const settled = [first, second].map(async (flight, i) => {
    const result = await flight.ended;
    if (result?.ok) [second, first][i]?.abort();
    return result;
  });
  const results = await Promise.all(settled);
  return results.find((result) => result?.ok) ?? results.find((result) => result !== undefined);
}
