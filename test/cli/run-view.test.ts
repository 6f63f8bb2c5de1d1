import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyEvent, type RunView, runView } from "../../src/cli/watch/run-view.ts";
import { failoverLines, failoverWords } from "../../src/cli/watch/words.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { call, failedOver, history, refused, served } from "./history.ts";

const start = runView({
  id: "run_1",
  workflow: "report",
  version: 3,
  steps: [
    { id: "classify", kind: "llm" },
    { id: "timeline", kind: "llm" },
  ],
});

function folded(events: readonly RunEvent[], view: RunView = start): RunView {
  return events.reduce(applyEvent, view);
}

function row(view: RunView, id: string) {
  return view.steps.find(({ record }) => record.id === id);
}

describe("run view", () => {
  test("shows every step as pending before the first event", () => {
    expect(start.steps.map(({ record }) => record.status)).toEqual(["pending", "pending"]);
  });

  test("tells who served each step, with attempts, calls and cost", () => {
    const view = folded(failedOver);
    expect(view.status).toBe("succeeded");
    expect(row(view, "timeline")?.record).toMatchObject({
      status: "succeeded",
      attempts: 1,
      served: { provider: "anthropic" },
    });
    expect(row(view, "timeline")?.calls.map(({ provider, ok }) => [provider, ok])).toEqual([
      ["openai", false],
      ["anthropic", true],
    ]);
  });

  test("counts a failed call once although the news and the attempt's report both bring it", () => {
    const running = folded(failedOver.slice(0, 8));
    expect(row(running, "timeline")?.calls).toHaveLength(1);
    expect(row(folded(failedOver), "timeline")?.calls).toHaveLength(2);
  });

  test("calls out a failover with why the first provider did not serve", () => {
    const { failovers } = folded(failedOver);
    expect(failovers.map(failoverWords)).toEqual([
      "↪ step timeline: openai refused the connection → served by anthropic",
    ]);
  });

  test("calls out a provider that the router set aside without trying it", () => {
    const decision = {
      strategy: "failover",
      hints: {},
      candidates: [
        { provider: "anthropic", model: "a", state: "closed" },
        { provider: "openai", model: "o", state: "open", excluded: "open for 4 s more" },
        { provider: "ollama", model: "l", state: "closed", excluded: "not in allow" },
      ],
      reason: "",
      inputs: {},
      routingVersion: 0,
    } as const;
    const view = folded(
      history({
        type: "step.succeeded",
        step: "timeline",
        attempt: 1,
        served: served("anthropic"),
        calls: [],
        decision,
      }),
    );
    expect(view.failovers.map(failoverWords)).toEqual([
      "↪ step timeline: openai is set aside (open for 4 s more) → served by anthropic",
    ]);
  });

  test("is silent about a provider that failed first and served after all", () => {
    const calls = [call("openai", 1, refused), call("openai", 2)];
    const view = folded(
      history({ type: "step.succeeded", step: "timeline", attempt: 2, served: served("openai"), calls }),
    );
    expect(view.failovers).toEqual([]);
  });

  test("tells each provider that failed, also the one that served after all", () => {
    const overloaded = { class: "overloaded", status: 503, message: "" } as const;
    const calls = [
      call("openai", 1, { class: "server", status: 500, message: "" }),
      call("anthropic", 2, overloaded),
      call("ollama", 3, overloaded),
      call("openai", 4),
    ];
    const { failovers } = folded(
      history({ type: "step.succeeded", step: "timeline", attempt: 1, served: served("openai"), calls }),
    );
    const why = "openai failed (500), anthropic is overloaded (503), ollama is overloaded (503)";
    expect(failovers.map(failoverWords)).toEqual([`↪ step timeline: ${why} → served by openai after all`]);
    expect(failoverLines(failovers)).toEqual([`↪ ${why} → openai served timeline after all`]);
  });

  test("says why a step waits and until when, and forgets it when the step goes on", () => {
    const waiting = folded(
      history(
        { type: "step.started", step: "timeline", attempt: 1, worker: "w" },
        {
          type: "step.waiting",
          step: "timeline",
          attempt: 1,
          until: 9_000,
          reason: "all providers are down",
          calls: [],
        },
      ),
    );
    expect(row(waiting, "timeline")).toMatchObject({
      reason: "all providers are down",
      record: { status: "waiting", waitingUntil: 9_000 },
    });
    const again = applyEvent(waiting, {
      seq: 3,
      at: 9_000,
      type: "step.started",
      step: "timeline",
      attempt: 1,
      worker: "w",
    });
    expect(row(again, "timeline")).toMatchObject({ reason: null, record: { status: "running", waitingUntil: null } });
  });

  test("shows a step that the run did not name before", () => {
    const view = folded(history({ type: "step.queued", step: "late" }));
    expect(row(view, "late")?.record.status).toBe("queued");
  });

  test("passes over an event of a type that it does not know", () => {
    const view = folded([{ seq: 1, at: 1, type: "step.dreamed", step: "timeline" } as unknown as RunEvent]);
    expect(view).toEqual({ ...start, seq: 1 });
  });

  test("is the same after repeated events", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: failedOver.length - 1 })), (again) => {
        const events = [...failedOver, ...again.flatMap((i) => failedOver[i] ?? [])];
        expect(folded(events)).toEqual(folded(failedOver));
      }),
    );
  });
});
