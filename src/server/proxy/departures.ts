import type { ServerResponse } from "node:http";

/** How long calls under way may go on when the server closes. */
const graceMs = 10_000;

/** Ends the calls of clients that went away, and those that are left some time after the server began to close. */
export class Departures {
  readonly #open = new Set<AbortController>();

  constructor(closing: AbortSignal) {
    closing.addEventListener("abort", () => {
      setTimeout(() => {
        for (const controller of this.#open) controller.abort();
      }, graceMs).unref();
    });
  }

  /**
   * Fires when the client of this response has gone before it got the whole of it.
   * @param isKept the answer is kept for an Idempotency-Key: its client may come again for it
   */
  of(response: ServerResponse, isKept: boolean): AbortSignal {
    const controller = new AbortController();
    // One that has gone already is not told again.
    if (response.destroyed) {
      if (!isKept) controller.abort();
      return controller.signal;
    }
    this.#open.add(controller);
    response.once("close", () => {
      this.#open.delete(controller);
      if (!isKept && !response.writableFinished) controller.abort();
    });
    return controller.signal;
  }
}
