import { assertNever, type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { CompiledStep, Scope } from "../../workflow/compiled.ts";
import { scopeOf } from "../conclude.ts";
import { decideNext, decideRefusal, decideStart } from "../decide.ts";
import type { Delivery, InboxEntry, RunState, Transition } from "../state.ts";
import { attemptEnd } from "./attempt-end.ts";
import { BlockRuns } from "./block-runs.ts";
import { conclusionOf } from "./conclusion.ts";
import { executed } from "./execute.ts";
import { fitEnding } from "./fit.ts";
import type { RehearsedRun, Unscripted } from "./rehearsed-run.ts";
import { RunRecords } from "./run-records.ts";
import { type AttemptEnding, scripted, scriptOfTurn } from "./script.ts";
import type { Due, DueOfActor, DueSignal, RunPlan, TimedRun, World } from "./world.ts";

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
  readonly #records: RunRecords;
  readonly #rendered = new Map<string, Json>();
  readonly #outputs = new Map<string, Json>();
  readonly #compensated = new Set<string>();
  readonly #blocks = new Map<string, BlockRuns>();
  readonly #parked = new Map<string, Parked>();
  #input: JsonObject = {};
  #state: RunState | undefined;
  /** How often a machine has invoked a step. */
  readonly #turns = new Map<string, number>();
  #end: (Pick<RehearsedRun, "status" | "output" | "error"> & { readonly at: number }) | undefined;

  constructor(world: World, plan: RunPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#records = new RunRecords(plan.workflow.steps, () => world.timeline.now);
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
    if (due.type === "signal") return this.#signal(due);
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

  /** Nothing happens to it any more. */
  wait(): void {
    this.#finish("waiting", null, null);
  }

  told(): RehearsedRun {
    const { status = "stopped", output = null, error = null } = this.#end ?? {};
    const { began, emitted } = this.#records;
    const { trace, signals } = this.#plan.machine ?? {};
    return {
      status,
      output,
      error,
      steps: this.#records.steps(),
      began,
      compensated: [...this.#compensated],
      rendered: this.#rendered,
      outputs: this.#outputs,
      ...(trace && signals
        ? { machine: { machines: trace.machines, emitted, unsent: signals.unsent(), place: trace.place("") } }
        : {}),
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
      if (!ending) return this.#await();
      if (ending.status !== "succeeded") return this.#finish(ending.status, null, ending.error ?? null);
      const { workflow } = this.#plan;
      const end = { output: ending.output, failed: state.failed ?? [] };
      const concluded = await conclusionOf(workflow, end, (reads) => this.#scope(reads));
      if ("output" in concluded) return this.#finish("succeeded", concluded.output, null);
      transition = decideRefusal(this.#plan.driver, bare(state), concluded.error, this.#world.timeline.now);
    }
  }

  /** The next signal of the test may have its turn now. */
  #await(): void {
    const { timeline } = this.#world;
    const { trace, signals } = this.#plan.machine ?? {};
    const signal = signals?.due((state) => trace?.isIn("", state) === true);
    if (signal) timeline.add({ type: "signal", run: this, at: timeline.now + signal.afterMs, signal });
  }

  async #signal({ signal: { name, payload } }: DueSignal): Promise<void> {
    this.#plan.machine?.signals.sent();
    await this.#decide({ type: "event", event: { ...payload, type: name } });
  }

  #finish(status: RehearsedRun["status"], output: Json, error: ErrorRecord | null): void {
    const { timeline } = this.#world;
    this.#end = { status, output, error, at: timeline.now };
    timeline.keep(({ run }) => run !== this);
    this.#plan.ended();
  }

  async #open(transition: Transition): Promise<void> {
    const { timeline } = this.#world;
    for (const event of transition.events) this.#records.tell(event);
    for (const [step, output] of Object.entries(transition.outputs)) this.#outputs.set(step, output);
    this.#state = transition.state;
    const { active } = transition.state;
    timeline.keep((due) => due.run !== this || due.type === "signal" || active[due.actor]?.epoch === due.epoch);
    for (const { actor, epoch, kind, dueAt } of transition.opened) {
      const what = { run: this, actor, epoch, at: Math.max(dueAt, timeline.now) };
      timeline.add(kind === "timer" ? { ...what, type: "timer" } : { ...what, type: "begin", attempt: 1 });
    }
    const unwanted = [...this.#blocks].filter(([step, { epoch }]) => active[step]?.epoch !== epoch);
    for (const [, runs] of unwanted) await runs.cancel("The step that started it is not wanted any more.");
  }

  /** How an attempt will end; undefined if nobody wrote that. */
  async #attempt(due: DueOfActor, attempt: number): Promise<AttemptEnding | "parked" | undefined> {
    const { actor } = due;
    const { workflow, scripts } = this.#plan;
    const step = workflow.steps.get(actor);
    if (attempt === 1) this.#turns.set(actor, (this.#turns.get(actor) ?? 0) + 1);
    this.#records.tell({ type: "step.started", step: actor, attempt, worker: "rehearsal" });
    if (step?.compensates !== undefined) this.#compensated.add(step.compensates);
    try {
      const given = step?.given?.(this.#state?.active[actor]?.input ?? null);
      const body = step && (given ? given.body : await step.render(this.#scope(step.reads)));
      if (body !== undefined) this.#rendered.set(actor, body);
      const script = scriptOfTurn(scripts.get(actor), this.#turns.get(actor) ?? 1);
      if (scripts.has(actor) || !step) {
        const ending = scripted(script, attempt, step?.timeoutMs);
        if (!ending || !step || !this.#plan.machine) return ending;
        const fitted = fitEnding(ending, this.#world.kindOf(step.kind), body ?? null);
        if (typeof fitted !== "string") return fitted;
        return this.#stop(actor, attempt, { why: fitted });
      }
      return await this.#execute(due, step, { attempt, body: body ?? null, memo: null });
    } catch (error) {
      return { type: "error", error: toErrorRecord(error), isRetryable: false, takesMs: 0 };
    }
  }

  async #resumed(due: DueOfActor, parked: Parked): Promise<AttemptEnding | "parked" | undefined> {
    const step = this.#plan.workflow.steps.get(due.actor);
    try {
      return step && (await this.#execute(due, step, parked));
    } catch (error) {
      return { type: "error", error: toErrorRecord(error), isRetryable: false, takesMs: 0 };
    }
  }

  async #execute(due: DueOfActor, step: CompiledStep, parked: Parked): Promise<AttemptEnding | "parked" | undefined> {
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
  #runsOf({ actor, epoch }: DueOfActor, step: CompiledStep): BlockRuns {
    const known = this.#blocks.get(actor);
    if (known?.epoch === epoch) return known;
    const { timeline, kindOf, compiled, stored } = this.#world;
    const { path, within, scripts } = this.#plan;
    const resume = (): Due => ({ run: this, actor, epoch, type: "resume", at: timeline.now });
    const isResumed = (due: Due) => due.run === this && due.type === "resume" && due.actor === actor;
    const runs = new BlockRuns({
      step: actor,
      epoch,
      path: [path, actor].filter((part) => part !== "").join("."),
      within,
      scripts,
      kind: kindOf(step.kind),
      compiled,
      stored,
      run: (plan) => new Rehearsal(this.#world, plan),
      // Several that end at one moment wake it once.
      wake: () => void (timeline.has(isResumed) || timeline.add(resume())),
    });
    this.#blocks.set(actor, runs);
    return runs;
  }

  #ending(due: DueOfActor, attempt: number, ending: AttemptEnding | "parked" | undefined): void {
    const { actor, epoch } = due;
    if (ending === "parked") return;
    this.#parked.delete(dispatchOf(due));
    const { timeline } = this.#world;
    if (ending)
      timeline.add({ run: this, actor, epoch, type: "end", attempt, at: timeline.now + ending.takesMs, ending });
    else if (!this.#world.unscripted) this.#stop(actor, attempt);
  }

  /** Nothing happens after an attempt that has no result, or one that it could not have. */
  #stop(actor: string, attempt: number, how: Pick<Unscripted, "why"> = {}): undefined {
    const { path, within, machine } = this.#plan;
    const turn = machine ? { turn: this.#turns.get(actor) ?? 1 } : {};
    this.#world.unscripted = { step: path === "" ? actor : `${path}.${actor}`, attempt, within, ...turn, ...how };
  }

  /** What templates that read these steps can see; a skipped one gives null. */
  #scope(reads: readonly string[]): Scope {
    const outputs = reads.map((id) => [id, this.#outputs.get(id) ?? null] as const);
    const { env } = this.#world;
    return { ...scopeOf(this.#input, outputs), ...(env ? { env } : {}) };
  }

  /** @returns undefined if another attempt follows */
  #conclude(due: Extract<DueOfActor, { type: "end" }>): Delivery | undefined {
    const { actor, epoch, attempt } = due;
    const end = attemptEnd(due, this.#plan.workflow.steps.get(actor));
    if (end.type === "delivery") return end.delivery;
    this.#records.tell(end.event);
    const { timeline } = this.#world;
    timeline.add({ run: this, actor, epoch, type: "begin", attempt: attempt + 1, at: timeline.now + end.delayMs });
    return undefined;
  }
}

function dispatchOf({ actor, epoch }: DueOfActor): string {
  return `${actor}|${epoch}`;
}

/** A run that has just ended, to be taken up again. */
function bare(state: RunState): Transition {
  return { state, outputs: {}, events: [], opened: [], closed: [], abandoned: [], ending: null };
}
