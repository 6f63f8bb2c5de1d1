import { describe, expect, test } from "vitest";
import type { FailureClass } from "../../src/core/call.ts";
import { type NextTarget, next } from "../../src/router/next.ts";

const target = (provider: string, more: Partial<NextTarget> = {}): NextTarget => ({
  target: { provider, model: "m" },
  isCallable: true,
  isClosed: true,
  contextWindow: 100,
  ...more,
});
const failed = (...calls: readonly (readonly [string, FailureClass])[]) =>
  calls.map(([provider, failureClass]) => ({ target: { provider, model: "m" }, class: failureClass }));

/** `b` for a call of b, `b+1` for its first repetition, else the end's name. */
const told = (targets: readonly NextTarget[], ...calls: readonly (readonly [string, FailureClass])[]): string => {
  const step = next(targets, failed(...calls));
  if (step.type !== "call") return step.type;
  return step.round > 0 ? `${step.target.provider}+${step.round}` : step.target.provider;
};

const a = target("a");
const b = target("b");
const out = { isCallable: false, isClosed: false };

describe("next", () => {
  test("begins with the first", () => {
    expect(told([a, b])).toBe("a");
    expect(told([])).toBe("exhausted");
  });
  test.each<[FailureClass, string]>([
    ["caller", "rejected"],
    ["content_filtered", "rejected"],
    ["cancelled", "rejected"],
    ["server", "b"],
    ["overloaded", "b"],
    ["timeout", "b"],
    ["network", "b"],
    ["malformed", "b"],
    ["rate_limited", "b"],
    ["not_found", "b"],
  ])("after %s of the first: %s", (failureClass, expected) => {
    expect(told([a, b], ["a", failureClass])).toBe(expected);
  });
  test("after a refused key: the same provider while it has another, then the next", () => {
    expect(told([a, b], ["a", "auth"])).toBe("a");
    expect(told([target("a", out), b], ["a", "auth"])).toBe("b");
    expect(told([a, b], ["a", "auth"], ["a", "server"])).toBe("b");
  });
  test("when all have failed: the first again, the second, then both once more, then the end", () => {
    const calls: [string, FailureClass][] = [
      ["a", "server"],
      ["b", "network"],
    ];
    expect(told([a, b], ...calls)).toBe("a+1");
    calls.push(["a", "server"]);
    expect(told([a, b], ...calls)).toBe("b+1");
    calls.push(["b", "server"]);
    expect(told([a, b], ...calls)).toBe("a+2");
    calls.push(["a", "server"], ["b", "server"]);
    expect(told([a, b], ...calls)).toBe("exhausted");
  });
  test("repeats no target whose breaker has opened, and none that was rate limited or unknown", () => {
    expect(told([target("a", { isClosed: false }), target("b", out)], ["a", "server"], ["b", "server"])).toBe(
      "exhausted",
    );
    expect(told([a], ["a", "rate_limited"])).toBe("exhausted");
    expect(told([a], ["a", "not_found"])).toBe("exhausted");
  });
  test("skips what has opened meanwhile", () => {
    expect(told([a, target("b", out), target("c")], ["a", "server"])).toBe("c");
  });
  test("after context_length: only a target with a larger window", () => {
    const large = target("c", { contextWindow: 200 });
    expect(told([a, b, large], ["a", "context_length"])).toBe("c");
    expect(told([a, b], ["a", "context_length"])).toBe("rejected");
    expect(told([a, target("b", { contextWindow: null })], ["a", "context_length"])).toBe("rejected");
    expect(told([a, { ...large, ...out }], ["a", "context_length"])).toBe("exhausted");
    expect(told([a, large], ["a", "context_length"], ["c", "server"])).toBe("c+1");
  });
});
