import type { Redis } from "ioredis";
import type { Settings } from "../config/settings.ts";
import type { Hints } from "../core/call.ts";
import { AppError, toErrorRecord } from "../core/errors.ts";
import { tokenSource } from "../core/ids.ts";
import type { Provider } from "../providers/provider.ts";
import type { Keys } from "../redis/keys.ts";
import { admit } from "./admit.ts";
import { createReachability } from "./bounded.ts";
import { standingsOf } from "./budgets.ts";
import { route } from "./call.ts";
import { check, knownNow } from "./check.ts";
import { checkHints } from "./check-hints.ts";
import type { RouteContext, Sleep } from "./context.ts";
import { explanation } from "./explanation.ts";
import { createFleet } from "./fleet-store.ts";
import { createGatewayStore } from "./gateway-store.ts";
import { createJudge } from "./judge.ts";
import type { Known } from "./known.ts";
import { createLedger } from "./ledger.ts";
import { createLiveRouting } from "./live-routing.ts";
import { createMemory } from "./memory.ts";
import { modelHints, modelOffers } from "./model-hints.ts";
import { report } from "./report.ts";
import type { Router } from "./router.ts";
import { createShadowStore } from "./shadow-store.ts";
import { createSpentStore } from "./spent.ts";
import { createTally } from "./tally.ts";

/** Where the router tells what people may want to know; pino's loggers fit. */
export interface RouterLog {
  warn(fields: object, message: string): void;
}

/** What a router is made of. */
export interface RouterOptions {
  readonly settings: Settings;
  readonly providers: ReadonlyMap<string, Provider>;
  /** An impatient connection: commands fail while Redis is away. Stays the caller's to close. */
  readonly redis: Redis;
  readonly keys: Keys;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** 0 up to 1. */
  readonly random: () => number;
  /** Default: a timer. */
  readonly sleep?: Sleep;
  readonly log?: RouterLog;
  /** Whose time the fleet's health goes by. Default "redis"; "clock" is for tests with a clock of their own. */
  readonly timeSource?: "redis" | "clock";
  /** Longest wait for an answer of Redis, in milliseconds. Default 100. */
  readonly redisBoundMs?: number;
}

/** Builds the router. Opens no connection; `providers` and `redis` stay the caller's to close. */
export function createRouter(options: RouterOptions): Router {
  const { settings, providers, redis, keys, clock, random, log } = options;
  if (redis.status === "wait") redis.connect().catch(() => undefined);
  const reachability = createReachability(options.redisBoundMs ?? 100, clock, (error) =>
    log?.warn({ error: error.message }, "Redis does not answer the router; deciding on what was last known"),
  );
  const closing = new AbortController();
  const live = createLiveRouting(settings, providers, (version, error) =>
    log?.warn(
      { version, error: String(error) },
      "the routing that was set at run time cannot be read; the one before stays",
    ),
  );
  const tally = createTally(redis, keys);
  const spent = createSpentStore({ redis, keys, tally, clock });
  const context: RouteContext = {
    live,
    clock,
    random,
    token: tokenSource(),
    sleep: options.sleep ?? sleepOnTimer,
    shadows: createShadowStore(redis, keys),
    ledger: createLedger(redis, keys, clock, tally),
    spent,
    judge: createJudge(spent, clock, (standing) =>
      log?.warn({ ...standing }, standing.state === "spent" ? "a budget is spent" : "a budget is nearly spent"),
    ),
    closing: closing.signal,
    fleet: createFleet({
      redis,
      keys,
      clock,
      random,
      memory: createMemory(),
      reachability,
      timeSource: options.timeSource ?? "redis",
    }),
  };
  const timeSource = options.timeSource ?? "redis";
  const gateway = createGatewayStore({ redis, keys, clock, random, timeSource });
  return {
    checkHints: (hints) => checkHints(hints, live.current()),
    modelHints: (model) => modelHints(model, live.current()),
    models: async () => modelOffers(await knownNow(context)),
    check: (provider) => check(provider, context),
    routing: async () => (await knownNow(context)).routing,
    async explain(request) {
      const refused = await refusalOf(context, (known) => checkHints(request.hints, known));
      if (refused) throw refused;
      return explanation(context, request);
    },
    async admit(request) {
      const refused = await refusalOf(context, (known) => checkCallable(request.hints, known));
      if (refused) throw refused;
      return admit(context, gateway, request);
    },
    report: (call) => report(context, gateway, call),
    shadows: () => context.shadows.list(),
    async budgets() {
      const { routing } = await knownNow(context);
      const [day, month] = await Promise.all([spent.all("day"), spent.all("month")]);
      return standingsOf(routing.budgets, { day, month }, clock());
    },
    spend: (from, to) => context.ledger.read(from, to),
    async call(request, routeOptions) {
      const refused = await refusalOf(context, (known) => checkCallable(routeOptions.hints, known));
      if (refused) return { type: "rejected", error: toErrorRecord(refused), calls: [] };
      return route(context, request, routeOptions);
    },
    async close() {
      // Calls under way end by their own signals; mirrored ones have none.
      closing.abort();
      await context.ledger.close();
    },
  };
}

function checkCallable(hints: Hints, known: Known): void {
  if (known.routing.enabled.length === 0) throw new AppError("no_provider");
  checkHints(hints, known);
}

/** What `check` throws; undefined: nothing. Before a request is refused the router looks whether the routing was changed meanwhile. */
async function refusalOf(context: RouteContext, check: (known: Known) => void): Promise<unknown> {
  const thrown = (known: Known): unknown => {
    try {
      check(known);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  return thrown(context.live.current()) && thrown(await knownNow(context));
}

const sleepOnTimer: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
