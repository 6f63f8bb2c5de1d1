import type { Priority } from "../core/priority.ts";
import type { CompiledWorkflow } from "../workflow/compiled.ts";
import type { Begun } from "./beginning.ts";
import type { Conclusion } from "./conclude.ts";
import type { CrashHook } from "./crash-point.ts";
import { decideNext } from "./decide.ts";
import type { Definitions, LoadedWorkflow } from "./definitions.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Handover } from "./handovers.ts";
import { plannedJob } from "./job.ts";
import { RecentStates } from "./recent.ts";
import type { Along, CommitContent, Delivered, Execution, Held, RunStore } from "./run-store.ts";
import type { AbandonedStep, Delivery, Dispatch, RunState, Transition } from "./state.ts";

/** What folding needs. */
export interface FoldParts {
  readonly store: RunStore;
  readonly definitions: Definitions;
  readonly dispatcher: Dispatcher;
  readonly conclusion: Conclusion;
  readonly crash: CrashHook;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Removes what a run that has ended leaves behind. */
  readonly closed: (runId: string, last: RunState) => Promise<void>;
  /** Ends the work on steps that nobody wants any more while the run goes on: their calls, their waiting jobs, their child runs. */
  readonly abandon: (runId: string, steps: Transition["abandoned"]) => Promise<void>;
  /** Adds the jobs that a run needs and that are not there. */
  readonly restore: (runId: string) => Promise<unknown>;
  /** Random token that names one holder. */
  readonly token: () => string;
}

/** The run that jobs are added for. */
interface RunOfJobs {
  readonly runId: string;
  readonly priority?: Priority | undefined;
}

/** How a worker's visit to a run ended. `busy`: another holds it; come back when its lease has passed. */
export type Visit = { readonly type: "done" } | { readonly type: "busy"; readonly leaseMs: number };

/** An attempt's outcome together with the state that its attempt began on, for the short way of {@link Folder.settle}. */
export interface Settlement {
  readonly execution: Execution;
  readonly delivery: Delivery;
  /** Null: nothing with a known price was called. */
  readonly costUsd: number | null;
  readonly workflow: LoadedWorkflow;
  readonly begun: Pick<Begun, "input" | "state" | "rev">;
}

/**
 * Brings outcomes into a run: deliver, and whoever gets the lease decides, commits and dispatches for all.
 * A visit ends only after the jobs that follow are added, so that a job which dies on the way is repeated and adds them.
 */
export class Folder {
  /** What this process committed last. */
  readonly recent = new RecentStates();
  readonly #parts: FoldParts;

  constructor(parts: FoldParts) {
    this.#parts = parts;
  }

  /** Delivers an outcome, trying first to commit at once what it means for the state that the attempt began on. */
  async settle(settlement: Settlement, handover?: Handover): Promise<Visit> {
    const { execution, delivery, costUsd, workflow } = settlement;
    const { input, state, rev } = settlement.begun;
    const { store, conclusion, clock, crash } = this.#parts;
    const now = clock();
    const decided = decideNext(workflow.driver, state, [delivery], now);
    const content = await conclusion.of(execution.runId, workflow, input, decided, now);
    const { transition } = content;
    const along = await this.#along(execution, workflow, transition, now);
    const { type } = await store.settle(execution, costUsd, rev, content, along ? { ...along, handover } : {});
    if (type === "moved") return this.deliver(execution, delivery, costUsd);
    if (type === "stale") return this.refused(execution);
    crash("after-deliver", execution.actor);
    crash("after-commit", execution.actor);
    if (transition.ending) this.recent.forget(execution.runId);
    else this.recent.set(execution.runId, { commit: content.id, state: transition.state });
    if (!along || type === "ended") await this.#finish(execution, workflow, content, transition);
    crash("after-dispatch", execution.actor);
    return { type: "done" };
  }

  /** Delivers an outcome, or with null only folds what waits in the inbox. */
  async deliver(execution: Execution, delivery: Delivery | null, costUsd: number | null = null): Promise<Visit> {
    const holder = this.#parts.token();
    const reply = await this.#parts.store.deliver(holder, execution, delivery, costUsd);
    this.#parts.crash("after-deliver", execution.actor);
    return this.#goOn(execution, holder, reply);
  }

  /** Folds what waits in the inbox, for an execution that comes again: the former one may also have died between its commit and the adding of jobs. */
  async again(execution: Execution): Promise<Visit> {
    const visit = await this.deliver(execution, null);
    return visit.type === "done" ? this.refused(execution) : visit;
  }

  /** What a worker does whose fence no longer holds: its own result is dropped, but whoever took over may have died before adding jobs. */
  async refused({ runId }: Execution): Promise<Visit> {
    await this.#parts.restore(runId);
    return { type: "done" };
  }

  /** Adds the job in which a parked step goes on by itself. */
  async sleep(
    { runId, actor, epoch, priority }: Execution,
    how: {
      readonly version: number;
      readonly compiled: CompiledWorkflow;
      readonly until: number;
      readonly times: number;
    },
  ): Promise<void> {
    const { compiled, version, until, times } = how;
    const kind = compiled.steps.get(actor)?.kind ?? "";
    const place = {
      runId,
      version,
      workflow: compiled,
      place: "front",
      now: this.#parts.clock(),
      times,
      priority,
    } as const;
    await this.#parts.dispatcher.add([plannedJob({ actor, epoch, kind, dueAt: until }, place)]);
  }

  async #goOn(execution: Execution, holder: string, reply: Delivered): Promise<Visit> {
    switch (reply.type) {
      case "held":
        await this.#fold(execution, holder, reply);
        return { type: "done" };
      case "left":
        return { type: "done" };
      case "busy":
        return reply;
      case "stale":
        return this.refused(execution);
    }
  }

  async #fold({ runId, actor }: Execution, holder: string, held: Held): Promise<void> {
    const { store, definitions, conclusion, clock, crash } = this.#parts;
    const workflow = await definitions.load(held.workflow, held.version);
    let { state, inbox } = held;
    let content: CommitContent | undefined;
    const opened = new Map<string, Dispatch>();
    const abandoned: AbandonedStep[] = [];
    for (;;) {
      const now = clock();
      content = await conclusion.of(runId, workflow, held.input, decideNext(workflow.driver, state, inbox, now), now);
      const { transition } = content;
      const reply = await store.commit(runId, holder, inbox.length, content);
      if (reply.type === "lost") {
        await this.#parts.restore(runId);
        return;
      }
      crash("after-commit", actor);
      if (transition.ending) this.recent.forget(runId);
      for (const closed of transition.closed) opened.delete(closed);
      for (const dispatch of transition.opened) opened.set(dispatch.actor, dispatch);
      abandoned.push(...transition.abandoned);
      state = transition.state;
      if (reply.type !== "more") break;
      inbox = reply.inbox;
    }
    await this.#finish({ runId, priority: held.priority }, workflow, content, {
      opened: [...opened.values()],
      abandoned,
    });
    crash("after-dispatch", actor);
  }

  async #finish(
    run: RunOfJobs,
    workflow: LoadedWorkflow,
    content: CommitContent,
    { opened, abandoned }: Pick<Transition, "opened" | "abandoned">,
  ): Promise<void> {
    const { runId } = run;
    const { closed, abandon } = this.#parts;
    const { ending, state } = content.transition;
    if (ending) return closed(runId, state);
    if (abandoned.length > 0) await abandon(runId, abandoned);
    await this.#parts.dispatcher.add(this.#planned(run, workflow, opened, this.#parts.clock()));
  }

  /** What goes with the commit: the jobs that follow, or that the run is closed; null: it is done after that. @param now epoch milliseconds */
  async #along(
    run: RunOfJobs,
    workflow: LoadedWorkflow,
    { opened, abandoned, ending, state }: Transition,
    now: number,
  ): Promise<Pick<Along, "jobs" | "closes"> | null> {
    if (abandoned.length > 0) return null;
    if (ending) return Object.keys(state.left ?? {}).length > 0 ? null : { closes: true };
    const jobs = await this.#parts.dispatcher.values(this.#planned(run, workflow, opened, now), now);
    return jobs && { jobs };
  }

  #planned(
    { runId, priority }: RunOfJobs,
    { version, compiled }: LoadedWorkflow,
    opened: readonly Dispatch[],
    now: number,
  ) {
    const place = { runId, version, workflow: compiled, place: "front", now, priority } as const;
    return opened.map((dispatch) => plannedJob(dispatch, place));
  }
}
