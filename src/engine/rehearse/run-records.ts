import { pendingStep, stepAfter } from "../../core/history.ts";
import type { EventBody, StepRecord } from "../../core/run.ts";
import type { CompiledWorkflow } from "../../workflow/compiled.ts";
import type { EmittedEvent } from "./rehearsed-run.ts";

/** What the history of a rehearsed run tells, line by line. */
export class RunRecords {
  /** Attempts that have begun, by step: in all of its dispatches. */
  readonly began = new Map<string, number>();
  /** What an author's own machine has emitted. */
  readonly emitted: EmittedEvent[] = [];
  readonly #steps: CompiledWorkflow["steps"];
  readonly #records: Map<string, StepRecord>;
  /** Milliseconds from the start. */
  readonly #clock: () => number;
  #events = 0;

  constructor(steps: CompiledWorkflow["steps"], clock: () => number) {
    this.#steps = steps;
    this.#clock = clock;
    this.#records = new Map([...steps.keys()].flatMap((id) => this.#pending(id)).map((record) => [record.id, record]));
  }

  /** One more line. */
  tell(event: EventBody): void {
    if (event.type === "machine.emitted") this.emitted.push(event);
    if (!("step" in event)) return;
    const { step } = event;
    if (event.type === "step.started") this.began.set(step, (this.began.get(step) ?? 0) + 1);
    // A step of what a machine has spawned is known once it is dispatched.
    const [record] = [this.#records.get(step) ?? [], this.#pending(step)].flat();
    if (record) this.#records.set(step, stepAfter(record, { ...event, seq: ++this.#events, at: this.#clock() }));
  }

  /** In the definition's order, each followed by its compensation where that ran. */
  steps(): readonly StepRecord[] {
    return [...this.#records.values()].filter((step) => step.compensates === undefined || step.status !== "pending");
  }

  #pending(id: string): readonly StepRecord[] {
    const step = this.#steps.get(id);
    if (!step) return [];
    const { kind, compensates } = step;
    return [{ ...pendingStep(id, kind), ...(compensates === undefined ? {} : { compensates }) }];
  }
}
