import type { RoutingSettings } from "../../config/settings.ts";
import type { Known } from "../known.ts";
import { questionOf } from "../rated.ts";
import { decideFor, type Look } from "../request.ts";
import { createAgenda } from "./agenda.ts";
import { arrivals } from "./arrivals.ts";
import { type Chance, chances, drawFrom } from "./chance.ts";
import { createHealthLog } from "./health-log.ts";
import { createOutageWatch } from "./outage-watch.ts";
import type { ReplayContext, Tokens } from "./replay-context.ts";
import { proceed } from "./replay-request.ts";
import type { ReplayReport } from "./report.ts";
import { type Scenario, scenarioStart } from "./scenario.ts";
import { simulatedProvider } from "./simulated-provider.ts";
import { createTally } from "./tally.ts";
import { createTimeline } from "./timeline.ts";
import { createVendor } from "./vendor.ts";
import { createVirtualFleet } from "./virtual-fleet.ts";

/**
 * Plays a scenario through the router's own decisions and rules, on a virtual clock: as many requests as the scenario holds, in seconds, without a
 * network, a Redis or a thread. Pure: the same scenario gives the same report.
 */
export function replay(scenario: Scenario): ReplayReport {
  const { providers, durationMs, traffic } = scenario;
  const names = providers.map(({ name }) => name);
  const tally = createTally(names);
  const timeline = createTimeline(durationMs, names);
  const health = createHealthLog(scenarioStart);
  const outages = createOutageWatch(providers, durationMs, scenarioStart);
  const agenda = createAgenda(scenarioStart);
  const elapsed = () => agenda.now - scenarioStart;

  const source = chances(scenario.seed);
  const [arrivalChance, tokenChance, random, fleetChance] = [source(), source(), source(), source()];
  const vendors = new Map(providers.map((provider) => [provider.name, createVendor(provider, source())]));
  let tokens = 0;
  const context: ReplayContext = {
    start: scenarioStart,
    agenda,
    vendors,
    random,
    token: () => String(++tokens),
    fleet: createVirtualFleet(agenda, fleetChance, (provider, before, after) => {
      health.moved(provider, before, after, elapsed());
      outages.moved(provider, before, after, elapsed());
      if (after.state === "open" && before.state !== "open") tally.opened(provider);
    }),
    observer: {
      called(provider, isProbe) {
        tally.called(provider, isProbe);
        outages.called(provider, isProbe, elapsed());
      },
      callEnded(call) {
        tally.callEnded(call);
        timeline.callEnded(call, elapsed());
        outages.callEnded(call, elapsed());
      },
      ended({ arrivedAt }, ending) {
        tally.ended(ending, agenda.now - arrivedAt);
        timeline.ended(ending, agenda.now - arrivedAt, elapsed());
      },
    },
  };

  const routing = liveRouting(scenario);
  const nextArrival = arrivals(traffic.rate, durationMs, arrivalChance);
  const arrive = () => {
    tally.arrived();
    timeline.arrived(elapsed());
    admit(scenario, routing(elapsed()), tokensOf(scenario, tokenChance), context);
    expect();
  };
  const expect = () => {
    const at = nextArrival();
    if (at !== undefined) agenda.at(scenarioStart + at, arrive);
  };
  expect();
  agenda.runAll();

  return {
    seed: scenario.seed,
    durationMs,
    strategy: scenario.routing.strategy,
    requests: tally.requests(),
    calls: tally.calls(),
    providers: tally.providers(),
    outages: outages.report(),
    changes: scenario.changes.map(({ atMs, note }) => ({ atMs, note })),
    timeline: timeline.report(),
    breakers: health.breakers(),
    limited: health.limited(),
    notes: notesOn(scenario),
  };
}

/** Decides on a request that has come, and begins to serve it. */
function admit(
  { traffic }: Scenario,
  { known, question }: Omit<Look, "snapshot">,
  tokens: Tokens,
  context: ReplayContext,
): void {
  const { agenda, fleet, random } = context;
  const options = {
    hints: { max_calls: traffic.maxCalls },
    signal: neverAborted,
    idempotencyKey: "replay",
    deadline: agenda.now + traffic.deadlineMs,
    wait: traffic.waits,
  };
  const estimate = { inputTokens: tokens.input, outputTokens: traffic.maxOutputTokens };
  const look = { known, question, snapshot: fleet.look(question.count) };
  const routed = decideFor(noRequest, estimate, options, look, { clock: () => agenda.now, random });
  proceed({ routed, arrivedAt: agenda.now, tokens, flights: new Set() }, context);
}

/** Nobody aborts a request of a replay, and nobody reads it. */
const neverAborted = new AbortController().signal;
const noRequest = { messages: [] };

function tokensOf({ traffic }: Scenario, chance: Chance): Tokens {
  const input = Math.max(1, Math.round(drawFrom(traffic.inputTokens, chance)));
  const output = Math.max(1, Math.round(drawFrom(traffic.outputTokens, chance)));
  return { input, output: Math.min(output, traffic.maxOutputTokens) };
}

/** The routing in force, by milliseconds from the beginning, which never go back. */
function liveRouting({ routing, changes, providers }: Scenario): (atMs: number) => Omit<Look, "snapshot"> {
  const simulated = new Map(providers.map((provider) => [provider.name, simulatedProvider(provider)]));
  const lookBy = (settings: RoutingSettings, version: number) => {
    const known: Known = { routing: settings, version, models: {}, edition: "enterprise", providers: simulated };
    return { known, question: questionOf({}, known, undefined) };
  };
  let version = 0;
  let current = lookBy(routing, version);
  return (atMs) => {
    for (let change = changes[version]; change && change.atMs <= atMs; change = changes[version]) {
      version++;
      current = lookBy(change.routing, version);
    }
    return current;
  };
}

function notesOn({ routing, changes }: Scenario): readonly string[] {
  const all = [routing, ...changes.map((change) => change.routing)];
  const notes: string[] = [];
  if (all.some(({ shadow }) => shadow !== null))
    notes.push("shadow has no effect on a replay: mirrored calls never answer.");
  if (all.some(({ checkEveryMs }) => checkEveryMs !== null))
    notes.push("check_every has no effect on a replay: nobody makes active checks.");
  if (all.some(({ affinity }) => affinity === "run"))
    notes.push("affinity has no effect on a replay: every request stands alone.");
  return notes;
}
