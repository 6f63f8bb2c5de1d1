/** How long a call may take, in milliseconds. */
export interface TimeoutOptions {
  /** From start to end. */
  readonly totalMs: number;
  /** From the start to the first token; null: no matter, the answer is not streamed. */
  readonly firstTokenMs: number | null;
  /** From one token to the next. */
  readonly idleMs: number;
  /** Milliseconds. Default: the process's. */
  readonly clock?: () => number;
}

/** The times of one call, counted from its construction. */
export class CallTimeouts {
  readonly #controller = new AbortController();
  readonly #totalMs: number;
  readonly #idleMs: number;
  readonly #clock: () => number;
  #total: NodeJS.Timeout;
  /** When the call began, later by the time in which it was held. */
  #begunAt: number;
  #silence: NodeJS.Timeout | undefined;
  /** A first token has come, or the call is over. */
  #isUnderWay = false;
  #isOver = false;

  constructor({ totalMs, firstTokenMs, idleMs, clock = () => performance.now() }: TimeoutOptions) {
    this.#totalMs = totalMs;
    this.#idleMs = idleMs;
    this.#clock = clock;
    this.#begunAt = clock();
    this.#total = this.#endTotal();
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

  /** Waits for whoever hears the answer: that time is not the provider's. */
  async hold(waiting: Promise<void>): Promise<void> {
    const heldAt = this.#clock();
    clearTimeout(this.#total);
    clearTimeout(this.#silence);
    try {
      await waiting;
    } finally {
      this.#begunAt += this.#clock() - heldAt;
      if (!this.#isOver) this.#goOn();
    }
  }

  /** The call is over. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#total);
    clearTimeout(this.#silence);
    this.#silence = undefined;
    this.#isUnderWay = true;
  }

  #goOn(): void {
    this.#total = this.#endTotal();
    this.#isUnderWay = false;
    this.alive();
  }

  #endTotal(): NodeJS.Timeout {
    const leftMs = Math.max(0, this.#totalMs - (this.#clock() - this.#begunAt));
    return this.#end(this.#totalMs, "It did not end its answer", leftMs);
  }

  /** @param inMs from now. Default: all of the time */
  #end(ms: number, what: string, inMs = ms): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(new Error(`${what} within ${ms / 1_000} s.`)), inMs);
  }
}
