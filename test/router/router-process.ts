import { type ChildProcess, fork } from "node:child_process";
import { resolve } from "node:path";
import type { RoutingOverrides } from "../../src/config/overrides.ts";
import type { Hints } from "../../src/core/call.ts";
import type { Explanation } from "../../src/core/routing.ts";
import type { RouteOptions, RouteOutcome } from "../../src/router/router.ts";

/** A process of its own with a router, of the built program's modules. */
export interface RouterProcess {
  /** Gives it a fresh router. */
  start(options: {
    readonly prefix: string;
    readonly env: Readonly<Record<string, string>>;
    readonly routing?: RoutingOverrides;
  }): Promise<void>;
  ask(hints?: Hints, options?: Partial<Pick<RouteOptions, "affinity" | "wait">>): Promise<RouteOutcome>;
  explain(hints?: Hints): Promise<Explanation>;
  /** Moves its clock. */
  advance(ms: number): Promise<void>;
  /** SIGKILL; what it was asked is never answered. */
  kill(): Promise<void>;
}

/** Starts one and waits until it can be asked. */
export async function routerProcess(redisUrl: string): Promise<RouterProcess> {
  const child: ChildProcess = fork(resolve(import.meta.dirname, "router-process.mjs"), [redisUrl], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    execArgv: [],
  });
  const answers = new Map<number, (value: unknown) => void>();
  const answer = (id: number) => new Promise<unknown>((done) => answers.set(id, done));
  child.on("message", ({ id, value }: { id: number; value: unknown }) => {
    answers.get(id)?.(value);
    answers.delete(id);
  });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  let last = 0;
  const send = (what: object): Promise<unknown> => {
    const id = ++last;
    const answered = answer(id);
    child.send({ id, ...what });
    return answered;
  };
  await Promise.race([
    answer(0),
    ended.then(() => {
      throw new Error("the router's process ended while starting");
    }),
  ]);
  return {
    start: async ({ prefix, env, routing = {} }) => void (await send({ do: "start", prefix, env, routing })),
    ask: async (hints = {}, options = {}) => (await send({ do: "ask", hints, options })) as RouteOutcome,
    explain: async (hints = {}) => (await send({ do: "explain", hints })) as Explanation,
    advance: async (ms) => void (await send({ do: "advance", ms })),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
