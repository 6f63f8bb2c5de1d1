import { AppError, type Problem } from "../../core/errors.ts";
import { inTextOrder, located, problemLines, readLocatedYaml } from "../../core/located-yaml.ts";
import { readShape, type ShapeProblem } from "../../core/zod-problem.ts";
import type { Outage, RatePoint, Scenario, ScenarioProvider, Traffic } from "./scenario.ts";
import { readScenarioRouting } from "./scenario-routing.ts";
import { type WrittenScenario, writtenScenario } from "./scenario-shape.ts";

/** More would take minutes and gigabytes. */
const mostRequests = 20_000_000;

/**
 * Reads a scenario, YAML or JSON.
 * @throws AppError invalid_scenario with every problem at once, each with line, column and a did-you-mean where there is one.
 */
export function parseScenario(text: string): Scenario {
  const yaml = readLocatedYaml(text);
  if (yaml.problems.length > 0) throw failure(yaml.problems);
  const read = readShape(writtenScenario, yaml.value);
  const routing = readScenarioRouting(yaml.value);
  const found = [...(read.ok ? conflicts(read.value) : read.problems), ...routing.problems];
  if (!read.ok || found.length > 0) throw failure(inTextOrder(found.map((problem) => located(problem, yaml))));
  const { seed, duration, requests, providers } = read.value;
  return {
    seed,
    durationMs: duration,
    traffic: toTraffic(requests),
    providers: Object.entries(providers).map(([name, provider]) => toProvider(name, provider)),
    routing: routing.routing,
    changes: routing.changes,
  };
}

/** What is wrong with values that are right by themselves. */
function conflicts({ duration, requests, providers, changes }: WrittenScenario): readonly ShapeProblem[] {
  const problems: ShapeProblem[] = [];
  const begins = (path: readonly PropertyKey[], at: number) => {
    if (at >= duration) problems.push({ path, message: "must be before the scenario ends: `duration`." });
  };
  for (const [name, { outages, errors }] of Object.entries(providers)) {
    if (Object.values(errors).reduce((sum, share) => sum + share, 0) > 1)
      problems.push({ path: ["providers", name, "errors"], message: "must be 1 (100%) at most in all." });
    outages.forEach(({ at }, i) => {
      begins(["providers", name, "outages", i, "at"], at);
      const before = outages[i - 1];
      if (before && at < before.at + before.for) {
        const message = "must not be before the outage above it ends.";
        problems.push({ path: ["providers", name, "outages", i, "at"], message });
      }
    });
  }
  changes.forEach(({ at }, i) => {
    begins(["changes", i, "at"], at);
    const before = changes[i - 1];
    if (before && at < before.at)
      problems.push({ path: ["changes", i, "at"], message: "must not be before the change above it." });
  });
  const count = expectedRequests(toTraffic(requests).rate, duration);
  if (count > mostRequests) {
    const [about, most] = [Math.round(count), mostRequests].map((one) => one.toLocaleString("en-US"));
    problems.push({
      path: ["requests", "rate"],
      message: `comes to about ${about} requests; at most ${most} are replayed.`,
    });
  }
  return problems;
}

function expectedRequests(rate: readonly RatePoint[], durationMs: number): number {
  const at = (ms: number) => {
    const next = rate.findIndex(({ atMs }) => atMs > ms);
    const [from, to] = [rate[next < 0 ? rate.length - 1 : next - 1], rate[next]];
    if (!from || !to) return from?.perSecond ?? to?.perSecond ?? 0;
    return from.perSecond + ((to.perSecond - from.perSecond) * (ms - from.atMs)) / (to.atMs - from.atMs);
  };
  const times = [0, ...rate.map(({ atMs }) => Math.min(atMs, durationMs)), durationMs];
  return times.reduce((sum, to, i) => {
    const from = times[i - 1] ?? 0;
    // The middle of a straight line is its average.
    return sum + (Math.max(0, to - from) / 1_000) * at((from + to) / 2);
  }, 0);
}

function toTraffic(written: WrittenScenario["requests"]): Traffic {
  return {
    rate: written.rate.map(({ at, rate }) => ({ atMs: at, perSecond: rate })),
    inputTokens: written.input_tokens,
    outputTokens: written.output_tokens,
    maxOutputTokens: written.max_output_tokens,
    deadlineMs: written.deadline,
    maxCalls: written.max_calls,
    waits: written.when_all_out === "wait",
  };
}

function toProvider(name: string, written: WrittenScenario["providers"][string]): ScenarioProvider {
  return {
    name,
    latency: written.latency,
    firstTokenShare: written.first_token,
    timeoutMs: written.timeout,
    errors: Object.entries(written.errors).map(([failure, share]) => ({
      class: failure as keyof typeof written.errors,
      share,
    })),
    errorAfterMs: written.error_after,
    retryAfterMs: written.retry_after ?? null,
    price: written.price ?? null,
    requestsPerMinute: written.requests_per_minute ?? null,
    contextWindow: written.context_window ?? null,
    keys: written.keys,
    outages: written.outages.map(toOutage),
  };
}

function toOutage(written: WrittenScenario["providers"][string]["outages"][number]): Outage {
  const { at, share, fails, slow, after, retry_after: retryAfter } = written;
  return {
    fromMs: at,
    toMs: at + written.for,
    share,
    effect:
      fails === undefined
        ? { type: "slow", factor: slow ?? 1 }
        : { type: "fails", class: fails, afterMs: after ?? null, retryAfterMs: retryAfter ?? null },
  };
}

function failure(problems: readonly Problem[]): AppError {
  const message = `The scenario has mistakes:\n${problemLines(problems)}`;
  return new AppError("invalid_scenario", { message, problems });
}
