import { AppError, assertNever, type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import { pendingStep, stepAfter } from "../../core/history.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { EventBody, StepRecord } from "../../core/run.ts";
import type { StepHandler } from "../../steps/handler.ts";
import type { CompiledWorkflow, RetryPolicy, Scope } from "../../workflow/compiled.ts";
import { scopeOf } from "../conclude.ts";
import { decideNext, decideRefusal, decideStart } from "../decide.ts";
import type { Driver } from "../drive.ts";
import { backoffMs } from "../failure.ts";
import type { Delivery, Transition } from "../state.ts";
import { executed } from "./execute.ts";
import { type AttemptEnding, type Script, scripted } from "./script.ts";

/** A run without workers: every decision is the engine's own, every step gives what its script says, and time passes at once. */
export interface RehearsalParams {
  readonly workflow: CompiledWorkflow;
  readonly driver: Driver;
  readonly input: Json;
  /** By step id. */
  readonly scripts: ReadonlyMap<string, Script>;
  /** Handlers by kind that reach nothing outside: a step of such a kind without a script is executed. Default: none. */
  readonly pure?: ReadonlyMap<string, StepHandler>;
  /** Environment variables that steps may read, by name. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a rehearsed run ended. Times in its steps are milliseconds from its start. */
export interface RehearsedRun {
  /** `stopped`: a step ran that nobody wrote a result for. */
  readonly status: "succeeded" | "failed" | "stopped";
  /** Steps whose compensations ran, in that order. */
  readonly compensated: readonly string[];
  readonly output: Json;
  readonly error: ErrorRecord | null;
  /** In the definition's order, each followed by its compensation where that ran. */
  readonly steps: readonly StepRecord[];
  /** What each step that ran was given, its templates rendered; of the last attempt. */
  readonly rendered: ReadonlyMap<string, Json>;
  /** Of a stopped run: what has no result. */
  readonly unscripted?: { readonly step: string; readonly attempt: number };
}

/** More transitions than this are a loop that its scripts never end. */
const maxTransitions = 100_000;

/** Runs a workflow from its input to its end. Never throws for what a run can fail with. */
export function rehearse(params: RehearsalParams): Promise<RehearsedRun> {
  return new Rehearsal(params).run();
}

/** What happens next to an actor, and when (milliseconds from the start). */
type Due = { readonly actor: string; readonly epoch: number; readonly at: number } & (
  | { readonly type: "begin"; readonly attempt: number }
  | { readonly type: "end"; readonly attempt: number; readonly ending: AttemptEnding }
  | { readonly type: "timer" }
);

class Rehearsal {
  readonly #params: RehearsalParams;
  readonly #records: Map<string, StepRecord>;
  readonly #rendered = new Map<string, Json>();
  readonly #outputs = new Map<string, Json>();
  #input: JsonObject = {};
  #agenda: Due[] = [];
  #now = 0;
  #events = 0;
  readonly #compensated = new Set<string>();
  #unscripted: RehearsedRun["unscripted"];

  constructor(params: RehearsalParams) {
    this.#params = params;
    const records = [...params.workflow.steps.values()].map(({ id, kind, compensates }): StepRecord => {
      return { ...pendingStep(id, kind), ...(compensates === undefined ? {} : { compensates }) };
    });
    this.#records = new Map(records.map((record) => [record.id, record]));
  }

  async run(): Promise<RehearsedRun> {
    const { workflow, driver, input } = this.#params;
    try {
      this.#input = workflow.checkInput(input);
    } catch (error) {
      return this.#ended("failed", null, toErrorRecord(error));
    }
    let transition = this.#taken(decideStart(driver, this.#input, this.#now));
    for (let count = 1; ; count++) {
      const { ending } = transition;
      if (ending?.status === "failed") return this.#ended("failed", null, ending.error);
      if (ending) {
        const concluded = await this.#conclusion(transition.state.failed ?? []);
        if ("output" in concluded) return this.#ended("succeeded", concluded.output, null);
        const { state } = transition;
        transition = this.#taken(decideRefusal(driver, bare(state), concluded.error, this.#now));
        continue;
      }
      const delivery = await this.#nextDelivery();
      if (this.#unscripted) return this.#ended("stopped", null, null);
      if (!delivery || count > maxTransitions) return this.#ended("failed", null, endless(count));
      transition = this.#taken(decideNext(driver, transition.state, [delivery], this.#now));
    }
  }

  /** The run's output, or why it cannot succeed after all. */
  async #conclusion(failed: readonly string[]): Promise<{ readonly output: Json } | { readonly error: ErrorRecord }> {
    const { workflow } = this.#params;
    try {
      const refused = workflow.tolerate(failed);
      if (refused) throw refused;
      return { output: await workflow.renderOutput(this.#scope(workflow.outputReads)) };
    } catch (error) {
      return { error: toErrorRecord(error) };
    }
  }

  #ended(status: RehearsedRun["status"], output: Json, error: ErrorRecord | null): RehearsedRun {
    const unscripted = this.#unscripted ? { unscripted: this.#unscripted } : {};
    const steps = [...this.#records.values()].filter(
      ({ status, compensates }) => compensates === undefined || status !== "pending",
    );
    const compensated = [...this.#compensated];
    return { status, output, error, steps, compensated, rendered: this.#rendered, ...unscripted };
  }

  #taken(transition: Transition): Transition {
    for (const event of transition.events) this.#tell(event);
    for (const [step, output] of Object.entries(transition.outputs)) this.#outputs.set(step, output);
    const { active } = transition.state;
    this.#agenda = this.#agenda.filter(({ actor, epoch }) => active[actor]?.epoch === epoch);
    for (const { actor, epoch, kind, dueAt } of transition.opened) {
      const at = Math.max(dueAt, this.#now);
      if (kind === "timer") this.#agenda.push({ type: "timer", actor, epoch, at });
      else this.#agenda.push({ type: "begin", actor, epoch, at, attempt: 1 });
    }
    return transition;
  }

  #tell(event: EventBody): void {
    if (!("step" in event)) return;
    const record = this.#records.get(event.step);
    if (record) this.#records.set(event.step, stepAfter(record, { ...event, seq: ++this.#events, at: this.#now }));
  }

  /** Lets time pass until an actor has ended. @returns undefined if nothing is left to happen, or a step has no script */
  async #nextDelivery(): Promise<Delivery | undefined> {
    while (this.#agenda.length > 0) {
      const due = this.#agenda.reduce((first, other) => (other.at < first.at ? other : first));
      this.#agenda.splice(this.#agenda.indexOf(due), 1);
      this.#now = due.at;
      const { actor, epoch } = due;
      switch (due.type) {
        case "timer":
          return { type: "timer", actor, epoch };
        case "begin": {
          const ending = await this.#attempt(actor, due.attempt);
          if (!ending) return undefined;
          this.#agenda.push({ ...due, type: "end", at: this.#now + ending.takesMs, ending });
          break;
        }
        case "end": {
          const delivery = this.#conclude(due);
          if (delivery) return delivery;
          break;
        }
        default:
          assertNever(due);
      }
    }
    return undefined;
  }

  /** How an attempt will end; undefined if nobody wrote that. */
  async #attempt(actor: string, attempt: number): Promise<AttemptEnding | undefined> {
    const { workflow, scripts, pure } = this.#params;
    const step = workflow.steps.get(actor);
    this.#tell({ type: "step.started", step: actor, attempt, worker: "rehearsal" });
    if (step?.compensates !== undefined) this.#compensated.add(step.compensates);
    try {
      const body = step && (await step.render(this.#scope(step.reads)));
      if (body !== undefined) this.#rendered.set(actor, body);
      const script = scripts.get(actor);
      const handler = step && pure?.get(step.kind);
      const ending =
        script || !step || !handler
          ? scripted(script, attempt, step?.timeoutMs)
          : await executed(handler, { step, body: body ?? null, attempt, workflow: workflow.name });
      if (!ending) this.#unscripted = { step: actor, attempt };
      return ending;
    } catch (error) {
      return { type: "error", error: toErrorRecord(error), isRetryable: false, takesMs: 0 };
    }
  }

  /** What templates that read these steps can see; a skipped one gives null. */
  #scope(reads: readonly string[]): Scope {
    const outputs = reads.map((id) => [id, this.#outputs.get(id) ?? null] as const);
    const { env } = this.#params;
    return { ...scopeOf(this.#input, outputs), ...(env ? { env } : {}) };
  }

  /** @returns undefined if another attempt follows */
  #conclude({ actor, epoch, attempt, ending }: Extract<Due, { type: "end" }>): Delivery | undefined {
    const head = { step: actor, attempt, calls: [] };
    if (ending.type === "output") {
      const event: EventBody = { type: "step.succeeded", ...head, served: null };
      return { type: "done", actor, epoch, output: ending.output, event };
    }
    const { error } = ending;
    const step = this.#params.workflow.steps.get(actor);
    if (step && attempt < step.retry.attempts && mayRetry(ending, step.retry)) {
      const delayMs = backoffMs(step.retry, attempt, 0.5);
      this.#tell({ type: "step.retrying", ...head, error, delayMs });
      this.#agenda.push({ type: "begin", actor, epoch, attempt: attempt + 1, at: this.#now + delayMs });
      return undefined;
    }
    const event: EventBody = { type: "step.failed", ...head, error };
    if (step?.onError.type !== "go_on") return { type: "error", actor, epoch, error, event };
    return { type: "done", actor, epoch, output: step.onError.output, event: { ...event, tolerated: true } };
  }
}

/** A run that has just ended, to be taken up again. */
function bare(state: Transition["state"]): Transition {
  return { state, outputs: {}, events: [], opened: [], closed: [], abandoned: [], ending: null };
}

function mayRetry(
  { isRetryable, failureClass }: Extract<AttemptEnding, { type: "error" }>,
  { on }: RetryPolicy,
): boolean {
  return isRetryable && (on === null || (failureClass !== undefined && on.includes(failureClass)));
}

function endless(transitions: number): ErrorRecord {
  const message =
    transitions > maxTransitions
      ? `The run did not end within ${maxTransitions} transitions.`
      : "The run waits for something that no script brings.";
  return toErrorRecord(new AppError("internal", { message }));
}
