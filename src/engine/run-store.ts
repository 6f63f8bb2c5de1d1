import type { Redis } from "ioredis";
import type { Json, JsonObject } from "../core/json.ts";
import { isPriority, type Priority } from "../core/priority.ts";
import type { EventBody, RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import type { ScriptValue } from "../redis/script.ts";
import { type Beginning, parseBeginning } from "./beginning.ts";
import { CommandStore } from "./command-store.ts";
import type { Handover } from "./handovers.ts";
import type { RecentState } from "./recent.ts";
import { type Execution, fenceArgs, parse, RunScripts, text, unexpected } from "./run-scripts.ts";
import type { Delivery, InboxEntry, RunState, Transition } from "./state.ts";
import { WaitingStore } from "./waiting-store.ts";

export type { Execution } from "./run-scripts.ts";

/** How long a holder may take for one fold. Less than a job's lock: a re-delivered job finds its dead former self's lease gone. */
export const leaseMs = 1_500;

/** How an attempt ends that settles nothing. */
export interface Suspension {
  /** Whether the attempt does not count. */
  readonly refund: boolean;
  readonly costUsd: number | null;
  readonly event: EventBody | null;
  /** Providers that the next attempt tries last. */
  readonly avoid: readonly string[];
  /** Given: the step is parked. */
  readonly park?: Parking;
}

/** How a step waits for something that is no job's doing. */
export interface Parking {
  /** Epoch milliseconds at which it goes on by itself; null: only when it is woken. */
  readonly until: number | null;
  /** Kept for the execution that goes on. */
  readonly memo: Json;
  /** Name of the signal that wakes it; null: none does. */
  readonly signal: string | null;
}

/** What came of suspending. `times`: how often this dispatch was parked. */
export type Suspended =
  | { readonly type: "done"; readonly times: number }
  /** What it would be parked for is there already. */
  | { readonly type: "woken" }
  | { readonly type: "stale" };

/** A run that this worker holds: only it may commit until the lease passes. */
export interface Held {
  readonly workflow: string;
  readonly version: number;
  readonly input: JsonObject;
  /** Absent: normal. */
  readonly priority: Priority | undefined;
  readonly state: RunState;
  readonly inbox: readonly InboxEntry[];
}

/** What a delivery came to. */
export type Delivered =
  | ({ readonly type: "held" } & Held)
  | { readonly type: "left" | "stale" }
  | { readonly type: "busy"; readonly leaseMs: number };

/** What a commit stores, ready for Redis. */
export interface CommitContent {
  /** Unique to the transition, so that a commit sent twice is recognised. */
  readonly id: string;
  readonly transition: Transition;
  readonly status: RunStatus;
  /** Events of the transition and, at the end of a run, its terminal one. */
  readonly events: readonly EventBody[];
  /** Whether a run that is paused goes on. */
  readonly unpauses?: boolean;
  /** Set when the status is terminal. */
  readonly output?: Json;
  readonly error?: Json;
}

/** The scripts of a run as functions. Each is atomic, and may be sent twice; only {@link note} then leaves two lines. */
export class RunStore {
  /** What a step's handler keeps and takes. */
  readonly waiting: WaitingStore;
  /** What comes from outside of the run's jobs. */
  readonly commands: CommandStore;
  readonly #scripts: RunScripts;

  constructor(redis: Redis, keys: Keys) {
    this.#scripts = new RunScripts(redis, keys);
    this.waiting = new WaitingStore(this.#scripts, redis, keys);
    this.commands = new CommandStore(this.#scripts);
  }

  /** Writes a new run with its first transition. @returns false: a run of that id exists already; it is left as it is. */
  async create(
    runId: string,
    fields: Readonly<Record<string, string>>,
    created: EventBody,
    content: CommitContent,
  ): Promise<boolean> {
    const pairs = Object.entries(fields);
    const args = [JSON.stringify(created), pairs.length, ...pairs.flat(), ...transitionArgs(content)];
    const [word] = await this.#scripts.run("create", runId, args);
    return word === "created";
  }

  /**
   * Begins an attempt. @param allowed attempts that the step's policy allows. @param recent the run's state as this process last saw it.
   * @param bare whether the step wants nothing but its memo, where there is one.
   */
  async begin(
    execution: Execution,
    allowed: number,
    worker: string,
    reads: readonly string[],
    recent?: RecentState,
    bare = false,
  ): Promise<Beginning> {
    const args = [
      ...fenceArgs(execution),
      execution.times ?? "",
      allowed,
      worker,
      recent?.commit ?? "",
      bare ? "bare" : "",
      ...reads,
    ];
    return parseBeginning(execution, await this.#scripts.run("begin", execution.runId, args), recent);
  }

  /** Ends an attempt that settles nothing; with `park` the step then waits for something that is no job's doing. */
  async suspend(execution: Execution, { refund, costUsd, event, avoid, park }: Suspension): Promise<Suspended> {
    const args = [...fenceArgs(execution), refund ? "refunded" : "spent", costUsd ?? "", text(event), avoid.join()];
    const parking = park ? [park.until ?? 0, text(park.memo), park.signal ?? ""] : [];
    const [word, times] = await this.#scripts.run("suspend", execution.runId, [...args, ...parking]);
    return word === "done" ? { type: "done", times: Number(times) } : { type: word === "woken" ? "woken" : "stale" };
  }

  /** Adds a line to the history of the attempt under way; sent twice, it adds two. @returns false: the fence no longer holds. */
  async note(execution: Execution, event: EventBody): Promise<boolean> {
    const [word] = await this.#scripts.run("note", execution.runId, [...fenceArgs(execution), text(event)]);
    return word === "done";
  }

  /** Takes the lease of a run, delivering an outcome first if there is one. */
  async deliver(
    holder: string,
    execution: Execution,
    delivery: Delivery | null,
    costUsd: number | null,
  ): Promise<Delivered> {
    const args = [holder, leaseMs, ...deliveryArgs(execution, delivery), costUsd ?? ""];
    return parseDelivered(await this.#scripts.run("deliver", execution.runId, args));
  }

  /** Stores a transition of a held run. */
  async commit(
    runId: string,
    holder: string,
    folded: number,
    content: CommitContent,
  ): Promise<{ type: "done" } | { type: "lost" } | { type: "more"; inbox: readonly InboxEntry[] }> {
    const args = [holder, leaseMs, folded, ...transitionArgs(content)];
    const [word, ...inbox] = await this.#scripts.run("commit", runId, args);
    if (word === "more") return { type: "more", inbox: inbox.map((entry) => parse(entry) as unknown as InboxEntry) };
    if (word === "done" || word === "lost") return { type: word };
    throw unexpected("commit", word);
  }

  /**
   * Delivers an outcome and commits what it means, if nothing happened to the run since `rev`; with it go the jobs that follow or the run's end, and the rest of a worker's handover.
   * `ended`: the run was to be closed, but others are to be told of its end first; its job is not finished. `moved`: nothing is done; deliver it.
   */
  async settle(
    execution: Execution,
    costUsd: number | null,
    rev: number,
    content: CommitContent,
    { jobs = [], closes = false, handover }: Along = {},
  ): Promise<{ readonly type: SettleWord }> {
    const finish = handover?.finish() ?? [];
    const args = [
      ...fenceArgs(execution),
      costUsd ?? "",
      rev,
      jobs.length,
      jobs[0]?.length ?? 0,
      finish.length,
      handover?.next ?? "",
      handover?.worker ?? "",
      closes ? 1 : 0,
      ...jobs.flat(),
      ...finish,
      ...transitionArgs(content),
    ];
    const [word, taken, begun] = (await this.#scripts.run("settle", execution.runId, args)) as unknown as SettleReply;
    if (!settleWords.includes(word)) throw unexpected("settle", word);
    if (taken === undefined) handover?.kept();
    else handover?.took(taken, begun, { commit: content.id, state: content.transition.state });
    return { type: word };
  }
}

/** What goes with a commit. */
export interface Along {
  /** Jobs that follow from it, each as BullMQ's script is given it. Default: none. */
  readonly jobs?: readonly (readonly ScriptValue[])[];
  /** Whether the run ends, leaves no jobs behind, and is to be closed. Default: no. */
  readonly closes?: boolean;
  /** Absent: its job is finished by the worker. */
  readonly handover?: Handover | undefined;
}

const settleWords = ["done", "ended", "moved", "stale"] as const;

type SettleWord = (typeof settleWords)[number];

/** `taken`: what moveToFinished answers. */
type SettleReply = readonly [word: SettleWord, taken?: unknown, begun?: readonly string[]];

function transitionArgs({
  id,
  transition,
  status,
  events,
  output,
  error,
  unpauses,
}: CommitContent): (string | number)[] {
  const { state, opened } = transition;
  const abandoned = transition.abandoned.map(({ actor }) => actor);
  const closed = transition.closed.filter((actor) => !abandoned.includes(actor));
  const outputs = Object.entries(transition.outputs);
  return [
    id,
    JSON.stringify(state),
    status,
    text(output ?? null),
    text(error ?? null),
    [outputs.length, opened.length, closed.length, abandoned.length, events.length, unpauses ? 1 : 0].join(),
    ...outputs.flatMap(([step, value]) => [step, JSON.stringify(value)]),
    ...opened.flatMap(({ actor, epoch }) => [actor, epoch]),
    ...closed,
    ...abandoned,
    ...events.map((event) => JSON.stringify(event)),
  ];
}

function deliveryArgs(execution: Execution, delivery: Delivery | null): (string | number)[] {
  if (!delivery) return ["", 0, "", ""];
  return [delivery.actor, delivery.epoch, execution.token, JSON.stringify(delivery)];
}

function parseDelivered(reply: readonly string[]): Delivered {
  const [word, ...rest] = reply;
  switch (word) {
    case "held": {
      const [workflow = "", version, , state, input, priority, ...inbox] = rest;
      return {
        type: "held",
        workflow,
        version: Number(version),
        input: parse(input) as JsonObject,
        priority: isPriority(priority) ? priority : undefined,
        state: parse(state) as unknown as RunState,
        inbox: inbox.map((entry) => parse(entry) as unknown as InboxEntry),
      };
    }
    case "busy":
      return { type: "busy", leaseMs: Math.max(0, Number(rest[0])) };
    case "left":
    case "stale":
      return { type: word };
    default:
      throw unexpected("deliver", word);
  }
}
