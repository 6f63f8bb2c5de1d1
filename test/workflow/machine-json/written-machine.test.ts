import { describe, expect, test } from "vitest";
import type { AppError, Problem } from "../../../src/core/errors.ts";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import { decideNext, decideStart } from "../../../src/engine/decide.ts";
import { driverOf } from "../../../src/engine/definitions.ts";
import type { InboxEntry, RunState } from "../../../src/engine/state.ts";
import { checkDefinition } from "../../../src/workflow/check.ts";
import { compileWorkflow } from "../../../src/workflow/compile.ts";

const triage = `
name: triage
input: { type: object, required: [text], properties: { text: { type: string } } }
machine:
  initial: sorting
  context: { text: "{{ input.text }}", label: null, rounds: 0, packed: null }
  states:
    sorting:
      meta: { step: { retry: { attempts: 4 } } }
      invoke:
        id: sort
        src: llm
        input: { prompt: "Label: {{ context.text }}" }
        onDone:
          - guard: event.output.urgent == true
            target: waiting
            actions: { assign: { label: "{{ event.output.label }}" } }
          - target: packing
        onError: failed
    waiting:
      on:
        APPROVE: packing
        AGAIN:
          target: waiting
          reenter: true
          actions:
            - assign: { rounds: "{{ context.rounds | plus: 1 }}" }
            - emit: { type: again, round: "{{ context.rounds }}" }
      after: { 1d: failed }
    packing:
      invoke: { id: box, src: packer, input: { label: "{{ context.label }}" }, onDone: { target: done, actions: { assign: { packed: "{{ event.output }}" } } } }
    done: { type: final }
    failed: { type: final }
  output: "{{ context }}"
  actors:
    packer:
      initial: on
      context: { label: "{{ input.label }}" }
      states:
        on:
          invoke: { id: pack, src: http, input: { url: "https://box.example/{{ context.label }}" }, onDone: off }
        off: { type: final }
      output: { boxed: "{{ context.label }}" }
`;

function decisions(text: string, input: JsonObject) {
  const driver = driverOf(compileWorkflow(checkDefinition(text)));
  const stored = (state: RunState): RunState => JSON.parse(JSON.stringify(state));
  return {
    first: decideStart(driver, input, 0),
    next: (state: RunState, ...entries: InboxEntry[]) => decideNext(driver, stored(state), entries, 0),
  };
}

const done = (actor: string, epoch: number, output: Json): InboxEntry => ({ type: "done", actor, epoch, output });
const send = (type: string): InboxEntry => ({ type: "event", event: { type } });

describe("a machine that is written as data", () => {
  test("is an XState machine: steps, guards, assignments, timers, signals, emitted events, child machines, output", () => {
    const { first, next } = decisions(triage, { text: "tea" });
    expect(first.state.active.sort).toEqual({ epoch: 1, kind: "llm", input: { prompt: "Label: tea" } });
    const waiting = next(first.state, done("sort", 1, { urgent: true, label: "hot" }));
    expect(waiting.opened).toMatchObject([{ kind: "timer", dueAt: 86_400_000 }]);
    const again = next(waiting.state, send("AGAIN"), send("AGAIN"), send("UNKNOWN"));
    expect(again.events).toEqual([1, 2].map((round) => ({ type: "machine.emitted", event: { type: "again", round } })));
    const packing = next(again.state, send("APPROVE"));
    expect(packing.state.active["box.pack"]?.input).toEqual({ url: "https://box.example/hot" });
    const { ending } = next(packing.state, done("box.pack", packing.state.active["box.pack"]?.epoch ?? 0, null));
    expect(ending).toEqual({
      status: "succeeded",
      output: { text: "tea", label: "hot", rounds: 2, packed: { boxed: "hot" } },
    });
  });

  test("keeps its steps' policies, and is compiled again from what is stored of it", () => {
    const checked = checkDefinition(triage);
    const stored = checkDefinition(JSON.parse(JSON.stringify(checked)) as JsonObject);
    const { steps } = compileWorkflow(stored);
    expect([...steps].map(([id, { kind, retry }]) => [id, kind, retry.attempts])).toEqual([
      ["sort", "llm", 4],
      ["box.pack", "http", 3],
    ]);
  });

  test("fails with the place where a template finds no value", () => {
    const { first, next } = decisions(triage.replace("event.output.urgent == true", "event.output.no.where"), {
      text: "t",
    });
    const { ending } = next(first.state, done("sort", 1, {}));
    expect(ending).toMatchObject({ status: "failed", error: { message: expect.stringMatching(/event\.output\.no/) } });
  });

  test("is refused with everything that is wrong in it, each with its line and what was meant", () => {
    const wrong = `name: wrong
machine:
  initial: opn
  context: { count: 0 }
  states:
    open:
      invoke: { id: a, src: lm, input: { prompt: "{{ contxt.count }}" }, onDone: clsed }
      on:
        GO: { target: "#nowhere", guard: "context.coun > 1", actions: [{ asign: { count: 1 } }] }
        STOP: { actions: { assign: { coun: 1 } } }
        UP: { actions: { send_parent: { type: X } }, targt: open }
      after: { soon: closed }
    closed: { typ: final }
    deep: { states: { a: {} } }
    templ: { entry: { emit: { type: "{{ event.type" } } }
`;
    let problems: readonly Problem[] = [];
    try {
      checkDefinition(wrong);
    } catch (error) {
      problems = (error as AppError).problems ?? [];
    }
    const told = problems.map(({ path, message, line }) => `${line} ${path.replace("machine.", "")}: ${message}`);
    expect(told).toEqual([
      expect.stringMatching(/^3 initial: there is no state "opn" inside\. Did you mean open\?/),
      expect.stringMatching(/^7 states\.open\.invoke\.src: there is no actor "lm"\. Did you mean llm\?/),
      expect.stringMatching(/^7 .*prompt: contxt\.count: there is no contxt\. Did you mean context\?/),
      expect.stringMatching(/^7 .*onDone: there is no state .*"clsed"\. Did you mean closed\?/),
      expect.stringMatching(/^9 .*target: there is no state with the id "nowhere"/),
      expect.stringMatching(/^9 .*guard: context\.coun: context has no coun\. Did you mean count\?/),
      expect.stringMatching(/^9 .*actions\.0: is no action\. Did you mean assign\?/),
      expect.stringMatching(/^10 .*coun: context has no coun\. Did you mean count\?/),
      expect.stringMatching(/^11 .*targt: unknown key\. Did you mean target\?/),
      expect.stringMatching(/^12 .*after\.soon: must be milliseconds/),
      expect.stringMatching(/^13 .*typ: unknown key\. Did you mean type\?/),
      expect.stringMatching(/^14 .*deep: needs initial: one of a/),
      expect.stringMatching(/^15 .*is not valid Liquid/),
    ]);
  });
});
