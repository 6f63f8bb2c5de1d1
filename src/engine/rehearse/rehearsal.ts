import { assertNever, type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import { pendingStep, stepAfter } from "../../core/history.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { EventBody, StepRecord } from "../../core/run.ts";
import type { CompiledStep, RetryPolicy, Scope } from "../../workflow/compiled.ts";
import { scopeOf } from "../conclude.ts";
import { decideNext, decideRefusal, decideStart } from "../decide.ts";
import { backoffMs } from "../failure.ts";
import type { Delivery, InboxEntry, RunState, Transition } from "../state.ts";
import { BlockRuns } from "./block-runs.ts";
import { executed } from "./execute.ts";
import type { RehearsedRun } from "./rehearsed-run.ts";
import { type AttemptEnding, scripted } from "./script.ts";
import type { Due, RunPlan, TimedRun, World } from "./world.ts";

/** An execution that goes on when a child run ends. */
interface Parked {
  readonly attempt: number;
  readonly body: Json;
  readonly memo: Json;
}

/** A run, or a child run, on the clock of its world. It begins, things happen to it, it ends once. */
export class Rehearsal implements TimedRun {
  readonly #world: World;
  readonly #plan: RunPlan;
  readonly #records: Map<string, StepRecord>;
  readonly #rendered = new Map<string, Json>();
  readonly #outputs = new Map<string, Json>();
  readonly #compensated = new Set<string>();
  readonly #blocks = new Map<string, BlockRuns>();
  readonly #parked = new Map<string, Parked>();
  #input: JsonObject = {};
  #state: RunState | undefined;
  #events = 0;
  #end:
    | {
        readonly status: RehearsedRun["status"];
        readonly output: Json;
        readonly error: ErrorRecord | null;
        readonly at: number;
      }
    | undefined;

  constructor(world: World, plan: RunPlan) {
    this.#world = world;
    this.#plan = plan;
    const records = [...plan.workflow.steps.values()].map(({ id, kind, compensates }): StepRecord => {
      return { ...pendingStep(id, kind), ...(compensates === undefined ? {} : { compensates }) };
    });
    this.#records = new Map(records.map((record) => [record.id, record]));
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  get endedAt(): number | null {
    return this.#end?.at ?? null;
  }

  async begin(input: Json): Promise<void> {
    try {
      this.#input = this.#plan.workflow.checkInput(input);
    } catch (error) {
      return this.fail(toErrorRecord(error));
    }
    await this.#take(decideStart(this.#plan.driver, this.#input, this.#world.timeline.now));
  }

  async happen(due: Due): Promise<void> {
    const { actor, epoch } = due;
    // A child run may end because its step is not wanted any more.
    if (!this.isOpen || this.#state?.active[actor]?.epoch !== epoch) return;
    switch (due.type) {
      case "timer":
        return this.#decide({ type: "timer", actor, epoch });
      case "begin":
        return this.#ending(due, due.attempt, await this.#attempt(due, due.attempt));
      case "resume": {
        const parked = this.#parked.get(dispatchOf(due));
        return parked && this.#ending(due, parked.attempt, await this.#resumed(due, parked));
      }
      case "end": {
        const delivery = this.#conclude(due);
        return delivery && this.#decide(delivery);
      }
      default:
        assertNever(due);
    }
  }

  async cancel(reason: string): Promise<void> {
    if (this.isOpen) await this.#decide({ type: "cancel", by: "the run that started it", reason });
  }

  /** It fails with what is no step's doing. */
  fail(error: ErrorRecord): void {
    this.#finish("failed", null, error);
  }

  told(): RehearsedRun {
    const { status = "stopped", output = null, error = null } = this.#end ?? {};
    const steps = [...this.#records.values()].filter(
      (step) => step.compensates === undefined || step.status !== "pending",
    );
    return {
      status,
      output,
      error,
      steps,
      compensated: [...this.#compensated],
      rendered: this.#rendered,
      outputs: this.#outputs,
      blocks: new Map([...this.#blocks].map(([step, runs]) => [step, runs.told()])),
    };
  }

  async #decide(entry: InboxEntry): Promise<void> {
    if (this.#state) await this.#take(decideNext(this.#plan.driver, this.#state, [entry], this.#world.timeline.now));
  }

  /** A transition has been made, and perhaps the run's end with it. */
  async #take(first: Transition): Promise<void> {
    let transition = first;
    for (;;) {
      await this.#open(transition);
      const { ending, state } = transition;
      if (!ending) return;
      if (ending.status !== "succeeded") return this.#finish(ending.status, null, ending.error ?? null);
      const concluded = await this.#conclusion(state.failed ?? []);
      if ("output" in concluded) return this.#finish("succeeded", concluded.output, null);
      transition = decideRefusal(this.#plan.driver, bare(state), concluded.error, this.#world.timeline.now);
    }
  }

  /** The run's output, or why it cannot succeed after all. */
  async #conclusion(failed: readonly string[]): Promise<{ readonly output: Json } | { readonly error: ErrorRecord }> {
    const { workflow } = this.#plan;
    try {
      const refused = workflow.tolerate(failed);
      if (refused) throw refused;
      return { output: workflow.checkOutput(await workflow.renderOutput(this.#scope(workflow.outputReads))) };
    } catch (error) {
      return { error: toErrorRecord(error) };
    }
  }

  #finish(status: RehearsedRun["status"], output: Json, error: ErrorRecord | null): void {
    const { timeline } = this.#world;
    this.#end = { status, output, error, at: timeline.now };
    timeline.keep(({ run }) => run !== this);
    this.#plan.ended();
  }

  async #open(transition: Transition): Promise<void> {
    const { timeline } = this.#world;
    for (const event of transition.events) this.#tell(event);
    for (const [step, output] of Object.entries(transition.outputs)) this.#outputs.set(step, output);
    this.#state = transition.state;
    const { active } = transition.state;
    timeline.keep(({ run, actor, epoch }) => run !== this || active[actor]?.epoch === epoch);
    for (const { actor, epoch, kind, dueAt } of transition.opened) {
      const what = { run: this, actor, epoch, at: Math.max(dueAt, timeline.now) };
      timeline.add(kind === "timer" ? { ...what, type: "timer" } : { ...what, type: "begin", attempt: 1 });
    }
    const unwanted = [...this.#blocks].filter(([step, { epoch }]) => active[step]?.epoch !== epoch);
    for (const [, runs] of unwanted) await runs.cancel("The step that started it is not wanted any more.");
  }

  #tell(event: EventBody): void {
    if (!("step" in event)) return;
    const record = this.#records.get(event.step);
    const at = this.#world.timeline.now;
    if (record) this.#records.set(event.step, stepAfter(record, { ...event, seq: ++this.#events, at }));
  }

  /** How an attempt will end; undefined if nobody wrote that. */
  async #attempt(due: Due, attempt: number): Promise<AttemptEnding | "parked" | undefined> {
    const { actor } = due;
    const { workflow, scripts } = this.#plan;
    const step = workflow.steps.get(actor);
    this.#tell({ type: "step.started", step: actor, attempt, worker: "rehearsal" });
    if (step?.compensates !== undefined) this.#compensated.add(step.compensates);
    try {
      const body = step && (await step.render(this.#scope(step.reads)));
      if (body !== undefined) this.#rendered.set(actor, body);
      const script = scripts.get(actor);
      if (script || !step) return scripted(script, attempt, step?.timeoutMs);
      return await this.#execute(due, step, { attempt, body: body ?? null, memo: null });
    } catch (error) {
      return { type: "error", error: toErrorRecord(error), isRetryable: false, takesMs: 0 };
    }
  }

  async #resumed(due: Due, parked: Parked): Promise<AttemptEnding | "parked" | undefined> {
    const step = this.#plan.workflow.steps.get(due.actor);
    try {
      return step && (await this.#execute(due, step, parked));
    } catch (error) {
      return { type: "error", error: toErrorRecord(error), isRetryable: false, takesMs: 0 };
    }
  }

  async #execute(due: Due, step: CompiledStep, parked: Parked): Promise<AttemptEnding | "parked" | undefined> {
    const handler = this.#world.handlers.get(step.kind);
    if (!handler) return undefined;
    const runs = this.#runsOf(due, step);
    const { attempt, body, memo } = parked;
    const given = memo !== null && step.resumesBare ? null : body;
    const workflow = this.#plan.workflow.name;
    const ending = await executed(handler, { step, body: given, attempt, workflow, memo, ...runs.given });
    if (ending?.type !== "parked") return ending;
    this.#parked.set(dispatchOf(due), { ...parked, memo: ending.memo });
    return "parked";
  }

  /** The child runs of a dispatch of a step. */
  #runsOf({ actor, epoch }: Due, step: CompiledStep): BlockRuns {
    const known = this.#blocks.get(actor);
    if (known?.epoch === epoch) return known;
    const { timeline, kindOf, compiled } = this.#world;
    const { path, within, scripts } = this.#plan;
    const resume = (): Due => ({ run: this, actor, epoch, type: "resume", at: timeline.now });
    const isResumed = (due: Due) => due.run === this && due.actor === actor && due.type === "resume";
    const runs = new BlockRuns({
      step: actor,
      epoch,
      path: [path, actor].filter((part) => part !== "").join("."),
      within,
      scripts,
      repeats: kindOf(step.kind)?.repeats,
      compiled,
      run: (plan) => new Rehearsal(this.#world, plan),
      // Several that end at one moment wake it once.
      wake: () => void (timeline.has(isResumed) || timeline.add(resume())),
    });
    this.#blocks.set(actor, runs);
    return runs;
  }

  #ending(due: Due, attempt: number, ending: AttemptEnding | "parked" | undefined): void {
    const { actor, epoch } = due;
    if (ending === "parked") return;
    this.#parked.delete(dispatchOf(due));
    const { timeline } = this.#world;
    if (ending)
      timeline.add({ run: this, actor, epoch, type: "end", attempt, at: timeline.now + ending.takesMs, ending });
    else if (!this.#world.unscripted) {
      const { path, within } = this.#plan;
      this.#world.unscripted = { step: path === "" ? actor : `${path}.${actor}`, attempt, within };
    }
  }

  /** What templates that read these steps can see; a skipped one gives null. */
  #scope(reads: readonly string[]): Scope {
    const outputs = reads.map((id) => [id, this.#outputs.get(id) ?? null] as const);
    const { env } = this.#world;
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
    const step = this.#plan.workflow.steps.get(actor);
    if (step && attempt < step.retry.attempts && mayRetry(ending, step.retry)) {
      const delayMs = backoffMs(step.retry, attempt, 0.5);
      this.#tell({ type: "step.retrying", ...head, error, delayMs });
      const { timeline } = this.#world;
      timeline.add({ run: this, actor, epoch, type: "begin", attempt: attempt + 1, at: timeline.now + delayMs });
      return undefined;
    }
    const event: EventBody = { type: "step.failed", ...head, error };
    if (step?.onError.type !== "go_on") return { type: "error", actor, epoch, error, event };
    return { type: "done", actor, epoch, output: step.onError.output, event: { ...event, tolerated: true } };
  }
}

function dispatchOf({ actor, epoch }: Due): string {
  return `${actor}|${epoch}`;
}

/** A run that has just ended, to be taken up again. */
function bare(state: RunState): Transition {
  return { state, outputs: {}, events: [], opened: [], closed: [], abandoned: [], ending: null };
}

function mayRetry(
  { isRetryable, failureClass }: Extract<AttemptEnding, { type: "error" }>,
  { on }: RetryPolicy,
): boolean {
  return isRetryable && (on === null || (failureClass !== undefined && on.includes(failureClass)));
}
