import type { RoutingSettings } from "../../config/settings.ts";
import { needsOf } from "../able.ts";
import type { Known } from "../known.ts";
import { questionOf } from "../rated.ts";
import { decideFor, type RoutedRequest } from "../request.ts";
import { createAgenda } from "./agenda.ts";
import { arrivals } from "./arrivals.ts";
import { type Chance, chances, drawFrom } from "./chance.ts";
import { createRecorder } from "./recorder.ts";
import type { NewRequest, ReplayContext, Tokens } from "./replay-context.ts";
import { proceed } from "./replay-request.ts";
import type { ReplayReport } from "./report.ts";
import { type Scenario, scenarioStart } from "./scenario.ts";
import { simulatedProvider } from "./simulated-provider.ts";
import { createVendor } from "./vendor.ts";
import { createVirtualFleet } from "./virtual-fleet.ts";

/**
 * Plays a scenario through the router's own decisions and rules, on a virtual clock: as many requests as the scenario holds, in seconds, without a
 * network, a Redis or a thread. Pure: the same scenario gives the same report.
 */
export function replay(scenario: Scenario): ReplayReport {
  const { seed, durationMs, providers, traffic, changes } = scenario;
  const agenda = createAgenda(scenarioStart);
  const recorder = createRecorder(scenario, () => agenda.now);
  const source = chances(seed);
  const [arrivalChance, tokenChance, random, fleetChance] = [source(), source(), source(), source()];
  const routing = liveRouting(scenario);
  let tokens = 0;
  const context: ReplayContext = {
    start: scenarioStart,
    agenda,
    random,
    vendors: new Map(providers.map((provider) => [provider.name, createVendor(provider, source())])),
    token: () => String(++tokens),
    fleet: createVirtualFleet({
      agenda,
      chance: fleetChance,
      onHealth: recorder.onHealth,
      hasKeyLimits: routings(scenario).some(({ limits }) =>
        Object.values(limits).some(({ keys }) => Object.keys(keys).length > 0),
      ),
    }),
    observer: recorder.observer,
    decide: (request) => decideNow(scenario, routing(agenda.now - scenarioStart), request, context),
  };
  const nextArrival = arrivals(traffic.rate, durationMs, arrivalChance);
  const arrive = () => {
    recorder.arrived();
    const request = { tokens: tokensOf(scenario, tokenChance), deadline: agenda.now + traffic.deadlineMs };
    const routed = context.decide(request);
    proceed({ ...request, routed, arrivedAt: agenda.now, flights: [] }, context);
    enterNext();
  };
  const enterNext = () => {
    const at = nextArrival();
    if (at !== undefined) agenda.at(scenarioStart + at, arrive);
  };
  enterNext();
  agenda.runAll();
  return {
    seed,
    durationMs,
    strategy: scenario.routing.strategy,
    changes: changes.map(({ atMs, note }) => ({ atMs, note })),
    notes: notesOn(scenario),
    ...recorder.report(),
  };
}

function decideNow(
  { traffic }: Scenario,
  known: Known,
  { tokens, deadline }: NewRequest,
  { agenda, fleet, random }: ReplayContext,
): RoutedRequest {
  const options = {
    hints: { max_calls: traffic.maxCalls },
    signal: neverAborted,
    idempotencyKey: "replay",
    deadline,
    wait: traffic.waits,
  };
  const estimate = { inputTokens: tokens.input, outputTokens: traffic.maxOutputTokens };
  const question = questionOf(options.hints, known, { needs: needsOf(noRequest, estimate) });
  const look = { known, question, snapshot: fleet.look(question.count) };
  const routed = decideFor(noRequest, estimate, options, look, { clock: () => agenda.now, random });
  return Object.assign(routed, { decided: unread });
}

/** Nobody reads the decisions of a replay: with them, requests under way would take several times the memory. */
const unread: RoutedRequest["decided"] = {
  order: [],
  facts: { targets: [], hinted: null, bound: null, weights: {}, chain: [], counter: 0, avoided: [] },
  decision: { strategy: "", hints: {}, candidates: [], reason: "", inputs: {}, routingVersion: 0 },
};

/** Nobody aborts a request of a replay, and nobody reads it. */
const neverAborted = new AbortController().signal;
const noRequest = { messages: [] };

function tokensOf({ traffic }: Scenario, chance: Chance): Tokens {
  const input = Math.max(1, Math.round(drawFrom(traffic.inputTokens, chance)));
  const output = Math.max(1, Math.round(drawFrom(traffic.outputTokens, chance)));
  return { input, output: Math.min(output, traffic.maxOutputTokens) };
}

/** The routing in force, by milliseconds from the beginning, which never go back. */
function liveRouting({ routing, changes, providers }: Scenario): (atMs: number) => Known {
  const simulated = new Map(providers.map((provider) => [provider.name, simulatedProvider(provider)]));
  let known: Known = { routing, version: 0, models: {}, edition: "enterprise", providers: simulated };
  return (atMs) => {
    for (let change = changes[known.version]; change && change.atMs <= atMs; change = changes[known.version]) {
      known = { ...known, routing: change.routing, version: known.version + 1 };
    }
    return known;
  };
}

/** Every routing that is in force at some time. */
function routings({ routing, changes }: Scenario): readonly RoutingSettings[] {
  return [routing, ...changes.map((change) => change.routing)];
}

function notesOn(scenario: Scenario): readonly string[] {
  const all = routings(scenario);
  const notes: string[] = [];
  if (all.some(({ shadow }) => shadow !== null))
    notes.push("shadow has no effect on a replay: mirrored calls never answer.");
  if (all.some(({ checkEveryMs }) => checkEveryMs !== null))
    notes.push("check_every has no effect on a replay: nobody makes active checks.");
  if (all.some(({ affinity }) => affinity === "run"))
    notes.push("affinity has no effect on a replay: every request stands alone.");
  return notes;
}
