import type { LiveEvent } from "../core/live.ts";
import { isTerminal, isTerminalEvent, type RunEvent } from "../core/run.ts";
import type { Engine } from "../engine/engine.ts";

/** Which events a feed gives, and until when. */
export interface FeedOptions {
  readonly engine: Pick<Engine, "events" | "watch" | "get">;
  readonly runId: string;
  /** Only events with higher numbers. */
  readonly after: number;
  /** Whether what passes while answers are written is given too. Default: it is not. */
  readonly live?: boolean;
  /** Ends the feed. */
  readonly signal: AbortSignal;
  /** The longest wait between two reads: a lost announcement costs this much, never an event. Default 2000 ms. */
  readonly rereadMs?: number;
}

/** Messages kept for a slow reader; what is more is left out, as `at` of the next one shows. */
const mostPassing = 1_000;

/**
 * A run's events in order, without a gap, as they come; ends after the terminal one.
 * Announcements only wake it up: what it gives is always read from the run's history.
 */
export async function* feed(options: FeedOptions): AsyncGenerator<RunEvent | LiveEvent> {
  const { engine, runId, after, live, signal, rereadMs = 2_000 } = options;
  const bell = new Bell();
  const passing: LiveEvent[] = [];
  // Before the first read: what is added between the two rings the bell.
  const stop = await engine.watch(runId, (news) => {
    if (live && passing.length < mostPassing) passing.push(...news);
    if (live || news.length === 0) bell.ring();
  });
  const onAbort = () => bell.ring();
  signal.addEventListener("abort", onAbort);
  try {
    let cursor = after;
    let ended = false;
    let idle = 0;
    while (!signal.aborted) {
      let told = passing.splice(0);
      const events = await engine.events(runId, cursor);
      for (const event of events) {
        // A step's last words come before the line that ends its attempt, and after the one that begins it.
        if (endsAttempt(event)) {
          yield* told.filter(({ step }) => step === event.step);
          told = told.filter(({ step }) => step !== event.step);
        }
        yield event;
        cursor = event.seq;
        if (isTerminalEvent(event)) return;
      }
      yield* told;
      if (events.length > 0 || told.length > 0) continue;
      // A reader who already has the terminal event, or asks past the end, would wait for ever.
      if (ended) return;
      // Not at each re-read: showing a run costs more than reading no events.
      if (idle++ % 10 === 0) ended = isTerminal((await engine.get(runId)).status);
      if (!ended) await bell.wait(rereadMs);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    stop();
  }
}

function endsAttempt(event: RunEvent): event is RunEvent & { readonly step: string } {
  return ["step.succeeded", "step.failed", "step.retrying", "step.waiting"].includes(event.type);
}

/** Remembers that it was rung until somebody waits for it. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(timeoutMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          wake();
        };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}
