import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { catalogue } from "../../src/core/catalogue.ts";
import type { Json } from "../../src/core/json.ts";
import type { EventBody } from "../../src/core/run.ts";
import type { StepHandler, StepOutcome, StepWork } from "../../src/steps/handler.ts";
import { eventually } from "../support/eventually.ts";

/** A step kind's handler, with the ways to bring about each outcome. */
export interface HandlerUnderTest {
  readonly handler: StepHandler;
  /** A rendered body that can succeed. */
  readonly body: Json;
  /** The world as it was: the next execution succeeds. */
  heal(): Promise<void>;
  /** The next execution fails in a way that another attempt cannot help. */
  breakForGood(): Promise<void>;
  /** The next execution fails in a way that another attempt may help. */
  breakForNow(): Promise<void>;
  /** The next execution cannot try anything now. Absent for a kind that never waits. */
  defer?(): Promise<void>;
  /** The next execution hangs. @returns whether it has begun to */
  hang(): Promise<() => boolean>;
  close(): Promise<void>;
}

let count = 0;

/** One attempt's work. @param notes where lines of the history go */
export function workOf(body: Json, more: Partial<StepWork> = {}, notes: EventBody[] = []): StepWork {
  return {
    runId: "run_1",
    workflow: "test",
    tenant: "default",
    stepId: "s1",
    attempt: 1,
    body,
    hints: {},
    idempotencyKey: `run_1-s1-1-${++count}`,
    avoid: [],
    waitedMs: 0,
    deadline: Date.now() + 60_000,
    signal: new AbortController().signal,
    memo: null,
    save: async () => undefined,
    take: async () => undefined,
    stow: async () => undefined,
    stowed: async (names) => names.map(() => null),
    children: {
      id: (key) => `run_child_${key}`,
      store: async () => ({ workflow: "child", version: 1 }),
      newest: async (workflow) => ({ workflow, version: 1 }),
      ended: async () => [],
      start: async () => "run_child",
      startAll: async (requests) => requests.map(({ key }) => ({ id: `run_child_${key}` })),
      look: async () => [],
      cancel: async () => undefined,
      toUndo: async () => ({ open: 0, succeeded: [] }),
      undo: async () => [],
    },
    tell: () => undefined,
    note: (event) => void notes.push(event),
    ...more,
  };
}

/** What every step kind does, whatever its work is. @param traits waits: whether there are times at which it can try nothing; default true */
export function describeHandler(
  kind: string,
  start: () => Promise<HandlerUnderTest>,
  traits: { readonly waits?: boolean } = {},
): void {
  describe(`a step of kind ${kind}`, () => {
    let under: HandlerUnderTest;
    beforeAll(async () => {
      under = await start();
    });
    afterAll(() => under?.close());
    beforeEach(() => under.heal());

    const execute = async (more: Partial<StepWork> = {}): Promise<StepOutcome> => {
      const outcome = await under.handler.execute(workOf(under.body, more));
      // What is stored in the history goes through JSON.
      expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
      expect(Array.isArray(outcome.report.calls)).toBe(true);
      if (outcome.type === "failed" || outcome.type === "deferred") {
        expect(Object.keys(catalogue)).toContain(outcome.error.code);
        expect(outcome.error.message).not.toBe("");
      }
      return outcome;
    };

    test("bears the kind's name", () => {
      expect(under.handler.kind).toBe(kind);
    });

    test("succeeds with an output", async () => {
      const outcome = await execute();
      expect(outcome.type === "succeeded" && outcome.output).toBeTruthy();
    });

    test("fails for good when another attempt cannot help", async () => {
      await under.breakForGood();
      expect(await execute()).toMatchObject({ type: "failed", retryable: false });
    });

    test("fails for now when another attempt may help, and the next one succeeds", async () => {
      await under.breakForNow();
      expect(await execute()).toMatchObject({ type: "failed", retryable: true });
      await under.heal();
      expect(await execute({ attempt: 2 })).toMatchObject({ type: "succeeded" });
    });

    if (traits.waits ?? true)
      test("is deferred when nothing can be tried now, with the time to wait and the reason", async () => {
        await under.defer?.();
        const outcome = await execute();
        expect(outcome).toMatchObject({ type: "deferred", delayMs: expect.any(Number), reason: expect.any(String) });
        if (outcome.type !== "deferred") return;
        expect(outcome.delayMs).toBeGreaterThan(0);
        expect(outcome.reason).not.toBe("");
      });

    test("ends when its signal fires, with what it did, and throws nothing", async () => {
      const hangs = await under.hang();
      const stop = new AbortController();
      const working = execute({ signal: stop.signal });
      await eventually(() => expect(hangs()).toBe(true));
      stop.abort("stopping");
      expect((await working).type).not.toBe("succeeded");
    });

    test("does nothing when its signal has fired before", async () => {
      const hangs = await under.hang();
      expect((await execute({ signal: AbortSignal.abort("stopping") })).type).not.toBe("succeeded");
      expect(hangs()).toBe(false);
    });
  });
}
