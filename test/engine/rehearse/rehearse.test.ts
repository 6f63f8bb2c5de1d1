import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { createDriver } from "../../../src/engine/drive.ts";
import { rehearse } from "../../../src/engine/rehearse/rehearse.ts";
import type { RehearsedRun } from "../../../src/engine/rehearse/rehearsed-run.ts";
import type { AttemptEnding, Script } from "../../../src/engine/rehearse/script.ts";
import type { StepHandler } from "../../../src/steps/handler.ts";
import { define } from "../../workflow/support/define.ts";

const gives = (output: Json, takesMs = 0): AttemptEnding => ({ type: "output", output, takesMs });
const breaks = (code = "provider_failed", isRetryable = true, takesMs = 0): AttemptEnding => ({
  type: "error",
  error: { code, message: "it broke" },
  isRetryable,
  takesMs,
});
const always = (ending: AttemptEnding): Script => ({ attempts: [ending], isForAll: true });
const one = (...attempts: AttemptEnding[]): Script => ({ attempts, isForAll: false });

function run(
  source: string,
  scripts: Readonly<Record<string, Script>>,
  input: Json = {},
  pure: readonly StepHandler[] = [],
) {
  const workflow = define(source);
  return rehearse({
    workflow,
    driver: createDriver(workflow.machine),
    input,
    scripts: new Map(Object.entries(scripts)),
    pure: new Map(pure.map((handler) => [handler.kind, handler])),
  });
}

const statuses = ({ steps }: RehearsedRun) => Object.fromEntries(steps.map(({ id, status }) => [id, status]));
const step = ({ steps }: RehearsedRun, id: string) => steps.find((one) => one.id === id);

const diamond = `name: diamond
input: { type: object, properties: { who: { type: string, default: world } } }
defaults: { retry: { attempts: 3, backoff: 1s } }
steps:
  - id: sort
    noop: { text: "Hello {{ input.who }}" }
  - id: left
    needs: [sort]
    when: steps.sort.output == "left"
    noop: { text: x }
  - id: right
    needs: [sort]
    noop: { text: x }
  - id: both
    needs: [left, right]
    noop: { text: "{{ steps.right.output }}!" }
output: { text: "{{ steps.both.output }}", left: "{{ steps.left.output }}" }
`;
const ends = { left: always(gives("L")), right: always(gives("R")), both: always(gives("B")) };

describe("a rehearsed run", () => {
  test("goes the way that its scripts lead, and gives the workflow's output", async () => {
    const left = await run(diamond, { ...ends, sort: always(gives("left")) });
    expect(left).toMatchObject({ status: "succeeded", output: { text: "B", left: "L" }, error: null });
    const other = await run(diamond, { ...ends, sort: always(gives("right")) });
    expect(other.output).toEqual({ text: "B", left: null });
    expect(statuses(other)).toEqual({ sort: "succeeded", left: "skipped", right: "succeeded", both: "succeeded" });
  });

  test("renders what each step is given, with the input's defaults", async () => {
    const { rendered } = await run(diamond, { ...ends, sort: always(gives("x")) });
    expect(rendered.get("sort")).toEqual({ text: "Hello world" });
    expect(rendered.get("both")).toEqual({ text: "R!" });
    expect(rendered.has("left")).toBe(false);
  });

  test("fails with the step's error after its attempts, with the policy's waits between them", async () => {
    const failed = await run(diamond, { ...ends, sort: always(breaks()) });
    expect(failed.error).toMatchObject({ code: "provider_failed", details: { step: "sort" } });
    expect(step(failed, "sort")).toMatchObject({ status: "failed", attempts: 3, startedAt: 0, finishedAt: 3_000 });
    expect(statuses(failed)).toMatchObject({ left: "pending", both: "pending" });
  });

  test("does not try again what cannot be helped by it", async () => {
    const failed = await run(diamond, { ...ends, sort: always(breaks("provider_rejected", false)) });
    expect(step(failed, "sort")?.attempts).toBe(1);
  });

  test("goes on with the attempt that its script lets succeed", async () => {
    const healed = await run(diamond, { ...ends, sort: one(breaks(), gives("left")) });
    expect([healed.status, step(healed, "sort")?.attempts]).toEqual(["succeeded", 2]);
  });

  test("cancels what runs beside a step that fails for good", async () => {
    const scripts = {
      ...ends,
      sort: always(gives("left")),
      left: always(gives("L", 60_000)),
      right: always(breaks("x", false, 10)),
    };
    const failed = await run(diamond, scripts);
    expect(statuses(failed)).toEqual({ sort: "succeeded", left: "cancelled", right: "failed", both: "pending" });
  });

  test("takes the time that its scripts say: a slow attempt ends at the step's timeout, a slow run at the workflow's", async () => {
    const slow = await run(`${diamond}timeout: 1h\n`, { ...ends, sort: always(gives("left", 180_000)) });
    expect(slow.error).toMatchObject({ code: "step_timeout" });
    expect(step(slow, "sort")).toMatchObject({ attempts: 3, finishedAt: 363_000 });
    const late = await run(`${diamond}timeout: 5m\n`, { ...ends, sort: always(gives("left", 180_000)) });
    expect(late.error).toMatchObject({ code: "run_timeout" });
    expect(statuses(late)).toMatchObject({ sort: "cancelled" });
  });

  test("refuses an input that the workflow refuses, and starts nothing", async () => {
    const refused = await run(diamond, {}, { who: 7 });
    expect(refused).toMatchObject({ status: "failed", error: { code: "invalid_input" } });
    expect(Object.values(statuses(refused))).toEqual(["pending", "pending", "pending", "pending"]);
  });

  test("fails where a template finds no value, as it would in earnest", async () => {
    const source = 'name: a\ninput: { type: object }\nsteps:\n  - id: b\n    noop: { text: "{{ input.nothing }}" }\n';
    const failed = await run(source, { b: always(gives("x")) });
    expect(failed.error).toMatchObject({ code: "template_failed", details: { step: "b" } });
    const wrong = `${diamond.slice(0, diamond.indexOf("output:"))}output: "Note: {{ steps.left.output }}"\n`;
    const unrendered = await run(wrong, { ...ends, sort: always(gives("right")) });
    expect(unrendered).toMatchObject({ status: "failed", error: { code: "template_failed" } });
  });

  test("goes on after a step whose on_error says so, with the output that it says", async () => {
    const source = diamond.replace("- id: right\n", '- id: right\n    on_error: { default: "none" }\n');
    const tolerated = await run(source, { ...ends, sort: always(gives("x")), right: always(breaks()) });
    expect(tolerated).toMatchObject({ status: "succeeded", error: null });
    expect(statuses(tolerated)).toMatchObject({ right: "failed", both: "succeeded" });
    expect(tolerated.rendered.get("both")).toEqual({ text: "none!" });
  });

  test("fails at its end where more steps have failed than soft_failure allows", async () => {
    const source = `${diamond.replace("    noop: { text: x }\n", "    on_error: continue\n    noop: { text: x }\n")}soft_failure: count:0\n`;
    const failed = await run(source, { ...ends, sort: always(gives("left")), left: always(breaks()) });
    expect(failed).toMatchObject({ status: "failed", error: { code: "too_many_failures" } });
    expect(statuses(failed)).toEqual({ sort: "succeeded", left: "failed", right: "succeeded", both: "succeeded" });
  });

  test("tries again only after the failures that the step's retry names", async () => {
    const source = diamond.replace("attempts: 3, backoff: 1s", "attempts: 3, backoff: 1s, on: [overloaded, timeout]");
    const attempts = async (ending: AttemptEnding) =>
      step(await run(source, { ...ends, sort: always(ending) }), "sort")?.attempts;
    expect(await attempts(breaks())).toBe(1);
    expect(await attempts({ ...breaks(), failureClass: "overloaded" } as AttemptEnding)).toBe(3);
    expect(await attempts({ ...breaks(), failureClass: "server" } as AttemptEnding)).toBe(1);
    expect(await attempts(gives("x", 180_000))).toBe(3);
  });

  test("stops at a step or an attempt that nobody wrote a result for", async () => {
    expect(await run(diamond, {})).toMatchObject({ status: "stopped", unscripted: { step: "sort", attempt: 1 } });
    const second = await run(diamond, { ...ends, sort: one(breaks()) });
    expect(second).toMatchObject({ status: "stopped", unscripted: { step: "sort", attempt: 2 } });
  });

  test("executes steps of kinds that reach nothing outside, unless a script speaks for them", async () => {
    const upper: StepHandler = {
      kind: "noop",
      execute: async ({ body }) => {
        const { text } = body as { readonly text: string };
        const report = { calls: [] };
        if (text === "x")
          return { type: "failed", error: { code: "step_failed", message: "x" }, retryable: true, report };
        return { type: "succeeded", output: text.toUpperCase(), served: null, report };
      },
    };
    const executed = await run(diamond, { right: always(gives("r")) }, { who: "Ada" }, [upper]);
    expect(executed).toMatchObject({ status: "succeeded", output: { text: "R!", left: null } });
    const broken = await run(diamond, {}, {}, [upper]);
    expect(broken.error).toMatchObject({ code: "step_failed", details: { step: "right" } });
    expect(step(broken, "right")?.attempts).toBe(3);
  });
});
