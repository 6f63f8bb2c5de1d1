import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { Output } from "../../src/cli/output.ts";
import { table } from "../../src/cli/table.ts";
import { frame } from "../../src/cli/watch/frame.ts";
import { logLine } from "../../src/cli/watch/log-line.ts";
import { linePainter } from "../../src/cli/watch/painter.ts";
import { endingLine, resultLines } from "../../src/cli/watch/result.ts";
import { applyEvent, runView } from "../../src/cli/watch/run-view.ts";
import { formatUsd, setbackWords } from "../../src/cli/watch/words.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { failed, failedOver, history, reason } from "./history.ts";

const plain = pc.createColors(false);
const names = [
  { id: "classify", kind: "llm" },
  { id: "timeline", kind: "llm" },
  { id: "report", kind: "llm" },
];
const start = runView({ id: "run_1", workflow: "report", version: 3, steps: names });

describe("frame", () => {
  test("has a line a step with who served it, attempts, calls, tokens, cost and time", () => {
    const lines = frame(failedOver.reduce(applyEvent, start), 5_000, plain);
    expect(lines).toEqual([
      "report v3  run_1  succeeded  900 ms",
      "",
      "     step      served by                  calls    tokens  cost     time",
      "  ✔  classify  openai/openai-model        1        120     $0.0020  100 ms",
      "  ✔  timeline  anthropic/anthropic-model  2 (1 ✖)  120     $0.0020  200 ms",
      "  ·  report    not reached",
      "     all                                  3 (1 ✖)  240     $0.0040",
      "",
      "↪ openai refused the connection → anthropic served timeline",
    ]);
  });

  test("says the same in colours", () => {
    const view = failedOver.reduce(applyEvent, start);
    const colored = frame(view, 5_000, pc.createColors(true)).map(stripVTControlCharacters);
    expect(colored).toEqual(frame(view, 5_000, plain));
  });

  test("counts down to a waiting step's next try", () => {
    const events = history(
      { type: "run.created", workflow: "report", version: 3 },
      { type: "step.waiting", step: "report", attempt: 1, until: 9_000, reason: "all are down\nreally", calls: [] },
    );
    expect(frame(events.reduce(applyEvent, start), 5_000, plain).at(-1)).toMatch(
      /◌ {2}report .*next try in 4\.0 s: all are down$/,
    );
  });

  test("says while a step runs which provider it has just lost", () => {
    const lines = frame(failedOver.slice(0, 8).reduce(applyEvent, start), 1_950, plain);
    expect(lines.find((line) => line.includes("timeline"))).toMatch(
      /1 \(1 ✖\) .*openai refused the connection, trying another$/,
    );
  });
});

describe("a failed run", () => {
  const view = failed.reduce(applyEvent, start);

  test("has in its table why each step was served by nobody", () => {
    expect(frame(view, 5_000, plain)).toEqual([
      "report v3  run_1  failed  600 ms",
      "",
      "     step      served by        tries  calls    tokens  cost  time",
      "  –  classify  skipped",
      "  ✖  timeline  provider_failed  2      2 (2 ✖)                300 ms",
      "  ·  report    not reached",
    ]);
  });

  test("tells its long sentence once, then refers to it; what it tells last is the step table and the fix", () => {
    const text = printed(failed, "failed");
    expect(text.split(reason)).toHaveLength(2);
    expect(text).toContain("+600 ms    run failed at step timeline\n\n     step ");
    expect(text).toMatch(
      /\n\nrun_1 failed in 600 ms\nprovider_failed at step timeline, see above\nfix: .*`switchyard runs show run_1`/,
    );
  });
});

describe("a run told line by line", () => {
  test("ends with the table of its steps", () => {
    const lines = printed(failedOver, "succeeded").split("\n");
    const from = lines.indexOf("") + 1;
    expect(lines.slice(from, from + 5)).toEqual(frame(failedOver.reduce(applyEvent, start), 5_000, plain).slice(2, 7));
    expect(lines.at(-2)).toBe("run_1 succeeded in 900 ms");
  });
});

/** What a run's events print where nothing is repainted. */
function printed(events: readonly RunEvent[], status: "succeeded" | "failed"): string {
  let text = "";
  const stdout = {
    write(chunk: string) {
      text += chunk;
      return true;
    },
  };
  const painter = linePainter(new Output({ stdout, stderr: stdout, env: { NO_COLOR: "1" } } as never));
  let view = start;
  for (const event of events) {
    const before = view;
    view = applyEvent(view, event);
    painter.event(event, view, before);
  }
  const last = events.at(-1);
  painter.ended(
    {
      id: "run_1",
      workflow: "report",
      version: 3,
      status,
      createdAt: 1_000,
      startedAt: 1_000,
      finishedAt: last?.at ?? 0,
      costUsd: null,
      input: {},
      hints: {},
      output: null,
      error: last?.type === "run.failed" ? last.error : null,
      steps: [],
    },
    view,
    false,
  );
  return text;
}

describe("log line", () => {
  test("tells each event with the time since the run's start", () => {
    expect(failedOver.map((event) => logLine(event, 1_000))).toEqual([
      "+0 ms      run of report v3 accepted",
      "+100 ms    run started",
      "+200 ms    ○ classify queued",
      "+300 ms    ● classify started, attempt 1, worker w",
      "+400 ms    ✔ classify served by openai/openai-model (120 tokens, $0.0020)",
      "+500 ms    ○ timeline queued",
      "+600 ms    ● timeline started, attempt 1, worker w",
      "+700 ms    ! timeline: openai refused the connection",
      "+800 ms    ✔ timeline served by anthropic/anthropic-model (120 tokens, $0.0020)",
      "+900 ms    run succeeded",
    ]);
  });
});

describe("result", () => {
  const run = {
    id: "run_1",
    workflow: "report",
    version: 1,
    createdAt: 0,
    startedAt: 1,
    finishedAt: 2_100,
    costUsd: 0.5,
    input: {},
    hints: {},
    steps: [],
  } as const;

  test("is the output: a text as it is, else indented JSON", () => {
    const succeeded = { ...run, status: "succeeded", error: null } as const;
    expect(resultLines({ ...succeeded, output: "a\nb" }, plain)).toEqual(["a", "b"]);
    expect(resultLines({ ...succeeded, output: { a: 1 } }, plain)).toEqual(["{", '  "a": 1', "}"]);
    expect(endingLine({ ...succeeded, output: null }, plain)).toBe("run_1 succeeded in 2.1 s, $0.5000");
  });

  test("has a fix that fits a run where no provider became available", () => {
    const error = { code: "provider_unavailable", message: "No provider may be called now." };
    const [, fix] = resultLines({ ...run, status: "failed", output: null, error }, plain);
    expect(fix).toMatch(/^fix: Start the run again .*retry\.max_wait/);
    expect(fix).not.toContain("Retry-After");
  });

  test("is the error with its fix", () => {
    const error = { code: "template_failed", message: "Step a: no value." };
    expect(resultLines({ ...run, status: "failed", output: null, error }, plain)).toEqual([
      "template_failed: Step a: no value.",
      expect.stringMatching(/^fix: Guard a value/),
    ]);
  });
});

describe("words", () => {
  test.each([
    ["network", null, "connect ECONNREFUSED", "openai refused the connection"],
    ["network", null, "getaddrinfo ENOTFOUND", "openai could not be reached"],
    ["network", null, "The connection failed (UND_ERR_SOCKET).", "openai dropped the connection"],
    ["rate_limited", 429, "", "openai is at its rate limit (429)"],
    ["server", 500, "", "openai failed (500)"],
    ["timeout", null, "", "openai did not answer in time"],
  ] as const)("name a setback of class %s", (kind, status, message, words) => {
    expect(setbackWords({ provider: "openai", model: "m", class: kind, status, message })).toBe(words);
  });

  test.each([
    [null, "-"],
    [0, "$0"],
    [0.0000001, "<$0.000001"],
    [0.0000738, "$0.000074"],
    [0.002, "$0.0020"],
    [0.0123, "$0.0123"],
    [12.345, "$12.35"],
  ])("write %s USD as %s", (usd, text) => expect(formatUsd(usd)).toBe(text));
});

describe("table", () => {
  test("aligns cells that hold colours and wide characters", () => {
    const red = pc.createColors(true).red;
    const lines = table([
      [red("a"), "x"],
      ["日本", "y"],
    ]);
    expect(lines.map(stripVTControlCharacters)).toEqual(["a     x", "日本  y"]);
  });
});
