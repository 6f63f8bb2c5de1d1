import type { SimulatorClock } from "./clock.ts";
import type { Fault } from "./fault.ts";
import type { Hit } from "./hit-log.ts";
import type { Random } from "./random.ts";
import type { OutageScript } from "./script.ts";
import type { SimulatedName } from "./vendors/vendor.ts";

/** How a simulator is started. */
export interface SimulatorOptions {
  /** Port of the control API; the providers follow: + 1 openai, + 2 anthropic, + 3 ollama, + 4 gemini, + 5 azure-openai, + 6 custom, + 7 bedrock. Default 0: free ones. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** Which providers to simulate. Default openai, anthropic, ollama, and those that the script names. */
  readonly providers?: readonly SimulatedName[];
  /** Outages to play, counted from the start. */
  readonly script?: OutageScript;
  /** Time that a good answer takes. Default: the script's, else 120 to 400 ms. 0: at once. */
  readonly latencyMs?: number | { readonly min: number; readonly max: number };
  /** Draws latencies and probabilities. Default: seeded with the script's seed, else 1. */
  readonly random?: Random;
  readonly clock?: SimulatorClock;
}

/** A simulated provider, as a caller sees it. */
export interface ProviderAddress {
  readonly name: SimulatedName;
  /** Its endpoint. */
  readonly url: string;
  /** Variables that point a Switchyard process at it, with a key that says that it is simulated. */
  readonly env: Readonly<Record<string, string>>;
}

/** Simulated LLM providers on loopback. No real model answers here. */
export interface Simulator {
  readonly providers: readonly ProviderAddress[];
  /** The variables of all of them. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the control API answers. */
  readonly controlUrl: string;
  /** Puts faults in force in place of those that are. Resolves when they are: a refused port is closed then. @throws AppError unknown_provider */
  down(provider: string, ...faults: readonly Fault[]): Promise<void>;
  /** Ends every fault of a provider, the script's current one too. Its held answers go on. @throws AppError unknown_provider */
  up(provider: string): Promise<void>;
  /** Faults in force. @throws AppError unknown_provider */
  faults(provider: string): readonly Fault[];
  /** Calls that arrived, oldest first; the last 20,000 are kept. */
  hits(provider?: string): readonly Hit[];
  /** Calls that ever reached a provider. */
  total(provider: SimulatedName): number;
  /** Forgets all hits. */
  clearHits(): void;
  /** Hears of each call at its arrival, before it is answered. @returns stops listening. */
  on(event: "hit", listener: (hit: Hit) => void): () => void;
  /** Closes every port and drops what is open. */
  close(): Promise<void>;
}
