import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer } from "../../src/simulator/answer/answer.ts";
import { toAsked } from "../../src/simulator/asked.ts";
import { paymentsLog } from "./support/incident-log.ts";
import { certificateLog, failoverLog, outageMail, releaseLog } from "./support/outages.ts";

const shippedLog = readFileSync(new URL("../../workflows/incident.log", import.meta.url), "utf8");
const inputs = [
  ["the shipped log", shippedLog],
  ["a leak", paymentsLog],
  ["an expired certificate", certificateLog],
  ["a database failover", failoverLog],
  ["a bad release", releaseLog],
  ["an e-mail", outageMail],
] as const;

const actionSchema = {
  type: "object",
  properties: {
    items: {
      type: "array",
      items: {
        type: "object",
        required: ["action", "owner", "due", "priority"],
        properties: {
          action: { type: "string" },
          owner: { type: "string" },
          due: { type: "string" },
          priority: { enum: ["low", "medium", "high"] },
        },
      },
    },
  },
} as const;
type Action = Readonly<Record<"action" | "owner" | "due" | "priority", string>>;

function ask(prompt: string, schema?: typeof actionSchema): string {
  const asked = toAsked([{ role: "user", text: prompt }], {
    model: "m",
    stream: false,
    ...(schema ? { json: { schema: schema as never } } : {}),
  });
  return answer("openai", asked).text;
}

function reportOn(log: string): string {
  const facts = ask(`List the facts in this log that matter.\n\nLog:\n${log}`);
  const timeline = ask(`Write the timeline of the incident.\n\nFacts:\n${facts}`);
  const impact = ask(`Who was affected?\n\nFacts:\n${facts}`);
  const cause = ask(`What is the root cause?\n\nLog:\n${log}`);
  return ask(`Write the report.\n\nTimeline:\n${timeline}\n\nImpact:\n${impact}\n\nRoot cause:\n${cause}`);
}

function actionsFor(log: string): readonly Action[] {
  const text = ask(`Name the three actions that keep this from happening again.\n\n${reportOn(log)}`, actionSchema);
  return (JSON.parse(text) as { readonly items: readonly Action[] }).items;
}

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

describe("the cause", () => {
  test.each([
    ["the shipped log", shippedLog, /^Connections held by 4\.18\.0, transaction not closed/],
    ["a leak", paymentsLog, /^payments-api: connection pool exhausted because of a leak/],
    ["an expired certificate", certificateLog, /certificate has expired/],
    ["a database failover", failoverLog, /I\/O error on \/dev\/nvme1n1/],
    ["a bad release", releaseLog, /^Users without a saved address have no currency/],
    ["an e-mail", outageMail, /^The import filled the disks of two of the three search nodes, because/],
  ])("of %s is what its text names", (_what, log, cause) => {
    const line = linesOf(ask(`What is the root cause?\n\nLog:\n${log}`))[1] ?? "";
    expect(line).toMatch(/^Most likely cause: /);
    expect(line.replace("Most likely cause: ", "")).toMatch(cause);
  });

  test("without a name for it is the change before the first failure, with a doubt", () => {
    const log = `09:00:00 INFO deploy: release=api@2.0 complete\n09:01:00 ERROR api: request failed\n09:02:00 ERROR api: request failed again`;
    expect(ask(`What is the root cause?\n\nLog:\n${log}`)).toMatch(/release=api@2\.0[\s\S]*How sure: possible/);
  });
});

describe.each(inputs)("the report on %s", (_what, log) => {
  const report = reportOn(log);

  test("begins with one line that says what it is and has no other", () => {
    expect(report.match(/\[simulated /g)).toHaveLength(1);
    expect(report.startsWith("[simulated openai/m]\n")).toBe(true);
  });

  test("has its sections, each once, and no line twice", () => {
    for (const part of ["Impact", "Cause", "What happened"])
      expect(linesOf(report).filter((line) => line === part)).toHaveLength(1);
    const lines = linesOf(report);
    expect(new Set(lines).size).toBe(lines.length);
  });

  test("has no runs of spaces and a time before each event", () => {
    expect(report).not.toMatch(/\S {2,}\S/);
    const events = linesOf(report.slice(report.indexOf("What happened\n"))).slice(1);
    expect(events.length).toBeGreaterThanOrEqual(3);
    for (const event of events) expect(event).toMatch(/^\d\d:\d\d(?::\d\d)? \S/);
  });
});

describe.each(inputs)("the actions after %s", (_what, log) => {
  const actions = actionsFor(log);

  test("are things to do, never headings or lines of the log", () => {
    expect(actions.length).toBeGreaterThanOrEqual(2);
    expect(actions.length).toBeLessThanOrEqual(3);
    for (const { action } of actions) {
      expect(action).toMatch(/^(?:Add|Fix|Review|Renew|Replace|Set|Write|Find|Run|Release|Test)\b/);
    }
  });

  test("have an owner that the text names, and not the action's words", () => {
    for (const { action, owner } of actions) {
      expect(owner).not.toBe(action);
      expect(owner.split(" ").length).toBeLessThanOrEqual(3);
      expect(log.toLowerCase()).toContain(owner.toLowerCase());
    }
  });

  test("come by urgency, with a date or a span", () => {
    expect(actions[0]?.priority).toBe("high");
    for (const { due } of actions) expect(due).toMatch(/^(?:\d{4}-\d\d-\d\d|within \d+ days)$/);
  });
});

describe("material", () => {
  test("of markdown brings no headings, rules or fences as items", () => {
    const text =
      "# Outage\n\n---\n\n## Impact\n```\n09:00:01 ERROR api: 12 users could not log in\n```\n**Cause**\nThe disk was full.";
    const said = ask(`List the key points.\n\n${text}`);
    expect(linesOf(said).slice(1)).toEqual(["- 09:00:01 ERROR api: 12 users could not log in", "- The disk was full."]);
  });

  test("a wish that is broken into lines is not taken for material", () => {
    const prompt =
      "List the facts in this log that matter to understand it: what failed, and who was affected\nwith the counts.\nOne fact a line.\n\nLog:\n09:00:01 ERROR api: disk full\n09:00:05 INFO api: disk freed";
    expect(ask(prompt)).not.toMatch(/counts|a line/);
  });

  test("gives the same report for the same text, and any text gives one", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...inputs.flatMap(([, log]) => log.split("\n"))), { maxLength: 30 }),
        (lines) => {
          const log = lines.join("\n");
          expect(reportOn(log)).toBe(reportOn(log));
        },
      ),
      { numRuns: 30 },
    );
  });
});
