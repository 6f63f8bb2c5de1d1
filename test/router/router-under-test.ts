import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Hints } from "../../src/core/call.ts";
import { createProviders } from "../../src/providers/create.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createRouter, type RouterOptions } from "../../src/router/create.ts";
import type { RouteOptions, RouteOutcome, Router } from "../../src/router/router.ts";
import { vendorWires } from "../providers/vendor-wire.ts";
import { json, type WireServer, wireServer } from "../providers/wire-server.ts";

/** A clock that stands still until it is moved. */
export interface VirtualClock {
  (): number;
  advance(ms: number): void;
}

/** @param start epoch milliseconds */
export function virtualClock(start = Date.parse("2026-01-01T12:00:00Z")): VirtualClock {
  let now = start;
  return Object.assign(() => now, {
    advance(ms: number) {
      now += ms;
    },
  });
}

/** Three providers on the wire: openai, anthropic, ollama. */
export type Vendor = "openai" | "anthropic" | "ollama";

/** The vendors' servers with what they answer. */
export interface Vendors {
  readonly servers: Readonly<Record<Vendor, WireServer>>;
  readonly env: Readonly<Record<string, string>>;
  /** Requests since the last {@link reset}. */
  hits(name: Vendor): number;
  up(name: Vendor): void;
  fail(name: Vendor, status: number, headers?: Readonly<Record<string, string>>): void;
  /** All up, no hits. */
  reset(): void;
  close(): Promise<void>;
}

const names: readonly Vendor[] = ["openai", "anthropic", "ollama"];

/** Starts the vendors' servers. */
export async function startVendors(): Promise<Vendors> {
  const [openai, anthropic, ollama] = await Promise.all([wireServer(), wireServer(), wireServer()]);
  const servers = { openai, anthropic, ollama };
  const wireOf = (name: Vendor) => {
    const wire = vendorWires.find(({ provider }) => provider === name);
    if (!wire) throw new Error(`no wire for ${name}`);
    return wire;
  };
  const vendors: Vendors = {
    servers,
    env: Object.assign({}, ...names.map((name) => wireOf(name).configure(servers[name].url, `${name}-secret-key`).env)),
    hits: (name) => servers[name].requests.length,
    up: (name) => servers[name].respond(json(200, wireOf(name).answer(`${name} answers`))),
    fail: (name, status, headers) => servers[name].respond(json(status, wireOf(name).error("x", "no"), headers)),
    reset() {
      for (const name of names) {
        vendors.up(name);
        servers[name].requests.length = 0;
      }
    },
    async close() {
      await Promise.all(names.map((name) => servers[name].close()));
    },
  };
  vendors.reset();
  return vendors;
}

/** A router with its settings, and a short way to call it. */
export interface RouterUnderTest {
  readonly router: Router;
  readonly settings: Settings;
  ask(hints?: Hints, options?: Partial<RouteOptions>): Promise<RouteOutcome>;
  close(): Promise<void>;
}

/** Builds a router through the real settings and providers. Pauses move the virtual clock instead of waiting. */
export function routerUnderTest(
  env: Readonly<Record<string, string>>,
  options: Pick<RouterOptions, "redis"> & Partial<RouterOptions> & { readonly prefix: string },
): RouterUnderTest {
  const settings = loadSettings({ env, cwd: "/nonexistent" });
  const clock = options.clock ?? Date.now;
  const providers = createProviders(settings);
  const router = createRouter({
    settings,
    providers,
    keys: keysOf(options.prefix),
    clock,
    random: () => 0.5,
    timeSource: options.clock ? "clock" : "redis",
    // A wait for Redis that never ends by itself: what these tests check does not depend on a busy machine.
    redisBoundMs: 10_000,
    ...options,
  });
  let requests = 0;
  return {
    router,
    settings,
    ask: (hints = {}, more = {}) =>
      router.call(
        { messages: [{ role: "user", content: "Hello" }] },
        {
          hints,
          signal: new AbortController().signal,
          idempotencyKey: `request-${++requests}`,
          deadline: clock() + 3_600_000,
          ...more,
        },
      ),
    async close() {
      await router.close();
      for (const provider of providers.values()) await provider.close();
    },
  };
}

/** A sleep that moves a virtual clock. */
export function sleepOn(clock: VirtualClock) {
  return async (ms: number) => clock.advance(ms);
}
