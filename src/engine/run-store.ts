import type { Redis } from "ioredis";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { EventBody, RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import type { RecentState } from "./recent.ts";
import type { Delivery, RunState, Transition } from "./state.ts";

const script = (name: string) => loadScript(name, new URL(`./lua/${name}.lua`, import.meta.url));
const scripts = {
  create: script("create"),
  begin: script("begin"),
  suspend: script("suspend"),
  note: script("note"),
  deliver: script("deliver"),
  commit: script("commit"),
  settle: script("settle"),
};

/** How long a holder may take for one fold. Less than a job's lock: a re-delivered job finds its dead former self's lease gone. */
export const leaseMs = 1_500;

/** One execution of a dispatched actor: what the fence is compared with. */
export interface Execution {
  readonly runId: string;
  readonly actor: string;
  readonly epoch: number;
  /** Unique to this execution of the job; "" for actors that are not begun (timers). */
  readonly token: string;
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
  readonly input: JsonObject;
  readonly hints: Hints;
  readonly rev: number;
  readonly state: RunState;
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
}

/** A run that this worker holds: only it may commit until the lease passes. */
export interface Held {
  readonly workflow: string;
  readonly version: number;
  readonly input: JsonObject;
  readonly state: RunState;
  readonly inbox: readonly Delivery[];
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

  /** Begins an attempt. @param allowed attempts that the step's policy allows. @param recent the run's state as this process last saw it. */
  async begin(
    execution: Execution,
    allowed: number,
    worker: string,
    reads: readonly string[],
    recent?: RecentState,
  ): Promise<
    | ({ type: "begun" } & Begun)
    | { type: "delivered" | "stale" }
    | { type: "exhausted"; attempts: number; execution: Execution }
  > {
    const reply = await this.#run("begin", execution.runId, [
      ...fenceArgs(execution),
      allowed,
      worker,
      recent?.commit ?? "",
      ...reads,
    ]);
    const [word, attempt, ended, avoid, waited, input, hints, rev, state, ...outputs] = reply;
    switch (word) {
      case "begun":
        return {
          type: "begun",
          attempt: Number(attempt),
          ended: Number(ended),
          avoid: avoid ? avoid.split(",") : [],
          waitedMs: Number(waited),
          input: parse(input) as JsonObject,
          hints: parse(hints) as Hints,
          rev: Number(rev),
          state: state === "" && recent ? recent.state : (parse(state) as unknown as RunState),
          outputs: outputs.map((text) => parse(text)),
        };
      case "exhausted":
        // The script marks the token: this execution may say that the attempts are spent, but not bring an attempt's outcome.
        return {
          type: "exhausted",
          attempts: Number(attempt),
          execution: { ...execution, token: `${execution.token}~` },
        };
      case "delivered":
      case "stale":
        return { type: word };
      default:
        throw unexpected("begin", word);
    }
  }

  /** Ends an attempt that settles nothing. @returns false: the fence no longer holds. */
  async suspend(execution: Execution, { refund, costUsd, event, avoid }: Suspension): Promise<boolean> {
    const args = [...fenceArgs(execution), refund ? "refunded" : "spent", costUsd ?? "", text(event), avoid.join()];
    const [word] = await this.#run("suspend", execution.runId, args);
    return word === "done";
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
  ): Promise<{ type: "done" } | { type: "lost" } | { type: "more"; inbox: readonly Delivery[] }> {
    const args = [holder, leaseMs, folded, ...transitionArgs(content)];
    const [word, ...inbox] = await this.#run("commit", runId, args);
    if (word === "more") return { type: "more", inbox: inbox.map((entry) => parse(entry) as unknown as Delivery) };
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

function fenceArgs({ actor, epoch, token }: Execution): (string | number)[] {
  return [actor, epoch, token];
}

function transitionArgs({ id, transition, status, events, output, error }: CommitContent): (string | number)[] {
  const { state, opened, closed } = transition;
  const outputs = Object.entries(transition.outputs);
  return [
    id,
    JSON.stringify(state),
    status,
    text(output ?? null),
    text(error ?? null),
    [outputs.length, opened.length, closed.length, events.length].join(),
    ...outputs.flatMap(([step, value]) => [step, JSON.stringify(value)]),
    ...opened.flatMap(({ actor, epoch }) => [actor, epoch]),
    ...closed,
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
        inbox: inbox.map((entry) => parse(entry) as unknown as Delivery),
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
