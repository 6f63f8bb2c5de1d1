import { keptHeaders } from "./answer-headers.ts";
import type { Turn } from "./turn.ts";

/** A streamed answer while it is written, to be given again as a whole. One that becomes too large is let go at once; its request is not carried out twice all the same. */
export class Recording {
  readonly #turn: Turn;
  #headers: Readonly<Record<string, unknown>> = {};
  #pieces: string[] = [];
  #bytes = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Status 200 and these headers were sent. */
  begin(headers: Readonly<Record<string, unknown>>): void {
    this.#headers = headers;
  }

  /** A piece of the body was written. */
  add(text: string): void {
    if (this.#isTooLarge) return;
    this.#bytes += Buffer.byteLength(text);
    if (this.#isTooLarge) this.#pieces = [];
    else this.#pieces.push(text);
  }

  /** The answer is whole: it is kept. */
  async end(): Promise<void> {
    const answer = { status: 200, headers: keptHeaders(this.#headers), body: this.#pieces.join("") };
    await this.#turn.done(this.#isTooLarge ? undefined : answer);
  }

  /** The answer broke off: the next request of the key is carried out. */
  async break(): Promise<void> {
    await this.#turn.free();
  }

  get #isTooLarge(): boolean {
    return this.#bytes > this.#turn.limit;
  }
}
