import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Json } from "../core/json.ts";

/** What is to be evaluated. */
export interface Evaluation {
  /** One expression, or one for each member of an object. They have been checked. */
  readonly expressions: string | Readonly<Record<string, string>>;
  /** What the expressions read. */
  readonly data: unknown;
  /** What `$now()` and `$millis()` say. */
  readonly nowMs: number;
  /** What `$random()` and `$shuffle()` draw from: the same seed, the same numbers. */
  readonly seed: number;
}

/** What came of it. */
export type Evaluated =
  | { readonly type: "value"; readonly value: Json }
  /** The expression itself fails. `position`: offset behind where, in the expression of that member. */
  | { readonly type: "failed"; readonly message: string; readonly position?: number; readonly member?: string }
  /** The value has more characters of JSON than are allowed. */
  | { readonly type: "too_large" }
  /** It took longer than it may, and was stopped. */
  | { readonly type: "too_long"; readonly limitMs: number }
  /** It needed more memory than it may have. */
  | { readonly type: "too_much"; readonly limitMb: number }
  /** The thread did not start, or broke: nothing is known of the expression. */
  | { readonly type: "broken"; readonly message: string }
  /** The signal fired, or the evaluator was closed. */
  | { readonly type: "stopped" };

/** What one evaluation may take. */
export interface EvaluatorLimits {
  /** Default 5000, from when it begins; waiting for a thread is not counted. */
  readonly timeMs?: number;
  /** Megabytes of memory. Default 256. */
  readonly memoryMb?: number;
  /** Bytes of the value's JSON. */
  readonly maxBytes: number;
}

/** Calls of functions in each other, and items of one list. */
const inside = { depth: 500, items: 1_000_000 } as const;

/** After its time an expression ends itself; one that is stuck in a single function cannot, and loses its thread. */
const slackMs = 250;

/** Evaluations that a thread is given at once: a message to a thread and back costs more than most of them. */
const mostAtOnce = 16;

/** After so long those that stand behind a slow one go to another thread. */
const overtakeMs = 100;

interface Waiting {
  readonly evaluation: Evaluation;
  /** Whether it is evaluated by itself: what it stood together with has broken the thread. */
  readonly isAlone?: boolean;
  readonly signal: AbortSignal;
  readonly resolve: (evaluated: Evaluated) => void;
}

/**
 * Evaluates JSONata in threads of its own, so that no expression keeps the worker's event loop: one that runs away loses its thread.
 * Threads are started when they are needed and kept; idle ones do not keep the process alive.
 */
export class Evaluator {
  readonly #limits: Required<EvaluatorLimits>;
  readonly #mostThreads = Math.max(1, Math.min(4, availableParallelism()));
  /** Those that begin, work and idle. */
  readonly #threads = new Set<Worker>();
  readonly #idle = new Set<Worker>();
  #queue: readonly Waiting[] = [];
  #beginning = 0;
  #isClosed = false;

  constructor({ timeMs = 5_000, memoryMb = 256, maxBytes }: EvaluatorLimits) {
    this.#limits = { timeMs, memoryMb, maxBytes };
  }

  /** Never throws. Evaluations wait for a free thread in the order in which they came. */
  evaluate(evaluation: Evaluation, signal: AbortSignal): Promise<Evaluated> {
    return new Promise((settle) => {
      const stop = () => {
        this.#queue = this.#queue.filter((other) => other.resolve !== resolve);
        settle({ type: "stopped" });
      };
      const resolve = (evaluated: Evaluated) => {
        signal.removeEventListener("abort", stop);
        settle(evaluated);
      };
      const waiting: Waiting = { evaluation, signal, resolve };
      if (signal.aborted || this.#isClosed) return stop();
      signal.addEventListener("abort", stop, { once: true });
      this.#queue = [...this.#queue, waiting];
      this.#next();
    });
  }

  /** Stops everything that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { resolve } of this.#queue) resolve({ type: "stopped" });
    this.#queue = [];
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #next(): void {
    for (const thread of this.#idle) {
      const batch = this.#take();
      if (batch.length === 0) return;
      this.#idle.delete(thread);
      this.#run(batch, thread);
    }
    const wanted = Math.min(this.#queue.length - this.#beginning, this.#mostThreads - this.#threads.size);
    for (let started = 0; started < wanted; started++) this.#start();
  }

  /** Starts a thread; it is idle once it says that it is ready. */
  #start(): void {
    const thread = new Worker(new URL("./evaluator-thread.mjs", import.meta.url), {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMb },
    });
    this.#threads.add(thread);
    this.#beginning += 1;
    const begun = (failure: Error | undefined) => {
      thread.off("message", ready).off("error", begun);
      this.#beginning -= 1;
      if (failure) for (const { resolve } of this.#queue) resolve({ type: "broken", message: failure.message });
      if (failure) this.#queue = [];
      else this.#rest(thread);
    };
    const ready = () => begun(undefined);
    thread.once("message", ready).once("error", begun);
    thread.on("error", () => undefined);
    thread.once("exit", () => {
      this.#threads.delete(thread);
      this.#idle.delete(thread);
      if (!this.#isClosed) this.#next();
    });
  }

  #rest(thread: Worker): void {
    thread.unref();
    this.#idle.add(thread);
    this.#next();
  }

  /** What one thread is given next: its share of all that waits. */
  #take(): readonly Waiting[] {
    const share = Math.min(mostAtOnce, Math.ceil(this.#queue.length / this.#mostThreads));
    const alone = this.#queue.slice(0, share).findIndex(({ isAlone }) => isAlone);
    const count = alone < 0 ? share : Math.max(1, alone);
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }

  #run(batch: readonly Waiting[], thread: Worker): void {
    const { timeMs, maxBytes, memoryMb } = this.#limits;
    const [only, ...others] = batch;
    const signal = others.length === 0 ? only?.signal : undefined;
    /** Those that wait for this thread's answer, in its order. */
    const open = new Set(batch);
    const leave = (): readonly Waiting[] => {
      clearTimeout(late);
      clearTimeout(slow);
      signal?.removeEventListener("abort", lose);
      thread.off("message", answered).off("error", broken).off("exit", lose);
      return [...open];
    };
    const answered = (text: string) => {
      const { answers, done } = JSON.parse(text) as Answers;
      for (const [index, answer] of answers) {
        const waiting = batch[index];
        if (waiting) open.delete(waiting);
        waiting?.resolve(readAnswer(answer, timeMs));
      }
      if (!done) return;
      leave();
      this.#rest(thread);
    };
    const lose = () => {
      for (const { resolve } of leave()) resolve({ type: "stopped" });
      void thread.terminate();
    };
    const broken = (error: Error & { readonly code?: string }) => {
      const left = leave();
      const isFull = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      if (others.length > 0) this.#queue = [...left.map((one) => ({ ...one, isAlone: true })), ...this.#queue];
      else only?.resolve(isFull ? { type: "too_much", limitMb: memoryMb } : { type: "broken", message: error.message });
    };
    const late = setTimeout(() => {
      for (const { resolve } of leave()) resolve({ type: "too_long", limitMs: timeMs });
      void thread.terminate();
    }, timeMs + slackMs);
    const overtake = () => {
      const [, ...behind] = open;
      for (const waiting of behind) open.delete(waiting);
      this.#queue = [...behind, ...this.#queue];
      this.#next();
    };
    const slow = others.length > 0 ? setTimeout(overtake, overtakeMs) : undefined;
    signal?.addEventListener("abort", lose, { once: true });
    thread.on("message", answered).on("error", broken).on("exit", lose);
    thread.ref();
    const limits = { ...inside, timeMs, characters: maxBytes };
    thread.postMessage(JSON.stringify(batch.map(({ evaluation }) => ({ ...evaluation, limits }))));
  }
}

/** What a thread says. */
interface Answers {
  /** By their place in what it was given. */
  readonly answers: readonly (readonly [number, Answer])[];
  /** Whether it has answered all of it. */
  readonly done: boolean;
}

interface Answer {
  readonly value?: Json;
  readonly tooLarge?: true;
  readonly failure?: { readonly message: string; readonly position?: number; readonly member?: string };
}

function readAnswer(answer: Answer, limitMs: number): Evaluated {
  if (answer.tooLarge) return { type: "too_large" };
  if (!answer.failure) return { type: "value", value: answer.value ?? null };
  // The one message that is JSONata's own about its time: the same outcome as when the thread had to be stopped.
  if (answer.failure.message.startsWith("Evaluation timeout after ")) return { type: "too_long", limitMs };
  return { type: "failed", ...answer.failure };
}
