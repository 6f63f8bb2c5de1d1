import { pino } from "pino";
import { type App, createApp, type Roles } from "../../src/app.ts";
import { SwitchyardClient } from "../../src/client/client.ts";
import { loadSettings } from "../../src/config/load.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

/** The whole program in the test's process, on a Redis and simulated providers of its own. */
export interface RunningApp {
  readonly app: App;
  readonly url: string;
  readonly client: SwitchyardClient;
  readonly redis: TestRedis;
  readonly simulator: Simulator;
  /** Starts a further API server of the fleet, with settings of its own. */
  another(
    env?: Readonly<Record<string, string>>,
  ): Promise<{ readonly client: SwitchyardClient; close(): Promise<void> }>;
  /** Starts the workers of a further process of the fleet. */
  anotherWorker(): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

/** Starts it: API and workers, providers openai, anthropic and ollama in that order. @param env further settings. */
export async function startApp(env: Readonly<Record<string, string>> = {}): Promise<RunningApp> {
  const [redis, simulator] = await Promise.all([testRedis(), startSimulator({ latencyMs: 0 })]);
  const base = {
    ...simulator.env,
    REDIS_URL: redis.url,
    SWITCHYARD_PORT: "0",
    LLM_ROUTING_STRATEGY: "failover",
    LLM_PROVIDERS: "openai,anthropic,ollama",
    ...env,
  };
  const start = (roles: Roles, more: Readonly<Record<string, string>> = {}) => {
    const settings = loadSettings({ env: { ...base, ...more }, cwd: redis.directory });
    return createApp({ settings, roles, log: pino({ level: "silent" }) });
  };
  const app = await start({ api: true, worker: true });
  const { url = "" } = app;
  return {
    app,
    url,
    client: new SwitchyardClient({ url }),
    redis,
    simulator,
    async another(more) {
      const { url: at = "", close } = await start({ api: true }, more);
      return { client: new SwitchyardClient({ url: at }), close };
    },
    anotherWorker: () => start({ worker: true }),
    async close() {
      await app.close();
      await simulator.close();
      await redis.close();
    },
  };
}

/** Two steps, the second one after the first. */
export const twoSteps = `name: two-steps
input:
  type: object
  required: [topic]
  properties: { topic: { type: string } }
steps:
  - id: first
    llm: { prompt: "Say something about {{ input.topic }}" }
  - id: second
    llm: { prompt: "Shorten: {{ steps.first.output }}" }
output: "{{ steps.second.output }}"
`;
