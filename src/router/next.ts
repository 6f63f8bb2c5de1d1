import type { FailureClass } from "../core/call.ts";
import type { Target } from "./target.ts";

/** A call of this request that failed. */
export interface FailedCall {
  readonly target: Target;
  readonly class: FailureClass;
}

/** A target of the request, as it stands now. */
export interface NextTarget {
  readonly target: Target;
  /** It may be called now, and one of its keys is not refused. */
  readonly isCallable: boolean;
  /** Its breaker is closed: worth a second try. */
  readonly isClosed: boolean;
  /** Tokens that fit into the model; null: unknown. */
  readonly contextWindow: number | null;
}

/** What a request does after its failures so far. */
export type Next =
  /** @property round 0: first pass; n: the n-th repetition, after a pause. */
  | { readonly type: "call"; readonly target: Target; readonly round: number }
  /** `rejected`: the last failure is the caller's. `exhausted`: nobody is left to ask. */
  | { readonly type: "rejected" }
  | { readonly type: "exhausted" };

/** Repetitions on one target inside one request. */
const mostRepetitions = 2;

const repeatable: ReadonlySet<FailureClass> = new Set(["overloaded", "server", "timeout", "network", "malformed"]);

/**
 * The next call of a request: another key of the same provider, the next target of the order, and when all have been tried, the first again.
 * Pure. @param onContentFilter whether a withheld answer goes to the next target @param targets in the decision's order, then those that it set aside for their health @param failed in the order of the calls
 */
export function next(
  targets: readonly NextTarget[],
  failed: readonly FailedCall[],
  onContentFilter: "stop" | "next" = "stop",
): Next {
  const last = failed.at(-1);
  if (last && isFinal(last.class, onContentFilter)) return { type: "rejected" };
  const failuresOf = ({ target }: NextTarget) => failed.filter((call) => call.target.provider === target.provider);
  if (last?.class === "auth") {
    const same = targets.find(({ target }) => target.provider === last.target.provider);
    if (same?.isCallable) return { type: "call", target: same.target, round: 0 };
  }
  const needed = windowNeeded(targets, failed);
  const callable = targets.filter(
    (one) => one.isCallable && (needed === undefined || (one.contextWindow ?? 0) > needed),
  );
  const untried = callable.find((one) => failuresOf(one).length === 0);
  if (untried) return { type: "call", target: untried.target, round: 0 };
  const again = callable
    .filter((one) => one.isClosed)
    // A refused key is no failed try: another key took over.
    .map((one) => ({ target: one.target, tries: failuresOf(one).filter((call) => call.class !== "auth") }))
    .filter(({ tries }) => tries.every((call) => repeatable.has(call.class)))
    .map(({ target, tries }) => ({ target, round: tries.length }))
    .filter(({ round }) => round <= mostRepetitions)
    .sort((a, b) => a.round - b.round)[0];
  if (again) return { type: "call", ...again };
  const mayFitLater = targets.some((one) => !one.isCallable && (one.contextWindow ?? 0) > (needed ?? 0));
  const isRefused = (allTooLong(failed) && !mayFitLater) || (failed.length > 0 && failed.every(isFiltered));
  return { type: isRefused ? "rejected" : "exhausted" };
}

function isFinal(failureClass: FailureClass, onContentFilter: "stop" | "next"): boolean {
  if (failureClass === "content_filtered") return onContentFilter === "stop";
  return failureClass === "caller" || failureClass === "cancelled";
}

function isFiltered(call: FailedCall): boolean {
  return call.class === "content_filtered";
}

/** The window that was too small, where a call said so: only a larger one is worth a call. */
function windowNeeded(targets: readonly NextTarget[], failed: readonly FailedCall[]): number | undefined {
  const tooSmall = failed
    .filter((call) => call.class === "context_length")
    .map((call) => targets.find((one) => one.target.provider === call.target.provider)?.contextWindow ?? 0);
  return tooSmall.length > 0 ? Math.max(...tooSmall) : undefined;
}

function allTooLong(failed: readonly FailedCall[]): boolean {
  return failed.length > 0 && failed.every((call) => call.class === "context_length");
}
