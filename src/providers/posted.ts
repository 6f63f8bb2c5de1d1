import type { Dispatcher } from "undici";

/** An answer that has begun. It is read once, whole or by pieces. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name; of those that came more than once, all with commas between. */
  readonly headers: Readonly<Record<string, string>>;
  text(): Promise<string>;
  /** Its text as it comes. Whoever stops reading ends the request. */
  pieces(): AsyncIterable<string>;
}

/** So much of an answer waits for its reader; then the vendor waits. */
const mostWaitingBytes = 65_536;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * One request's answer, taken from undici below its streams: these cost more than all else that a short answer needs.
 * waiting -> begun -> ended; failed from each of them. The dispatcher moves it, and its signal.
 */
export class Posted implements Dispatcher.DispatchHandler {
  /** @throws the network's fault, or the signal's reason */
  readonly begun: Promise<RawAnswer>;
  readonly #signal: AbortSignal;
  readonly #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #hasEnded = false;
  #fault: { readonly error: unknown } | undefined;
  #begin: (answer: RawAnswer) => void = () => {};
  #refuse: (error: unknown) => void = () => {};
  #wake: () => void = () => {};

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    signal.addEventListener("abort", this.#abort);
  }

  readonly #abort = () => {
    this.#controller?.abort(this.#signal.reason);
    this.#fail(this.#signal.reason);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(this.#signal.reason);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // What comes before the answer itself: 100, 103.
    if (status < 200) return;
    this.#begin({
      status,
      get headers() {
        return joined(headers);
      },
      text: () => this.#text(),
      pieces: () => this.#pieces(),
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= mostWaitingBytes) controller.pause();
    this.#wake();
  }

  onResponseEnd(): void {
    this.#hasEnded = true;
    this.#leave();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#fault ??= { error };
    this.#refuse(error);
    this.#leave();
  }

  #leave(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#wake();
  }

  /** What has come, or comes next. Undefined: that was all. */
  async #next(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#fault) throw this.#fault.error;
      if (this.#hasEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const [first] = this.#chunks;
    const all = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    this.#waitingBytes = 0;
    this.#controller?.resume();
    return all;
  }

  async #text(): Promise<string> {
    const all: Buffer[] = [];
    for (let chunk = await this.#next(); chunk; chunk = await this.#next()) all.push(chunk);
    return new TextDecoder().decode(all.length === 1 ? all[0] : Buffer.concat(all));
  }

  async *#pieces(): AsyncGenerator<string> {
    // A character may be cut between two pieces.
    const decoder = new TextDecoder();
    try {
      for (let chunk = await this.#next(); chunk; chunk = await this.#next()) {
        yield decoder.decode(chunk, { stream: true });
      }
    } finally {
      if (!this.#hasEnded) this.#controller?.abort(new Error("The answer was not read to its end."));
    }
  }
}

function joined(headers: Headers): Readonly<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) all[name] = String(value);
  return all;
}
