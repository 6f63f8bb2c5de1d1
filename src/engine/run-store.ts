import type { Redis } from "ioredis";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { EventBody, RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import type { RecentState } from "./recent.ts";
import type { CancelCommand, Delivery, InboxEntry, RunState, Transition } from "./state.ts";

const script = (name: string) => loadScript(name, new URL(`./lua/${name}.lua`, import.meta.url));
const scripts = {
  create: script("create"),
  begin: script("begin"),
  suspend: script("suspend"),
  note: script("note"),
  deliver: script("deliver"),
  commit: script("commit"),
  settle: script("settle"),
  wake: script("wake"),
  signal: script("signal"),
  take: script("take"),
  save: script("save"),
  stow: script("stow"),
  adopt: script("adopt"),
  post: script("post"),
  pause: script("pause"),
};

/** Values put aside by one script call. */
const stowedAtOnce = 500;

/** This execution counts no more: what it does further is for nobody. */
export class FenceLost extends Error {
  constructor() {
    super("another execution of the step has taken over, or nobody wants it any more");
    this.name = "FenceLost";
  }
}

/** How long a holder may take for one fold. Less than a job's lock: a re-delivered job finds its dead former self's lease gone. */
export const leaseMs = 1_500;

/** One execution of a dispatched actor: what the fence is compared with. */
export interface Execution {
  readonly runId: string;
  readonly actor: string;
  readonly epoch: number;
  /** Unique to this execution of the job; "" for actors that are not begun (timers). */
  readonly token: string;
  /** Number of the parking that its job follows; absent: none. */
  readonly times?: number;
}

/** An attempt as begun, with what the step reads. */
export interface Begun {
  readonly attempt: number;
  /** Attempts of this dispatch that ended before it. One whose worker died did not end: its calls are repeated under the same idempotency keys. */
  readonly ended: number;
  /** Providers that failed the attempt before. */
  readonly avoid: readonly string[];
  /** Milliseconds since the first attempt of this dispatch began, by Redis's clock. */
  readonly waitedMs: number;
  /** Whether it has its memo alone: input, state and outputs are not loaded. */
  readonly isBare: boolean;
  readonly input: JsonObject;
  readonly hints: Hints;
  readonly rev: number;
  readonly state: RunState;
  /** What a former execution of this dispatch kept for this one; null: nothing. */
  readonly memo: Json;
  /** In the order asked; null: the step has none (skipped). */
  readonly outputs: readonly Json[];
}

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

/** What a run says to a command from outside. */
export type Refused = { readonly type: "missing" } | { readonly type: "ended"; readonly status: RunStatus };

/** A parked step that was woken: its job is wanted. */
export interface Woken {
  readonly actor: string;
  readonly epoch: number;
  readonly times: number;
}

/** A run that this worker holds: only it may commit until the lease passes. */
export interface Held {
  readonly workflow: string;
  readonly version: number;
  readonly input: JsonObject;
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
  /** Set when the status is terminal. */
  readonly output?: Json;
  readonly error?: Json;
}

/** The scripts of a run as functions. Each is atomic, and may be sent twice; only {@link note} then leaves two lines. */
export class RunStore {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
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
    const [word] = await this.#run("create", runId, args);
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
  ): Promise<
    | ({ type: "begun" } & Begun)
    | { type: "delivered" | "stale" | "paused" }
    | { type: "parked"; waitMs: number | null }
    | { type: "exhausted"; attempts: number; execution: Execution }
  > {
    const reply = await this.#run("begin", execution.runId, [
      ...fenceArgs(execution),
      execution.times ?? "",
      allowed,
      worker,
      recent?.commit ?? "",
      bare ? "bare" : "",
      ...reads,
    ]);
    const [word, attempt, ended, avoid, waited, input, hints, rev, state, memo, ...outputs] = reply;
    switch (word) {
      case "begun":
        return {
          type: "begun",
          attempt: Number(attempt),
          ended: Number(ended),
          avoid: avoid ? avoid.split(",") : [],
          waitedMs: Number(waited),
          isBare: input === "",
          input: parse(input) as JsonObject,
          hints: parse(hints) as Hints,
          rev: Number(rev),
          state: state === "" && recent ? recent.state : (parse(state) as unknown as RunState),
          memo: parse(memo),
          outputs: outputs.map((text) => parse(text)),
        };
      case "exhausted":
        // The script marks the token: this execution may say that the attempts are spent, but not bring an attempt's outcome.
        return {
          type: "exhausted",
          attempts: Number(attempt),
          execution: { ...execution, token: `${execution.token}~` },
        };
      case "parked":
        return { type: "parked", waitMs: Number(attempt) === 0 ? null : Number(attempt) };
      case "delivered":
      case "stale":
      case "paused":
        return { type: word };
      default:
        throw unexpected("begin", word);
    }
  }

  /** Ends an attempt that settles nothing; with `park` the step then waits for something that is no job's doing. */
  async suspend(execution: Execution, { refund, costUsd, event, avoid, park }: Suspension): Promise<Suspended> {
    const args = [...fenceArgs(execution), refund ? "refunded" : "spent", costUsd ?? "", text(event), avoid.join()];
    const parking = park ? [park.until ?? 0, text(park.memo), park.signal ?? ""] : [];
    const [word, times] = await this.#run("suspend", execution.runId, [...args, ...parking]);
    return word === "done" ? { type: "done", times: Number(times) } : { type: word === "woken" ? "woken" : "stale" };
  }

  /** Lets a parked step go on. @param child the run whose end wakes it @returns its job is wanted; undefined: it is at work, or nobody wants it any more */
  async wake(runId: string, actor: string, epoch: number, child: string): Promise<Woken | undefined> {
    const [word, times] = await this.#run("wake", runId, [actor, epoch, child]);
    return word === "woken" ? { actor, epoch, times: Number(times) } : undefined;
  }

  /** Keeps a signal for the step that takes it. @param id the same id is kept once @returns the steps that it wakes */
  async signal(
    runId: string,
    name: string,
    payload: Json,
    id: string | undefined,
    by: string,
  ): Promise<{ readonly type: "kept"; readonly woken: readonly Woken[] } | { readonly type: "again" } | Refused> {
    const event: EventBody = { type: "signal.received", name, by };
    const [word, ...rest] = await this.#run("signal", runId, [name, JSON.stringify(payload), id ?? "", text(event)]);
    if (word === "again") return { type: "again" };
    if (word !== "kept") return refusedBy(word, rest[0]);
    const woken: Woken[] = [];
    for (let i = 0; i + 2 < rest.length; i += 3) {
      woken.push({ actor: rest[i] ?? "", epoch: Number(rest[i + 1]), times: Number(rest[i + 2]) });
    }
    return { type: "kept", woken };
  }

  /** The oldest kept signal of a name, for this step alone; undefined: none. @throws FenceLost */
  async take(execution: Execution, name: string): Promise<Json | undefined> {
    const [word, payload] = await this.#run("take", execution.runId, [...fenceArgs(execution), name]);
    if (word === "stale") throw new FenceLost();
    return word === "taken" ? parse(payload) : undefined;
  }

  /** Keeps a memo for the execution that goes on after this one. @param drop forgets what was taken, so that another one can be @throws FenceLost */
  async save(execution: Execution, memo: Json, drop = false): Promise<void> {
    const args = [...fenceArgs(execution), text(memo), drop ? "drop" : ""];
    const [word] = await this.#run("save", execution.runId, args);
    if (word !== "done") throw new FenceLost();
  }

  /** Puts values aside for the executions that come after this one, by name. They go when the run ends. @throws FenceLost */
  async stow(execution: Execution, values: Readonly<Record<string, Json>>): Promise<void> {
    const entries = Object.entries(values);
    for (let i = 0; i < entries.length; i += stowedAtOnce) {
      const args = entries.slice(i, i + stowedAtOnce).flatMap(([name, value]) => [name, JSON.stringify(value)]);
      const [word] = await this.#run("stow", execution.runId, [...fenceArgs(execution), ...args]);
      if (word !== "done") throw new FenceLost();
    }
  }

  /** Values that were put aside, in the order asked; null: there is none of that name. */
  async stowed({ runId, actor }: Execution, names: readonly string[]): Promise<readonly Json[]> {
    if (names.length === 0) return [];
    const fields = names.map((name) => `${actor}:#${name}`);
    return (await this.#redis.hmget(this.#keys.run(runId).memos, ...fields)).map((text) => parse(text ?? undefined));
  }

  /** Lists a run that a step is about to start as its child. @param execution its token "": whichever is under way @returns undefined: nobody wants it */
  async adopt(execution: Execution, child: string): Promise<{ readonly paused: boolean } | undefined> {
    const [word] = await this.#run("adopt", execution.runId, [...fenceArgs(execution), child]);
    return word === "stale" ? undefined : { paused: word === "paused" };
  }

  /** Puts a command into the run's inbox. @param id the same id is put there once */
  async post(
    runId: string,
    id: string,
    command: CancelCommand,
  ): Promise<{ readonly type: "posted"; readonly workflow: string; readonly version: number } | Refused> {
    const [word, first, second] = await this.#run("post", runId, [id, JSON.stringify(command)]);
    if (word !== "posted") return refusedBy(word, first);
    return { type: "posted", workflow: first ?? "", version: Number(second) };
  }

  /** Lets a run start nothing, or start again. */
  async pause(
    runId: string,
    how: "pause" | "resume",
    whose: "own" | "parent",
    by: string,
  ): Promise<{ readonly type: "done" | "same" | "kept" } | Refused> {
    const event: EventBody = { type: how === "pause" ? "run.paused" : "run.resumed", by };
    const [word, status] = await this.#run("pause", runId, [how, whose, text(event)]);
    return word === "done" || word === "same" || word === "kept" ? { type: word } : refusedBy(word, status);
  }

  /** Adds a line to the history of the attempt under way; sent twice, it adds two. @returns false: the fence no longer holds. */
  async note(execution: Execution, event: EventBody): Promise<boolean> {
    const [word] = await this.#run("note", execution.runId, [...fenceArgs(execution), text(event)]);
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
    return parseDelivered(await this.#run("deliver", execution.runId, args));
  }

  /** Stores a transition of a held run. */
  async commit(
    runId: string,
    holder: string,
    folded: number,
    content: CommitContent,
  ): Promise<{ type: "done" } | { type: "lost" } | { type: "more"; inbox: readonly InboxEntry[] }> {
    const args = [holder, leaseMs, folded, ...transitionArgs(content)];
    const [word, ...inbox] = await this.#run("commit", runId, args);
    if (word === "more") return { type: "more", inbox: inbox.map((entry) => parse(entry) as unknown as InboxEntry) };
    if (word === "done" || word === "lost") return { type: word };
    throw unexpected("commit", word);
  }

  /** Delivers an outcome and commits what it means, if nothing happened to the run since `rev`. `moved`: nothing is done; deliver it. */
  async settle(
    execution: Execution,
    costUsd: number | null,
    rev: number,
    content: CommitContent,
  ): Promise<{ readonly type: "done" | "moved" | "stale" }> {
    const args = [...fenceArgs(execution), costUsd ?? "", rev, ...transitionArgs(content)];
    const [word] = await this.#run("settle", execution.runId, args);
    if (word === "done" || word === "moved" || word === "stale") return { type: word };
    throw unexpected("settle", word);
  }

  /** Every script takes the run's key alone and derives the others from it: they share its hash tag. */
  async #run(name: keyof typeof scripts, runId: string, args: readonly (string | number)[]): Promise<string[]> {
    return (await scripts[name].run(this.#redis, [this.#keys.run(runId).run], args)) as string[];
  }
}

function refusedBy(word: string | undefined, status: string | undefined): Refused {
  return word === "ended" ? { type: "ended", status: status as RunStatus } : { type: "missing" };
}

function fenceArgs({ actor, epoch, token }: Execution): (string | number)[] {
  return [actor, epoch, token];
}

function transitionArgs({ id, transition, status, events, output, error }: CommitContent): (string | number)[] {
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
    [outputs.length, opened.length, closed.length, abandoned.length, events.length].join(),
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
      const [workflow = "", version, , state, input, ...inbox] = rest;
      return {
        type: "held",
        workflow,
        version: Number(version),
        input: parse(input) as JsonObject,
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

function parse(value: string | undefined): Json {
  return value ? (JSON.parse(value) as Json) : null;
}

function text(value: EventBody | Json): string {
  return value === null ? "" : JSON.stringify(value);
}

function unexpected(name: string, word: string | undefined): AppError {
  return new AppError("internal", { message: `Redis script ${name} answered ${String(word)}.` });
}
