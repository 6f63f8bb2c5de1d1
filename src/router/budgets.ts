import type { Budget, BudgetNote, BudgetStanding } from "../core/budget.ts";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { defaultTenant } from "../core/tenant.ts";
import type { Candidate } from "./candidates.ts";
import { isStrict, type Known } from "./known.ts";
import type { Payer } from "./payer.ts";
import { periodEnd, type SpentSum } from "./spent.ts";

/** A budget that has a say in a request, with the sum it is compared with. */
export interface Concern {
  readonly id: string;
  readonly budget: Budget;
  readonly sum: SpentSum;
  /** Given: it concerns calls to this provider alone. */
  readonly provider?: string;
}

/** The budgets that concern a request. Pure. @param providers that may serve it */
export function concernsOf(
  budgets: Readonly<Record<string, Budget>>,
  { tenant = defaultTenant, workflow }: Payer,
  providers: readonly string[],
): readonly Concern[] {
  return Object.entries(budgets).flatMap(([id, budget]): Concern[] => {
    const { scope, period } = budget;
    if (!scope) return [{ id, budget, sum: { period, by: "fleet" } }];
    const present = { tenant: [tenant], workflow: workflow ? [workflow] : [], provider: providers }[scope.of];
    return present
      .filter((name) => scope.name === "*" || scope.name === name)
      .map((name) => ({
        id,
        budget,
        sum: { period, by: `${scope.of}:${name}` },
        ...(scope.of === "provider" ? { provider: name } : {}),
      }));
  });
}

/** How a budget stands at a sum. Pure. @param now epoch milliseconds */
export function standingOfBudget({ id, budget, sum }: Concern, spentUsd: number, now: number): BudgetStanding {
  const { usd, warnAt, period } = budget;
  const state = spentUsd >= usd ? "spent" : spentUsd >= usd * warnAt ? "warned" : "open";
  return { ...budget, id, counts: sum.by.replace(":", " "), spentUsd, until: periodEnd(period, now), state };
}

/** What budgets say to a request. */
export interface Verdict {
  /** Given: it is refused, by this one. */
  readonly refused?: BudgetStanding;
  /** Given: it goes to cheaper targets. */
  readonly downgraded?: BudgetStanding;
  /** Providers whose own budgets are spent: those that are not called, and why; those that are tried last. */
  readonly out: ReadonlyMap<string, BudgetStanding>;
  readonly last: readonly string[];
  /** For the decision's record. */
  readonly notes: readonly BudgetNote[];
}

/** Nothing is spent. */
export const noVerdict: Verdict = { out: new Map(), last: [], notes: [] };

/** Judges a request by how the budgets stand that concern it. Pure. */
export function verdictOf(concerns: readonly Concern[], standings: readonly BudgetStanding[]): Verdict {
  const out = new Map<string, BudgetStanding>();
  const last: string[] = [];
  const notes: BudgetNote[] = [];
  let refused: BudgetStanding | undefined;
  let downgraded: BudgetStanding | undefined;
  concerns.forEach(({ provider }, i) => {
    const standing = standings[i];
    if (!standing || standing.state === "open") return;
    const { id, counts, usd, spentUsd } = standing;
    const action = standing.state === "spent" ? standing.action : "warn";
    notes.push({ id, counts, usd, spentUsd, action });
    if (action === "refuse" && provider !== undefined) out.set(provider, standing);
    else if (action === "refuse") refused ??= standing;
    else if (action === "downgrade" && provider !== undefined) last.push(provider);
    // The one that names a model says more.
    else if (action === "downgrade" && (!downgraded || downgraded.model === null)) downgraded = standing;
  });
  return { ...(refused ? { refused } : {}), ...(downgraded ? { downgraded } : {}), out, last, notes };
}

/** A budget that is spent, in words: `its budget of $5 a day is spent`. */
function spentWords({ usd, period }: BudgetStanding): string {
  return `its budget of $${usd} a ${period} is spent`;
}

/** The error of a request that a budget refuses. @param now epoch milliseconds */
export function budgetError({ id, counts, usd, period, spentUsd, until }: BudgetStanding, now: number): AppError {
  const at = new Date(until).toISOString().slice(0, 16).replace("T", " ");
  return new AppError("budget_spent", {
    message: `Budget ${id} (${counts}) is spent: $${spentUsd.toFixed(4)} of $${usd} this ${period}. It begins anew at ${at} UTC.`,
    details: { budget: id, counts, usd, spentUsd, period, retryAfterMs: Math.max(1, until - now) },
  });
}

/** The hints of a request that goes to cheaper targets: the model that the budget names, or whatever costs least. A pinned provider stays. */
export function cheaper(hints: Hints, { model }: BudgetStanding, known: Known): Hints {
  const { provider, model: asked, ...rest } = hints;
  const pinned = provider !== undefined && isStrict(hints, known) ? { provider } : {};
  const next = model ?? asked;
  return { ...rest, ...pinned, strategy: "cost_optimized", ...(next === undefined ? {} : { model: next }) };
}

/** The candidates without those whose own budgets are spent; without all, where the request is refused. The very same list where none is. */
export function setAsideSpent(candidates: readonly Candidate[], { refused, out }: Verdict): readonly Candidate[] {
  if (!refused && out.size === 0) return candidates;
  return candidates.map((candidate) => {
    const standing = out.get(candidate.provider);
    if (candidate.excluded !== undefined || !(refused ?? standing)) return candidate;
    return { ...candidate, excluded: refused ? `budget ${refused.id} is spent` : standing ? spentWords(standing) : "" };
  });
}

/** The budget that leaves a request nobody to serve it; undefined: none does. @param left what {@link setAsideSpent} left of the candidates */
export function refusalBy(
  { refused, out }: Verdict,
  candidates: readonly Candidate[],
  left: readonly Candidate[],
): BudgetStanding | undefined {
  const isAble = ({ excluded }: Candidate) => excluded === undefined;
  if (refused || left === candidates || left.some(isAble)) return refused;
  const last = candidates.findLast(isAble);
  return last && out.get(last.provider);
}

/** How every budget stands. Pure. @param sums USD by what spent them @param now epoch milliseconds */
export function standingsOf(
  budgets: Readonly<Record<string, Budget>>,
  sums: Readonly<Record<Budget["period"], ReadonlyMap<string, number>>>,
  now: number,
): readonly BudgetStanding[] {
  return Object.entries(budgets).flatMap(([id, budget]) => {
    const { scope, period } = budget;
    const spent = sums[period];
    const by = scope ? `${scope.of}:${scope.name}` : "fleet";
    const each =
      scope?.name === "*" ? [...spent.keys()].filter((name) => name.startsWith(`${scope.of}:`)).sort() : [by];
    return each.map((name) => standingOfBudget({ id, budget, sum: { period, by: name } }, spent.get(name) ?? 0, now));
  });
}
