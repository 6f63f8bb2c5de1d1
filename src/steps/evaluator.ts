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

interface Waiting {
  readonly evaluation: Evaluation;
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
        this.#queue = this.#queue.filter((other) => other !== waiting);
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
      const [first, ...others] = this.#queue;
      if (!first) return;
      this.#queue = others;
      this.#idle.delete(thread);
      this.#run(first, thread);
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

  #run({ evaluation, signal, resolve }: Waiting, thread: Worker): void {
    const { timeMs, maxBytes, memoryMb } = this.#limits;
    const end = (evaluated: Evaluated): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", lose);
      thread.off("message", answered).off("error", broken).off("exit", lose);
      resolve(evaluated);
    };
    const answered = (text: string) => {
      end(readAnswer(text, timeMs));
      this.#rest(thread);
    };
    const lose = () => {
      end({ type: "stopped" });
      void thread.terminate();
    };
    const broken = (error: Error & { readonly code?: string }) => {
      const isFull = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      end(isFull ? { type: "too_much", limitMb: memoryMb } : { type: "broken", message: error.message });
    };
    const late = setTimeout(() => {
      end({ type: "too_long", limitMs: timeMs });
      void thread.terminate();
    }, timeMs + slackMs);
    signal.addEventListener("abort", lose, { once: true });
    thread.on("message", answered).on("error", broken).on("exit", lose);
    thread.ref();
    thread.postMessage(JSON.stringify({ ...evaluation, limits: { ...inside, timeMs, characters: maxBytes } }));
  }
}

function readAnswer(text: string, limitMs: number): Evaluated {
  const answer = JSON.parse(text) as {
    readonly value?: Json;
    readonly tooLarge?: true;
    readonly failure?: { readonly message: string; readonly position?: number; readonly member?: string };
  };
  if (answer.tooLarge) return { type: "too_large" };
  if (!answer.failure) return { type: "value", value: answer.value ?? null };
  // The one message that is JSONata's own about its time: the same outcome as when the thread had to be stopped.
  if (answer.failure.message.startsWith("Evaluation timeout after ")) return { type: "too_long", limitMs };
  return { type: "failed", ...answer.failure };
}
