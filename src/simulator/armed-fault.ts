import type { Fault, FaultScope, RequestFault } from "./fault.ts";
import type { Random } from "./random.ts";

/** A fault that is in force, from the moment it is armed until it is lifted. */
export class ArmedFault {
  readonly fault: Fault;
  /** Resolves when the fault is lifted. */
  readonly lifted: Promise<void>;
  #left: number;
  #lift: () => void = () => {};

  constructor(fault: Fault) {
    this.fault = fault;
    this.#left = fault.kind === "refuse" ? Number.POSITIVE_INFINITY : (fault.times ?? Number.POSITIVE_INFINITY);
    this.lifted = new Promise((resolve) => {
      this.#lift = resolve;
    });
  }

  /** Ends the fault; what it holds goes on. */
  lift(): void {
    this.#lift();
  }

  /** Whether it meets this request; a request that it meets is counted against `times`. @param text everything the request says. */
  meets(text: string, random: Random): boolean {
    const { fault } = this;
    if (fault.kind === "refuse" || this.#left <= 0) return false;
    if (fault.match !== undefined && !text.includes(fault.match)) return false;
    if (fault.probability !== undefined && random() >= fault.probability) return false;
    this.#left -= 1;
    return true;
  }

  /** Whether it meets every request alike, so that listing the models suffers too. */
  get unscoped(): boolean {
    const scope: FaultScope = this.fault.kind === "refuse" ? {} : this.fault;
    return scope.match === undefined && scope.probability === undefined && scope.times === undefined;
  }
}

/** A fault that was chosen for one request. */
export interface Meeting {
  readonly fault: FaultScope & RequestFault;
  readonly lifted: Promise<void>;
}

/** The first fault in force that meets a request. */
export function chooseFault(armed: readonly ArmedFault[], text: string, random: Random): Meeting | undefined {
  for (const candidate of armed) {
    const { fault } = candidate;
    if (fault.kind !== "refuse" && candidate.meets(text, random)) return { fault, lifted: candidate.lifted };
  }
  return undefined;
}
