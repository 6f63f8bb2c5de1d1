import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SwitchyardClient } from "../../client/client.ts";
import { loadSettings } from "../../config/load.ts";
import { AppError } from "../../core/errors.ts";
import { startEmbedded } from "../../redis/embedded.ts";
import { type Simulator, startSimulator } from "../../simulator/index.ts";
import { type CliContext, exitWith, type GlobalOptions } from "../context.ts";
import { exitCodes } from "../failure.ts";
import { readText } from "../input.ts";
import { watchRun } from "../watch/watch-run.ts";
import { showOutput } from "./ending.ts";
import { outageDuringStepTwo } from "./outage.ts";
import { startProcess } from "./process.ts";

/** What the demo is asked. */
export interface DemoOptions extends GlobalOptions {
  readonly input?: string;
  readonly real?: boolean;
}

/** Things to close, last opened first. */
type Closers = (() => Promise<unknown>)[];

const workflows = fileURLToPath(new URL("../../../workflows/", import.meta.url));

/** Runs the demo from its first process to its last. Everything it started is stopped at its end, also after a failure. */
export async function runDemo(options: DemoOptions, context: CliContext): Promise<void> {
  const closers: Closers = [];
  try {
    await demo(options, context, closers);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function demo(options: DemoOptions, context: CliContext, closers: Closers): Promise<void> {
  const { output, cwd } = context;
  const { paint } = output;
  const log = await readText(options.input ?? `${workflows}incident.log`, cwd);
  const definition = await readText(`${workflows}incident-report.yaml`, cwd);
  const say = (text: string) => (options.json ? output.note(text) : output.print(text));

  const simulator = options.real ? undefined : await startSimulator({ latencyMs: { min: 250, max: 600 } });
  if (simulator) closers.push(() => simulator.close());
  const env = await environment(context, simulator, closers);
  say(paint.bold("Switchyard demo: a workflow finishes although its provider dies in the middle."));
  say(
    simulator
      ? `Providers  ${simulator.providers.map(({ name }) => name).join(", ")}: ${paint.yellow("simulated")}, no real model answers here`
      : `Providers  ${loadSettings({ env, cwd }).routing.enabled.join(", ")}: real ones, from your environment`,
  );

  const parts = await Promise.all([
    startProcess(["serve", "--port", "0"], env),
    startProcess(["worker"], env),
    startProcess(["worker"], env),
  ]);
  closers.push(() => Promise.all(parts.map((part) => part.close())));
  const [api, ...workers] = parts;
  say(`Processes  API ${api.pid} at ${api.url}, workers ${workers.map(({ pid }) => pid).join(" and ")}`);
  say(`Redis      ${env.REDIS_URL}`);

  const client = new SwitchyardClient({ url: api.url ?? "" });
  const { id } = await client.submit({ definition, input: { log } });
  say(`Run        ${id}: incident-report`);
  say(`Log        ${options.input ?? "workflows/incident.log"}, ${log.trimEnd().split("\n").length} lines`);
  say("");
  const over = new AbortController();
  closers.push(async () => over.abort());
  // A live view is repainted in place: what is printed into it would be painted over, so it is told below it.
  const live = output.isLive && !options.json;
  const outage = simulator
    ? outageDuringStepTwo(client, simulator, id, over.signal).then(
        (provider) => {
          if (!live) announceOutage(provider, say);
          return provider;
        },
        () => undefined,
      )
    : undefined;
  const run = await watchRun({
    client,
    runId: id,
    output,
    json: options.json,
    result: false,
    signal: context.stop.signal,
  });
  over.abort();
  const downed = await outage;
  if (live) announceOutage(downed, (text) => say(paint.dim(text.trim())));
  if (!options.json) showOutput(run, output);
  exitWith(run.status === "succeeded" ? exitCodes.succeeded : exitCodes.runFailed);
}

function announceOutage(provider: string | undefined, say: (text: string) => void): void {
  if (provider) say(`           the demo has closed the port of ${provider}: it refuses every connection`);
}

/** Variables of the demo's processes: the caller's own for a real run, else only what points at the simulated providers. */
async function environment(
  context: CliContext,
  simulator: Simulator | undefined,
  closers: Closers,
): Promise<NodeJS.ProcessEnv> {
  const { env, cwd } = context;
  const redisUrl = env.REDIS_URL || (await ownRedis(cwd, closers));
  const shared = {
    REDIS_URL: redisUrl,
    SWITCHYARD_PREFIX: `demo-${randomUUID().slice(0, 8)}`,
    SWITCHYARD_PORT: "0",
    SWITCHYARD_LOG: "error",
  };
  if (!simulator) {
    const real = { ...env, ...(await localOllama(env)), ...shared };
    if (loadSettings({ env: real, cwd }).providers.length > 0) return real;
    throw new AppError("no_provider", {
      message:
        "--real found no provider: no key (OPENAI_API_KEY, ANTHROPIC_API_KEY), no switchyard.yaml, and no Ollama on its usual port.",
    });
  }
  const { PATH, HOME } = env;
  return {
    PATH,
    HOME,
    ...simulator.env,
    LLM_ROUTING_STRATEGY: "failover",
    DEFAULT_LLM_PROVIDER: "openai",
    ...shared,
    SWITCHYARD_CONFIG: undefined,
  };
}

async function ownRedis(cwd: string, closers: Closers): Promise<string> {
  const redis = await startEmbedded({ directory: resolve(cwd, ".switchyard", "demo") });
  closers.push(() => redis.close());
  return redis.url;
}

async function localOllama({ OLLAMA_ENDPOINT }: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  if (OLLAMA_ENDPOINT) return {};
  const endpoint = "http://127.0.0.1:11434";
  try {
    const answer = await fetch(`${endpoint}/api/tags`, { signal: AbortSignal.timeout(1_000) });
    const { models = [] } = (await answer.json()) as { readonly models?: readonly { readonly name: string }[] };
    const [first] = models;
    return first ? { OLLAMA_ENDPOINT: endpoint, OLLAMA_MODEL: first.name } : {};
  } catch {
    return {};
  }
}
