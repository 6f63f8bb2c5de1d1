/** How long a call may take, in milliseconds. */
export interface TimeoutOptions {
  /** From start to end. */
  readonly totalMs: number;
  /** From the start to the first token; null: no matter, the answer is not streamed. */
  readonly firstTokenMs: number | null;
  /** From one token to the next. */
  readonly idleMs: number;
}

/** The times of one call, counted from its construction. */
export class CallTimeouts {
  readonly #controller = new AbortController();
  readonly #total: NodeJS.Timeout;
  readonly #idleMs: number;
  #silence: NodeJS.Timeout | undefined;
  /** A first token has come, or the call is over. */
  #isUnderWay = false;

  constructor({ totalMs, firstTokenMs, idleMs }: TimeoutOptions) {
    this.#idleMs = idleMs;
    this.#total = this.#end(totalMs, "It did not end its answer");
    if (firstTokenMs !== null) this.#silence = this.#end(firstTokenMs, "No first token came");
  }

  /** Aborts when one of the times is over; its reason says which. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A token has come. */
  alive(): void {
    if (this.signal.aborted) return;
    if (this.#isUnderWay) {
      // Answers have hundreds of tokens: to move a timer costs less than to make another.
      this.#silence?.refresh();
      return;
    }
    this.#isUnderWay = true;
    clearTimeout(this.#silence);
    this.#silence = this.#end(this.#idleMs, "No further token came");
  }

  /** The call is over. */
  stop(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#silence);
    this.#silence = undefined;
    this.#isUnderWay = true;
  }

  #end(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(new Error(`${what} within ${ms / 1_000} s.`)), ms);
  }
}
