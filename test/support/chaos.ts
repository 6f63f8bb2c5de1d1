import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../../src/simulator/index.ts";
import { seededRandom } from "../../src/simulator/random.ts";
import type { Fleet } from "./fleet.ts";
import type { Program } from "./program.ts";

/** One thing that goes wrong, so many milliseconds after the beginning. */
export type Trouble = { readonly at: number } & (
  | { readonly type: "kill worker"; readonly worker: number }
  | { readonly type: "stop worker"; readonly worker: number; readonly ms: number }
  | { readonly type: "crash redis" }
  | { readonly type: "stop redis"; readonly ms: number }
  | { readonly type: "provider"; readonly name: string; readonly fault: Fault; readonly ms: number }
);

const providers = ["openai", "anthropic", "ollama"] as const;
const faults: readonly Fault[] = [
  { kind: "status", status: 500 },
  { kind: "status", status: 429, retryAfter: 1 },
  { kind: "status", status: 503, probability: 0.5 },
  { kind: "reset" },
  { kind: "refuse" },
  { kind: "stall" },
  { kind: "stall", afterBytes: 40 },
  { kind: "cut" },
  { kind: "malformed" },
  { kind: "error_body" },
  { kind: "latency", ms: 1_500 },
];

/** What goes wrong and when. The same seed gives the same troubles; what they meet is a matter of luck. */
export function planTroubles(seed: number, lastsMs: number, workers: number): readonly Trouble[] {
  const random = seededRandom(seed);
  const between = (low: number, high: number) => Math.round(low + (high - low) * random());
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const troubles: Trouble[] = [];
  const lane = (everyMs: readonly [number, number], trouble: (at: number) => Trouble) => {
    for (let at = between(...everyMs); at < lastsMs; at += between(...everyMs)) troubles.push(trouble(at));
  };
  lane([1_500, 4_000], (at) => {
    const worker = Math.floor(random() * workers);
    if (random() < 0.5) return { at, type: "kill worker", worker };
    return { at, type: "stop worker", worker, ms: between(1_000, 6_000) };
  });
  lane([800, 2_500], (at) => ({
    at,
    type: "provider",
    name: one(providers),
    fault: one(faults),
    ms: between(500, 4_000),
  }));
  // Redis has its share in each third: a crash or a pause, so that it is up between them.
  for (const [part, type] of (["stop redis", "crash redis", "stop redis", "crash redis"] as const).entries()) {
    const at = Math.round((lastsMs * (part + 0.2 + 0.4 * random())) / 4);
    troubles.push(type === "crash redis" ? { at, type } : { at, type, ms: between(1_000, 5_000) });
  }
  return troubles.sort((a, b) => a.at - b.at);
}

/** Does to a fleet what a plan says. */
export class Chaos {
  readonly #fleet: Fleet;
  readonly #workers: Program[];
  /** Workers that we killed: any other that ends has died by itself. */
  readonly #killed = new Set<Program>();
  readonly #stopped = new Set<Program>();
  readonly #faults = new Map<string, readonly Fault[]>();
  #redisIsStopped = false;

  constructor(fleet: Fleet, workers: readonly Program[]) {
    this.#fleet = fleet;
    this.#workers = [...workers];
  }

  /** Plays the troubles; resolves when the last one is over and everything is up again. */
  async play(troubles: readonly Trouble[]): Promise<void> {
    const startedAt = Date.now();
    await Promise.all(
      troubles.map(async (trouble) => {
        await sleep(Math.max(0, startedAt + trouble.at - Date.now()));
        await this.#make(trouble);
      }),
    );
  }

  /** Workers, and the API, that ended without having been killed by a trouble, with what they printed. */
  async diedByThemselves(): Promise<readonly string[]> {
    const alive = Symbol("alive");
    const own = [this.#fleet.api, ...this.#workers].filter((program) => !this.#killed.has(program));
    const ends = await Promise.all(own.map((worker) => Promise.race([worker.ended, sleep(0, alive)])));
    return own.flatMap((worker, index) =>
      ends[index] === alive ? [] : [`${String(ends[index])}: ${worker.stderr()}`],
    );
  }

  async #make(trouble: Trouble): Promise<void> {
    switch (trouble.type) {
      case "kill worker":
        return this.#kill(trouble.worker);
      case "stop worker": {
        const worker = this.#workers[trouble.worker];
        if (!worker || this.#stopped.has(worker) || this.#killed.has(worker)) return;
        this.#stopped.add(worker);
        worker.kill("SIGSTOP");
        await sleep(trouble.ms);
        worker.kill("SIGCONT");
        this.#stopped.delete(worker);
        return;
      }
      case "crash redis":
        await this.#fleet.crashRedis();
        return this.#fleet.reviveRedis();
      case "stop redis": {
        if (this.#redisIsStopped) return;
        this.#redisIsStopped = true;
        const { pid } = this.#fleet.redis;
        process.kill(pid, "SIGSTOP");
        await sleep(trouble.ms);
        if (pid === this.#fleet.redis.pid) process.kill(pid, "SIGCONT");
        this.#redisIsStopped = false;
        return;
      }
      case "provider": {
        const faults = [trouble.fault];
        this.#faults.set(trouble.name, faults);
        await this.#fleet.simulator.down(trouble.name, ...faults);
        await sleep(trouble.ms);
        // A later trouble of the same provider ends it itself.
        if (this.#faults.get(trouble.name) === faults) await this.#fleet.simulator.up(trouble.name);
      }
    }
  }

  async #kill(index: number): Promise<void> {
    const worker = this.#workers[index];
    if (!worker || this.#killed.has(worker)) return;
    this.#killed.add(worker);
    worker.kill("SIGKILL");
    await worker.ended;
    this.#workers[index] = await this.#fleet.worker();
  }
}
