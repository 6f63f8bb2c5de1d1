import { CallFailure, type LlmRequest, type Provider } from "../../src/providers/provider.ts";
import { noVerdict } from "../../src/router/budgets.ts";
import { route } from "../../src/router/call.ts";
import type { RouteContext } from "../../src/router/context.ts";
import type { Fleet } from "../../src/router/fleet.ts";
import type { Known } from "../../src/router/known.ts";
import type { RouteOutcome } from "../../src/router/router.ts";
import { type Agenda, createAgenda } from "../../src/router/simulate/agenda.ts";
import { arrivals } from "../../src/router/simulate/arrivals.ts";
import { chances, drawFrom } from "../../src/router/simulate/chance.ts";
import { createRecorder, type Recorder } from "../../src/router/simulate/recorder.ts";
import type { Ending, Tokens } from "../../src/router/simulate/replay-context.ts";
import { type Scenario, type ScenarioProvider, scenarioStart } from "../../src/router/simulate/scenario.ts";
import { simulatedProvider } from "../../src/router/simulate/simulated-provider.ts";
import { createVendor, type Vendor } from "../../src/router/simulate/vendor.ts";
import { createVirtualFleet } from "../../src/router/simulate/virtual-fleet.ts";

/**
 * Sends a scenario's requests through the router itself, {@link route} with its promises, signals and pauses, on a virtual clock: what a replay says
 * that the router would do, done by the router.
 */
export async function routeScenario(scenario: Scenario): Promise<ReturnType<Recorder["report"]>> {
  const { seed, durationMs, traffic, providers } = scenario;
  const agenda = createAgenda(scenarioStart);
  const recorder = createRecorder(scenario, () => agenda.now);
  const source = chances(seed);
  const [arrivalChance, tokenChance, random, fleetChance] = [source(), source(), source(), source()];
  const probing = new Set<string>();
  const deadlines = new Map<LlmRequest, number>();
  const simulated = new Map(
    providers.map((provider) => {
      const begun = () => recorder.observer.called(provider.name, probing.delete(provider.name));
      return [provider.name, answering(provider, createVendor(provider, source()), agenda, deadlines, begun)];
    }),
  );
  const virtual = createVirtualFleet({
    agenda,
    chance: fleetChance,
    onHealth: recorder.onHealth,
    hasKeyLimits: true,
  });
  const fleet: Fleet = {
    read: async ({ count }) => virtual.look(count),
    reserve: async (booking) => virtual.reserve(booking),
    async record(report) {
      probing.delete(report.target.provider);
      virtual.record(report);
      return virtual.look(false);
    },
    async claim(target, token) {
      const claim = virtual.claim(target, token);
      if (claim === "claimed") probing.add(target.provider);
      return claim;
    },
    keep: async () => undefined,
  };
  let tokens = 0;
  const context: RouteContext = {
    live: { current: () => knownAt(scenario, agenda.now - scenarioStart, simulated), learn: () => false },
    fleet,
    shadows: { add: async () => undefined, list: async () => [] },
    ledger: {
      add({ provider, failure, durationMs: ms, costUsd, role }) {
        const isHedge = role === "hedge";
        recorder.observer.callEnded({ provider, failure: failure?.class ?? null, durationMs: ms, costUsd, isHedge });
      },
      read: async () => [],
      close: async () => undefined,
    },
    spent: { add: () => undefined, look: async () => [], all: async () => new Map() },
    judge: async () => noVerdict,
    clock: () => agenda.now,
    random,
    token: () => String(++tokens),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const end = endOf(signal, resolve);
        if (!signal.aborted) agenda.at(agenda.now + ms, () => end(resolve));
      }),
    closing: new AbortController().signal,
  };
  const nextArrival = arrivals(traffic.rate, durationMs, arrivalChance);
  const arrive = () => {
    recorder.arrived();
    const input = Math.max(1, Math.round(drawFrom(traffic.inputTokens, tokenChance)));
    const output = Math.max(1, Math.round(drawFrom(traffic.outputTokens, tokenChance)));
    serve({ input, output: Math.min(output, traffic.maxOutputTokens) });
    setImmediate(enterNext);
  };
  const enterNext = () => {
    const at = nextArrival();
    if (at !== undefined) agenda.at(scenarioStart + at, arrive);
  };
  const serve = ({ input, output }: Tokens) => {
    const arrivedAt = agenda.now;
    const request = {
      messages: [{ role: "user" as const, content: "abcd".repeat(input) }],
      maxTokens: traffic.maxOutputTokens,
      // What the vendor will have used: the request is all that it sees.
      seed: output,
    };
    const deadline = arrivedAt + traffic.deadlineMs;
    deadlines.set(request, deadline);
    const options = {
      hints: { max_calls: traffic.maxCalls },
      signal: new AbortController().signal,
      idempotencyKey: "replay",
      deadline,
      wait: traffic.waits,
      // Somebody reads along, as with every step: answers are streamed.
      onPiece: () => undefined,
    };
    void route(context, request, options).then((outcome) => recorder.observer.ended(arrivedAt, endingOf(outcome)));
  };
  enterNext();
  // All that follows from one event has happened before the next.
  while (agenda.step()) await new Promise((resolve) => setImmediate(resolve));
  return recorder.report();
}

/** A provider that answers as its vendor would, when the clock is there. */
function answering(
  scenario: ScenarioProvider,
  vendor: Vendor,
  agenda: Agenda,
  deadlines: ReadonlyMap<LlmRequest, number>,
  begun: () => void,
): Provider {
  const provider = simulatedProvider(scenario);
  const answer = { text: "yes", toolCalls: [], reasoning: [], finishReason: "stop", warnings: [] };
  return {
    ...provider,
    call: (request, { signal, model, onActivity }) =>
      new Promise((resolve, reject) => {
        const inputTokens = (request.messages[0]?.content.length ?? 0) / 4;
        const usage = { inputTokens, outputTokens: request.seed ?? 0, cachedInputTokens: null, reasoningTokens: null };
        begun();
        const { failure, durationMs, firstTokenMs, retryAfterMs } = vendor.call(
          agenda.now - scenarioStart,
          inputTokens,
        );
        const end = endOf(signal, () => reject(new CallFailure("cancelled", "aborted")));
        if (onActivity && firstTokenMs !== null) {
          agenda.at(agenda.now + firstTokenMs, () => {
            if (!signal.aborted) onActivity();
          });
        }
        const deadline = deadlines.get(request) ?? Number.POSITIVE_INFINITY;
        if (agenda.now + durationMs >= deadline) {
          // As if the caller's signal had ended it, but each call in its turn: those of one millisecond keep the replay's order.
          agenda.at(deadline, () => end(() => reject(new CallFailure("cancelled", "its time is over"))));
          return;
        }
        agenda.at(agenda.now + durationMs, () =>
          end(() => {
            if (failure === null) resolve({ ...answer, usage, model, firstTokenMs });
            else reject(new CallFailure(failure, "simulated", { retryAfterMs }));
          }),
        );
      }),
  };
}

/** Ends something once: when the signal fires, or by what is returned, which then stops listening. */
function endOf(signal: AbortSignal, aborted: () => void): (ended: () => void) => void {
  if (signal.aborted) aborted();
  else signal.addEventListener("abort", aborted, { once: true });
  return (ended) => {
    signal.removeEventListener("abort", aborted);
    ended();
  };
}

function knownAt({ routing, changes }: Scenario, atMs: number, providers: Known["providers"]): Known {
  const version = changes.filter((change) => change.atMs <= atMs).length;
  const edition = "enterprise";
  return { routing: changes[version - 1]?.routing ?? routing, version, models: {}, edition, providers };
}

function endingOf(outcome: RouteOutcome): Ending {
  return outcome.type === "answered" ? { type: "answered", provider: outcome.served.provider } : { type: outcome.type };
}
