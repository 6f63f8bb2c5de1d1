import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import { isTerminal, isTerminalEvent, type Run } from "../../src/core/run.ts";
import { type EmbeddedRedis, startEmbedded } from "../../src/redis/embedded.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { eventually } from "./eventually.ts";
import { type Program, startProgram } from "./program.ts";
import { type ReplyThief, startReplyThief } from "./reply-thief.ts";

/** Redis, simulated providers, API and workers: the real thing, each part a process that a test may kill. */
export class Fleet {
  readonly simulator: Simulator;
  readonly #directory: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #programs: Program[] = [];
  readonly #thief: ReplyThief | undefined;
  #redis: EmbeddedRedis;
  #api: Program | undefined;

  private constructor(parts: {
    simulator: Simulator;
    redis: EmbeddedRedis;
    thief: ReplyThief | undefined;
    directory: string;
    env: Readonly<Record<string, string>>;
  }) {
    this.simulator = parts.simulator;
    this.#redis = parts.redis;
    this.#thief = parts.thief;
    this.#directory = parts.directory;
    this.#env = parts.env;
  }

  /**
   * Starts Redis, the providers and the API; workers come by {@link worker}.
   * @param env further settings of every process. @param options behindThief: every process reaches Redis through a {@link ReplyThief}.
   */
  static async start(
    env: Readonly<Record<string, string>> = {},
    options: { behindThief?: boolean } = {},
  ): Promise<Fleet> {
    const directory = mkdtempSync(join(tmpdir(), "switchyard-fleet-"));
    const [simulator, redis] = await Promise.all([startSimulator({ latencyMs: 0 }), startEmbedded({ directory })]);
    const thief = options.behindThief ? await startReplyThief(redis.port) : undefined;
    const fleet = new Fleet({ simulator, redis, thief, directory, env });
    await fleet.serve();
    return fleet;
  }

  /** The proxy before Redis, where the fleet was started behind one. */
  get thief(): ReplyThief {
    if (!this.#thief) throw new Error("this fleet was not started behind a reply thief");
    return this.#thief;
  }

  get redis(): EmbeddedRedis {
    return this.#redis;
  }

  /** The process that {@link client} speaks to. */
  get api(): Program {
    if (!this.#api) throw new Error("this fleet has no API");
    return this.#api;
  }

  get client(): SwitchyardClient {
    return new SwitchyardClient({ url: this.#api?.ready.url ?? "" });
  }

  async serve(): Promise<Program> {
    const { port } = new URL(this.#api?.ready.url ?? "http://127.0.0.1:0");
    this.#api = await this.#start(["serve", "--port", port || "0"]);
    return this.#api;
  }

  /** One more API process, on a port of its own, beside the one that {@link client} speaks to. */
  anotherApi(): Promise<Program> {
    return this.#start(["serve", "--port", "0"]);
  }

  worker(env: Readonly<Record<string, string>> = {}, concurrency = 10): Promise<Program> {
    return this.#start(["worker", "--concurrency", String(concurrency)], env);
  }

  async #start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const settings = {
      REDIS_URL: this.#thief?.url ?? this.#redis.url,
      SWITCHYARD_LOG: "error",
      LLM_ROUTING_STRATEGY: "failover",
      LLM_PROVIDERS: "openai,anthropic,ollama",
    };
    const program = await startProgram(args, { ...this.simulator.env, ...settings, ...this.#env, ...env });
    this.#programs.push(program);
    return program;
  }

  /** kill -9 of Redis, and a new one on the same port and append-only file. */
  async crashRedis(): Promise<void> {
    process.kill(this.#redis.pid, "SIGKILL");
    await this.#redis.close();
  }

  async reviveRedis(): Promise<void> {
    this.#redis = await startEmbedded({ directory: this.#directory, port: this.#redis.port });
  }

  /** Redis comes back without what it was told in its last milliseconds, as one that syncs its file each second may after a power cut. */
  async rewindRedis(ms: number): Promise<void> {
    const file = join(this.#directory, "appendonlydir");
    const copy = join(this.#directory, "copy");
    cpSync(file, copy, { recursive: true });
    await sleep(ms);
    await this.crashRedis();
    rmSync(file, { recursive: true });
    renameSync(copy, file);
    await this.reviveRedis();
  }

  /** Waits for a run to end and checks that its history is whole. */
  async ended(runId: string, withinMs = 30_000): Promise<Run> {
    const run = await eventually(async () => {
      const found = await this.client.get(runId);
      if (!isTerminal(found.status))
        throw new Error(
          `run ${runId} is still ${found.status}: ${JSON.stringify(found.steps.map((s) => [s.id, s.status]))}`,
        );
      return found;
    }, withinMs);
    await this.expectWholeHistory(runId);
    return run;
  }

  /** Events are numbered 1..n without a gap, the last one and only it is terminal, and no step succeeded twice. */
  async expectWholeHistory(runId: string): Promise<void> {
    const events = await this.client.history(runId);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.flatMap((event, index) => (isTerminalEvent(event) ? [index] : []))).toEqual([events.length - 1]);
    const succeeded = events.flatMap((event) => (event.type === "step.succeeded" ? [event.step] : []));
    expect(succeeded).toEqual([...new Set(succeeded)]);
  }

  async close(): Promise<void> {
    for (const program of this.#programs) program.kill("SIGKILL");
    await Promise.all(this.#programs.map((program) => program.ended));
    await this.simulator.close();
    await this.#thief?.close();
    await this.#redis.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
