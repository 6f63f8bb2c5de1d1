import { describe, expect, test } from "vitest";
import { patchOfAssignments, patchOfUnset } from "../../src/cli/route/assignments.ts";
import { AppError } from "../../src/core/errors.ts";

/** What is told of each wrong word. */
function problemsOf(read: () => unknown): Readonly<Record<string, string>> {
  try {
    read();
  } catch (error) {
    if (error instanceof AppError && error.code === "usage")
      return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("route set", () => {
  test("leaves lists and pairs to the server, as the variables hold them", () => {
    const words = ["strategy=failover", "weights=openai:50,anthropic:50", "enabled=a,b", "hedge_after=2s"];
    expect(patchOfAssignments(words)).toEqual({
      strategy: "failover",
      weights: "openai:50,anthropic:50",
      enabled: "a,b",
      hedge_after: "2s",
    });
  });

  test("reads limits of providers, also of one with dots in its name, and of their keys; none takes one away", () => {
    const words = [
      "limits.openai.concurrency=10",
      "limits.openai.usd_per_day=2.5",
      "limits.llm.office.example.requests_per_minute=none",
      "limits.openai.keys.key-1.tokens_per_minute=9000",
      "limits.anthropic.concurrency=many",
    ];
    expect(patchOfAssignments(words)).toEqual({
      limits: {
        openai: { concurrency: 10, usd_per_day: 2.5, keys: { "key-1": { tokens_per_minute: 9_000 } } },
        "llm.office.example": { requests_per_minute: null },
        anthropic: { concurrency: "many" },
      },
    });
  });

  test.each([
    ["ollama:0.1", { provider: "ollama", share: "0.1" }],
    ["ollama/llama3.2:3b:0.5", { provider: "ollama", model: "llama3.2:3b", share: "0.5" }],
    ["off", "off"],
  ])("reads shadow=%s", (text, shadow) => {
    expect(patchOfAssignments([`shadow=${text}`])).toEqual({ shadow });
  });

  test("drained=none drains nobody", () => {
    expect(patchOfAssignments(["drained=none"])).toEqual({ drained: [] });
  });

  test("tells everything that is wrong with the words at once, and what was probably meant", () => {
    const words = ["strateg=x", "strategy", "weights.openai=1", "limits.openai.concurency=1", "limits=5"];
    const problems = problemsOf(() => patchOfAssignments([...words, "default=a", "default=b"]));
    expect(Object.keys(problems)).toEqual([...words, "default=b"]);
    expect(problems["strateg=x"]).toContain("Did you mean strategy?");
    expect(problems.strategy).toContain("Expected KEY=VALUE");
    expect(problems["weights.openai=1"]).toContain("weights is set as a whole");
    expect(problems["limits.openai.concurency=1"]).toContain("Did you mean concurrency?");
    expect(problems["limits=5"]).toContain("limits.PROVIDER.LIMIT");
    expect(problems["default=b"]).toContain("twice");
  });
});

describe("route unset", () => {
  test("takes back whole settings, and single limits", () => {
    expect(patchOfUnset(["strategy", "limits.openai.concurrency", "limits.ollama"])).toEqual({
      strategy: null,
      limits: { openai: { concurrency: null }, ollama: null },
    });
  });

  test("refuses a value and an unknown key", () => {
    const problems = problemsOf(() => patchOfUnset(["strategy=weighted", "wieghts"]));
    expect(Object.keys(problems)).toEqual(["strategy=weighted", "wieghts"]);
    expect(problems.wieghts).toContain("Did you mean weights?");
  });
});
