import type { RunState } from "./state.ts";

/** A run's state as one commit left it. */
export interface RecentState {
  /** Id of that commit: unlike a revision's number it never comes twice, not even when Redis has lost its last second and counts again. */
  readonly commit: string;
  readonly state: RunState;
}

/**
 * The states that this process committed last, by run, so that the next step of the run need not read, parse and restore them. Only a short
 * cut: an entry is either the run's current state or recognised as another one by its commit.
 */
export class RecentStates {
  readonly #size: number;
  readonly #states = new Map<string, RecentState>();

  /** @param size runs that are remembered; the one that was stored first goes first. */
  constructor(size = 1_000) {
    this.#size = size;
  }

  get(runId: string): RecentState | undefined {
    return this.#states.get(runId);
  }

  set(runId: string, state: RecentState): void {
    this.#states.delete(runId);
    this.#states.set(runId, state);
    const oldest = this.#states.keys().next();
    if (this.#states.size > this.#size && !oldest.done) this.#states.delete(oldest.value);
  }

  forget(runId: string): void {
    this.#states.delete(runId);
  }
}
