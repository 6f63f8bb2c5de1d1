import type { Server } from "node:http";
import { AppError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { systemClock } from "./clock.ts";
import { startControl } from "./control.ts";
import type { Latency } from "./exchange.ts";
import { HitLog } from "./hit-log.ts";
import { isTaken } from "./port.ts";
import { SimulatedProvider } from "./provider.ts";
import { seededRandom } from "./random.ts";
import { playScript } from "./rehearsal.ts";
import type { ProviderAddress, Simulator, SimulatorOptions } from "./simulator.ts";
import { type SimulatedName, simulatedNames } from "./vendors/vendor.ts";
import { vendors } from "./vendors/vendors.ts";

const defaultProviders: readonly SimulatedName[] = ["openai", "anthropic", "ollama"];
const defaultLatency: Latency = { minMs: 120, maxMs: 400 };

/** Starts simulated providers, each on its own port, and the control API. @throws AppError port_taken; invalid_script - it names a provider that is not to be started. Nothing is left open. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, host = "127.0.0.1", script, clock = systemClock } = options;
  const hits = new HitLog();
  const random = options.random ?? seededRandom(script?.seed ?? 1);
  const latency = toLatency(options.latencyMs) ?? script?.latency ?? defaultLatency;
  const providers = new Map<string, SimulatedProvider>();
  let control: { readonly url: string; readonly server: Server } | undefined;
  let stopScript = () => {};

  const known = (name: string): SimulatedProvider => {
    const provider = providers.get(name);
    if (provider) return provider;
    const names = [...providers.keys()];
    const message = `No simulated provider is called "${name}". There are: ${names.join(", ")}.${didYouMean(name, names)}`;
    throw new AppError("unknown_provider", { message, details: { provider: name, known: names } });
  };
  const close = async () => {
    stopScript();
    const controlGone = new Promise((resolve) => (control ? control.server.close(resolve) : resolve(undefined)));
    control?.server.closeAllConnections();
    await Promise.all([controlGone, ...[...providers.values()].map((provider) => provider.close())]);
  };
  const simulator: Simulator = {
    get providers() {
      return [...providers.values()].map(({ name, url, env }) => ({ name, url, env }));
    },
    get env() {
      return simulatorEnv(this.providers);
    },
    get controlUrl() {
      return control?.url ?? "";
    },
    down: async (name, ...faults) => known(name).replace(faults),
    up: async (name) => known(name).replace([]),
    faults: (name) => known(name).faults,
    hits: (name) => hits.list(name),
    total: (name) => hits.total(name),
    clearHits: () => hits.clear(),
    on: (event, listener) => hits.on(event, listener),
    close,
  };
  try {
    for (const name of namesOf(options)) {
      const provider = new SimulatedProvider({ vendor: vendors[name], hits, clock, random, latency }, host);
      await provider.open(port === 0 ? 0 : port + 1 + simulatedNames.indexOf(name));
      providers.set(name, provider);
    }
    control = await startControl(simulator, port, host);
  } catch (error) {
    await close();
    throw isTaken(error) ? portTaken(port, host, error) : error;
  }
  if (script) stopScript = playScript(script, clock, (name, fault) => known(name).arm(fault));
  return simulator;
}

/** The variables of some simulated providers, merged: what a Switchyard process needs to use them. */
export function simulatorEnv(providers: readonly ProviderAddress[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...providers.map(({ env }) => env)) as Record<string, string>;
}

/** Those that were asked for, which a script must keep to; else the usual ones and those that the script names. */
function namesOf({ providers, script }: SimulatorOptions): readonly SimulatedName[] {
  const scripted = new Set(script?.outages.map(({ provider }) => provider));
  if (!providers) return simulatedNames.filter((name) => defaultProviders.includes(name) || scripted.has(name));
  const problems = [...scripted]
    .filter((name) => !providers.includes(name))
    .map((name) => ({ path: "outages", message: `${name} is not started; allowed: ${providers.join(", ")}.` }));
  if (problems.length === 0) return providers;
  throw new AppError("invalid_script", {
    message: `The outage script has mistakes: ${problems.map(({ message }) => message).join(" ")}`,
    problems,
  });
}

function portTaken(port: number, host: string, cause: unknown): AppError {
  const last = port + simulatedNames.length;
  return new AppError("port_taken", {
    message: `One of the ports ${port} to ${last} of ${host} is taken by another process.`,
    details: { host, from: port, to: last },
    cause,
  });
}

function toLatency(given: SimulatorOptions["latencyMs"]): Latency | undefined {
  if (given === undefined) return undefined;
  return typeof given === "number" ? { minMs: given, maxMs: given } : { minMs: given.min, maxMs: given.max };
}
