import type { FailureClass } from "../../core/call.ts";
import { createSample, type Sample } from "./percentile.ts";
import type { EndedCall, Ending } from "./replay-context.ts";
import type { CallsReport, ProviderReport, RequestReport } from "./report.ts";
import { rehearsedFailures } from "./scenario.ts";

/** Counts what happens over the whole replay. */
export interface Tally {
  arrived(): void;
  called(provider: string, isProbe: boolean): void;
  callEnded(call: EndedCall): void;
  ended(ending: Ending, latencyMs: number): void;
  opened(provider: string): void;
  requests(): RequestReport;
  calls(): CallsReport;
  providers(): readonly ProviderReport[];
}

/** One provider's counts. */
interface Counts {
  readonly name: string;
  readonly latency: Sample;
  readonly failed: Map<FailureClass, number>;
  served: number;
  calls: number;
  answered: number;
  hedges: number;
  probes: number;
  unpriced: number;
  opened: number;
  costUsd: number;
}

/** The order in which failures are told. */
const classes: readonly FailureClass[] = [...rehearsedFailures, "cancelled"];

/** @param names of the providers, in the order of the report */
export function createTally(names: readonly string[]): Tally {
  const all = names.map(noCounts);
  const byName = new Map(all.map((counts) => [counts.name, counts]));
  const of = (name: string) => byName.get(name) ?? noCounts(name);
  const endings = { answered: 0, rejected: 0, failed: 0, unavailable: 0 };
  const latency = createSample();
  let total = 0;
  const sum = (key: "calls" | "answered" | "hedges" | "probes" | "unpriced" | "costUsd") =>
    all.reduce((so, counts) => so + counts[key], 0);

  return {
    arrived() {
      total++;
    },
    called(provider, isProbe) {
      const counts = of(provider);
      counts.calls++;
      if (isProbe) counts.probes++;
    },
    callEnded({ provider, failure, durationMs, costUsd, isHedge }) {
      const counts = of(provider);
      counts.costUsd += costUsd ?? 0;
      if (isHedge) counts.hedges++;
      if (failure !== null) {
        counts.failed.set(failure, (counts.failed.get(failure) ?? 0) + 1);
        return;
      }
      counts.answered++;
      counts.latency.add(durationMs);
      if (costUsd === null) counts.unpriced++;
    },
    ended(ending, latencyMs) {
      endings[ending.type]++;
      if (ending.type !== "answered") return;
      of(ending.provider).served++;
      latency.add(latencyMs);
    },
    opened(provider) {
      of(provider).opened++;
    },
    requests: () => ({
      total,
      ...endings,
      successShare: share(endings.answered, total),
      latency: latency.report(),
      costUsd: sum("costUsd"),
    }),
    calls: () => ({
      total: sum("calls"),
      answered: sum("answered"),
      failed: byClass((failure) => all.reduce((so, { failed }) => so + (failed.get(failure) ?? 0), 0)),
      hedges: sum("hedges"),
      probes: sum("probes"),
      unpriced: sum("unpriced"),
    }),
    providers: () =>
      all.map(({ name, calls, answered, failed, hedges, probes, unpriced, served, costUsd, opened, ...counts }) => ({
        name,
        served,
        servedShare: share(served, endings.answered),
        total: calls,
        callShare: share(calls, sum("calls")),
        answered,
        failed: byClass((failure) => failed.get(failure) ?? 0),
        hedges,
        probes,
        unpriced,
        latency: counts.latency.report(),
        costUsd,
        opened,
      })),
  };
}

function noCounts(name: string): Counts {
  return {
    name,
    latency: createSample(),
    failed: new Map(),
    served: 0,
    calls: 0,
    answered: 0,
    hedges: 0,
    probes: 0,
    unpriced: 0,
    opened: 0,
    costUsd: 0,
  };
}

function byClass(count: (failure: FailureClass) => number): CallsReport["failed"] {
  return Object.fromEntries(classes.map((failure) => [failure, count(failure)]).filter(([, times]) => times !== 0));
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
