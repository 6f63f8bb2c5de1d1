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
  #overdue: Error | undefined;
  #caller: AbortSignal | undefined;

  constructor({ totalMs, firstTokenMs, idleMs, clock = () => performance.now() }: TimeoutOptions) {
    this.#totalMs = totalMs;
    this.#idleMs = idleMs;
    this.#clock = clock;
    this.#begunAt = clock();
    this.#total = this.#endTotal();
    if (firstTokenMs !== null) this.#silence = this.#end(firstTokenMs, "No first token came");
  }

  /** Aborts when one of the times is over, and with the caller. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Says which time is over. Undefined: none. */
  get overdue(): Error | undefined {
    return this.#overdue;
  }

  /** The call ends with its caller too. Costs less than a combined signal, which lives for as long as one of its parts. */
  endWith(caller: AbortSignal): void {
    this.#caller = caller;
    if (caller.aborted) this.#controller.abort(caller.reason);
    else caller.addEventListener("abort", this.#leave);
  }

  readonly #leave = () => this.#controller.abort(this.#caller?.reason);

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
    this.#caller?.removeEventListener("abort", this.#leave);
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
    return setTimeout(() => {
      this.#overdue = new Error(`${what} within ${ms / 1_000} s.`);
      this.#controller.abort(this.#overdue);
    }, inMs);
  }
}
