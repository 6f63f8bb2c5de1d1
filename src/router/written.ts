import type { AnswerPart } from "../providers/wire.ts";
import { charactersPerToken } from "./estimate.ts";

/** Counts what a streamed answer has said so far, for a call that ends before its provider has counted. */
export class Written {
  #characters = 0;
  #events = 0;
  #eventCharacters = 0;
  #shortestEvent = Number.POSITIVE_INFINITY;

  text(text: string): void {
    this.#characters += text.length;
  }

  part(part: AnswerPart): void {
    if (part.type === "tool") return;
    if (part.type !== "wire") {
      this.text(part.text);
      return;
    }
    const { length } = part.event.data;
    this.#events += 1;
    this.#eventCharacters += length;
    this.#shortestEvent = Math.min(this.#shortestEvent, length);
  }

  /** An estimate. A vendor's events are not read again: each bears a token, and what it is longer than the shortest one, which is hardly more than its envelope. */
  get tokens(): number {
    const said = this.#events === 0 ? 0 : this.#eventCharacters - this.#events * this.#shortestEvent;
    return this.#events + Math.ceil((this.#characters + said) / charactersPerToken);
  }
}
