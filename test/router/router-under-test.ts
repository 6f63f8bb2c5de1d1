import type { ServerResponse } from "node:http";
import { loadSettings } from "../../src/config/load.ts";
import { applyOverrides, type RoutingOverrides } from "../../src/config/overrides.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Hints } from "../../src/core/call.ts";
import { createProviders } from "../../src/providers/create.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createRouter, type RouterOptions } from "../../src/router/create.ts";
import type { RouteOptions, RouteOutcome, Router } from "../../src/router/router.ts";
import { type VendorWire, vendorWires } from "../providers/vendor-wire.ts";
import { json, type WireRequest, type WireServer, wireServer } from "../providers/wire-server.ts";
import { streamed } from "./streamed.ts";

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
  /** Answers, but only when it is told to. @returns what is held; a closed connection leaves it. */
  hold(name: Vendor): Held;
  /** All up, no hits. */
  reset(): void;
  close(): Promise<void>;
}

/** Requests that a vendor has received and not yet answered. */
export interface Held {
  /** Those whose connection is open. */
  readonly waiting: number;
  /** How many were closed by the caller before they were answered. */
  readonly closed: number;
  /** Answers all that wait. */
  release(): void;
}

const names: readonly Vendor[] = ["openai", "anthropic", "ollama"];

/** `NAME answers`, in one piece or as a stream, as the request asks. */
function answerOf(name: Vendor, wire: VendorWire) {
  return (response: ServerResponse, request: WireRequest) => {
    const text = `${name} answers`;
    if (request.body.stream === true) streamed(name, text.split(/(?= )/))(response);
    else json(200, wire.answer(text))(response);
  };
}

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
    up: (name) => servers[name].respond(answerOf(name, wireOf(name))),
    fail: (name, status, headers) => servers[name].respond(json(status, wireOf(name).error("x", "no"), headers)),
    hold(name) {
      const waiting = new Set<() => void>();
      let closed = 0;
      servers[name].respond((response, request) => {
        const answer = () => answerOf(name, wireOf(name))(response, request);
        waiting.add(answer);
        response.once("close", () => {
          if (waiting.delete(answer)) closed++;
        });
      });
      return {
        get waiting() {
          return waiting.size;
        },
        get closed() {
          return closed;
        },
        release() {
          for (const answer of waiting) {
            waiting.delete(answer);
            answer();
          }
        },
      };
    },
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

/** What a router under test is made of, where it differs from the usual. */
export interface RouterParts extends Partial<RouterOptions> {
  /** Routing as the settings file would have it below `routing:`. */
  readonly routing?: RoutingOverrides;
}

/** Builds a router through the real settings and providers. Pauses move the virtual clock instead of waiting. */
export function routerUnderTest(
  env: Readonly<Record<string, string>>,
  options: Pick<RouterOptions, "redis"> & RouterParts & { readonly prefix: string },
): RouterUnderTest {
  const settings = withRouting(loadSettings({ env, cwd: "/nonexistent" }), options.routing);
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

function withRouting(settings: Settings, said: RoutingOverrides = {}): Settings {
  const names = settings.providers.map(({ name }) => name);
  return { ...settings, routing: applyOverrides(settings.routing, said, names) };
}

/** A sleep that moves a virtual clock. */
export function sleepOn(clock: VirtualClock) {
  return async (ms: number) => clock.advance(ms);
}
