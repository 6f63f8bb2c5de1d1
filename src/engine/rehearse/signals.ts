import type { JsonObject } from "../../core/json.ts";

/** A signal that a test sends to a machine. */
export interface ScriptedSignal {
  readonly name: string;
  readonly payload: JsonObject;
  /** The state that the machine must have come to, or one inside it. Absent: whichever it is in. */
  readonly in?: string;
  /** Milliseconds from then on; without `in` from the signal before, of the first one from the start. */
  readonly afterMs: number;
}

/** The signals of one test, one after the other. */
export class SignalScript {
  readonly #signals: readonly ScriptedSignal[];
  #next = 0;
  #isPlanned = false;

  constructor(signals: readonly ScriptedSignal[]) {
    this.#signals = signals;
  }

  /** The next signal, once, as soon as its turn has come. @param isIn whether the machine is in a state */
  due(isIn: (state: string) => boolean): ScriptedSignal | undefined {
    const signal = this.#signals[this.#next];
    if (!signal || this.#isPlanned || (signal.in !== undefined && !isIn(signal.in))) return undefined;
    this.#isPlanned = true;
    return signal;
  }

  /** The signal that was due has been sent. */
  sent(): void {
    this.#isPlanned = false;
    this.#next++;
  }

  /** Those that were not sent, with their places in the list. */
  unsent(): readonly (readonly [index: number, signal: ScriptedSignal])[] {
    return this.#signals.flatMap((signal, index) => (index < this.#next ? [] : [[index, signal] as const]));
  }
}
