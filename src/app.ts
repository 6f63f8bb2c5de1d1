import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { type Access, createAccess } from "./access/access.ts";
import { isLoopback, warningOf } from "./access/exposure.ts";
import type { Origins } from "./config/origins.ts";
import { type Settings, strategyNames } from "./config/settings.ts";
import { addressRules } from "./core/address-rules.ts";
import type { Hints } from "./core/call.ts";
import { parseDuration } from "./core/duration.ts";
import { AppError } from "./core/errors.ts";
import { planId, tokenSource } from "./core/ids.ts";
import { crashHook } from "./engine/crash-point.ts";
import { createEngine } from "./engine/create-engine.ts";
import { createWorkers } from "./engine/create-workers.ts";
import type { Engine } from "./engine/engine.ts";
import { loadCatalogue } from "./planning/catalogue.ts";
import { createPlans } from "./planning/create-plans.ts";
import { createProviders } from "./providers/create.ts";
import { loadPlugins } from "./providers/load-plugins.ts";
import { type ConnectionMode, connect } from "./redis/connection.ts";
import { keysOf } from "./redis/keys.ts";
import { memoryPolicy, policyWarning } from "./redis/memory-policy.ts";
import { createRouter } from "./router/create.ts";
import { resetHealth } from "./router/reset-health.ts";
import type { Router } from "./router/router.ts";
import { createRoutingControl } from "./router/routing-control.ts";
import { createRoutingStore } from "./router/routing-store.ts";
import { KeptAnswers } from "./server/idempotency/kept-answers.ts";
import { providerFacts } from "./server/provider-facts.ts";
import { agentHandler } from "./steps/agent/agent.ts";
import { approvalHandler } from "./steps/approval.ts";
import { Evaluator } from "./steps/evaluator.ts";
import { functionHandler } from "./steps/function.ts";
import { guardedAgent } from "./steps/guarded-agent.ts";
import type { StepHandler } from "./steps/handler.ts";
import { httpHandler } from "./steps/http.ts";
import { llmHandler } from "./steps/llm.ts";
import { loopHandler } from "./steps/loop.ts";
import { machineModules } from "./steps/machine-modules.ts";
import { mapHandler } from "./steps/map.ts";
import { parallelHandler } from "./steps/parallel.ts";
import { raceHandler } from "./steps/race.ts";
import { switchHandler } from "./steps/switch.ts";
import { transformHandler } from "./steps/transform.ts";
import { undoHandler } from "./steps/undo.ts";
import { waitHandler } from "./steps/wait.ts";
import { workflowHandler } from "./steps/workflow.ts";
import { version } from "./version.ts";
import { defaultKinds } from "./workflow/check.ts";
import type { StepKindSpec } from "./workflow/kinds/kind.ts";

/** What one process is for. Any number of processes of either role share one Redis. */
export interface Roles {
  readonly api?: boolean;
  readonly worker?: boolean;
}

/** How the program is put together. */
export interface AppOptions {
  /** `redisUrl` must be set: the caller starts an embedded server where it is not. */
  readonly settings: Settings;
  /** Where the settings come from, to be shown. */
  readonly origins?: Origins;
  readonly roles: Roles;
  readonly log: Logger;
  /** Step kinds besides the built-in ones. */
  readonly kinds?: readonly { readonly spec: StepKindSpec; readonly handler: StepHandler }[];
  /** Where to die, for rehearsals of a crash (see crash-point.ts). */
  readonly crashAt?: string;
}

/** The program, running. */
export interface App {
  readonly engine: Engine;
  /** Where the API listens; absent without that role. */
  readonly url?: string;
  /** Who may use the API, where no key protects it: for whoever started it. */
  readonly notice?: string;
  /** Stops in reverse order: no new requests, no new jobs, running steps end or are handed back, connections close. */
  close(): Promise<void>;
}

/** Constructs everything, in one place, and closes it in reverse. @throws AppError redis_unavailable, invalid_settings */
export async function createApp(options: AppOptions): Promise<App> {
  const { settings, roles, log } = options;
  const { redisUrl } = settings;
  if (redisUrl === null) throw new AppError("redis_not_named");
  const closers: (() => Promise<unknown>)[] = [];
  const onError = quietly(log);
  const open = (mode: ConnectionMode): Redis => {
    const redis = connect(redisUrl, mode, onError);
    closers.push(async () => redis.disconnect());
    return redis;
  };
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const keys = keysOf(settings.prefix);
    const providers = createProviders(settings, { plugins: await loadPlugins(settings) });
    closers.push(() => Promise.all([...providers.values()].map((provider) => provider.close())));
    const router = createRouter({
      settings,
      providers,
      redis: open("impatient"),
      keys,
      clock: Date.now,
      random: Math.random,
      log,
    });
    closers.push(() => router.close());
    const kinds = [...defaultKinds, ...(options.kinds ?? []).map(({ spec }) => spec)];
    const machines = machineModules(settings.functions);
    const checkHints = async (hints: Hints) => {
      try {
        router.checkHints(hints);
      } catch {
        // A process that makes no calls hears nothing of changed routing: it looks before it refuses.
        await router.routing();
        router.checkHints(hints);
      }
    };
    const passing = open("impatient");
    const subscriber = open("subscriber");
    const engine = await createEngine({
      redis: passing,
      subscriber,
      keys,
      kinds,
      machines,
      strategies: strategyNames,
      checkHints,
      clock: Date.now,
      onError,
    });
    closers.push(() => engine.close());
    const evicts = policyWarning(await memoryPolicy(passing));
    if (evicts) log.warn(evicts);
    if (roles.worker) {
      const handlers = [
        llmHandler(router),
        ...openHandlers(settings, router, closers),
        waitHandler(Date.now),
        approvalHandler(Date.now),
        workflowHandler(),
        mapHandler({ maxOutputBytes: settings.outputLimitBytes }),
        loopHandler(),
        parallelHandler(),
        raceHandler(),
        switchHandler(),
        undoHandler(),
        ...(options.kinds ?? []).map(({ handler }) => handler),
      ];
      const workers = await createWorkers({
        redis: open("patient"),
        passing,
        subscriber: open("subscriber"),
        redisUrl,
        keys,
        kinds,
        machines,
        handlers,
        router,
        concurrency: settings.concurrency,
        maxOutputBytes: settings.outputLimitBytes,
        retentionMs: parseDuration(settings.retention) ?? null,
        crash: crashHook(options.crashAt),
        clock: Date.now,
        random: Math.random,
        onError,
      });
      closers.push(() => workers.close(settings.graceMs));
    }
    let url: string | undefined;
    let notice: string | undefined;
    if (roles.api) {
      const queues = Object.values(engine.dispatcher.queues);
      const routing = createRoutingControl({
        settings,
        origins: options.origins,
        store: createRoutingStore({ redis: passing, keys }),
        explain: (request) => router.explain(request),
        resetHealth: (provider) => resetHealth(passing, keys, provider),
      });
      const plans = createPlans({
        redis: passing,
        keys,
        catalogue: loadCatalogue(settings.agents, kinds),
        planner: { ...planBounds(settings), router, kinds, strategies: strategyNames, clock: Date.now },
        expireAfterMs: settings.planExpireAfterMs,
        checkHints,
        clock: Date.now,
        crash: crashHook(options.crashAt),
        planId,
        token: tokenSource(),
      });
      const { bodyLimitBytes, origins, readerTimeoutMs: patienceMs } = settings;
      const access = createAccess({ redis: passing, subscriber, keys, clock: Date.now });
      notice = await sayWhoMayCome(settings, access, log);
      const providers = providerFacts(settings.providers);
      const { rateLimit: perMinute } = settings;
      const rates = perMinute === null ? undefined : { perMinute, redis: passing, namespace: keys.access.rates };
      const { idempotencyKeepMs: keepMs, idempotencyLimitBytes: limitBytes } = settings;
      const answers = new KeptAnswers({ redis: passing, keys, keepMs, limitBytes });
      const context = { engine, plans, routing, router, providers, access, answers, origins, patienceMs };
      // A process of workers alone does without it: it is a fifth of what there is to load.
      const { createServer } = await import("./server/server.ts");
      const server = await createServer({ ...context, queues, log, version, bodyLimitBytes, rates });
      closers.push(() => server.close());
      url = await server.listen({ host: settings.host, port: settings.port });
    }
    return { engine, url, notice, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The handlers that hold something open: connections, threads. */
function openHandlers(settings: Settings, router: Router, closers: (() => Promise<unknown>)[]): readonly StepHandler[] {
  const { stepVariables: env, outputLimitBytes: maxOutputBytes, functions: folder, functionPackages } = settings;
  const agent = guardedAgent({ rules: addressRules(settings.httpAllow) });
  const evaluator = new Evaluator({ maxBytes: maxOutputBytes });
  closers.push(
    () => agent.destroy(),
    () => evaluator.close(),
  );
  const clock = Date.now;
  const http = httpHandler({ agent, env, maxOutputBytes, clock });
  const functions = functionHandler({ modules: { folder, packages: functionPackages }, env });
  const mcp = { dispatcher: agent, commands: settings.mcpCommands };
  return [
    http,
    transformHandler({ evaluator, maxOutputBytes, clock }),
    functions,
    agentHandler({ router, http, function: functions, mcp, env, clock }),
  ];
}

/** What a planner may do. */
function planBounds({ planKinds, planMaxSteps, planMaxUsd }: Settings) {
  return { proposable: planKinds, maxSteps: planMaxSteps, maxUsd: planMaxUsd };
}

/** @throws AppError server_open */
async function sayWhoMayCome({ host, open }: Settings, { gate }: Access, log: Logger): Promise<string | undefined> {
  const warning = warningOf({ host, open, isClosed: await gate.isClosed() });
  if (warning) log[isLoopback(host) ? "info" : "warn"](warning);
  return warning;
}

/** Connection errors come in swarms while Redis is away: the same message is logged once in 5 s. */
function quietly(log: Logger): (error: Error) => void {
  const last = new Map<string, number>();
  return (error) => {
    const now = Date.now();
    if (now - (last.get(error.message) ?? 0) < 5_000) return;
    if (last.size > 100) last.clear();
    last.set(error.message, now);
    log.warn({ err: { message: error.message } }, "a background operation failed; it is tried again");
  };
}
