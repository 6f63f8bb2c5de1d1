import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { loadSettings } from "../config/load.ts";
import { createProviders } from "../providers/create.ts";
import { loadPlugins } from "../providers/load-plugins.ts";
import { CallFailure, type LlmRequest, type Provider } from "../providers/provider.ts";
import type { ProviderWire } from "./provider-wire.ts";
import { type WireRequest, type WireServer, wireServer } from "./wire-server.ts";

/** The key that must never show up in a message. */
export const secret = "sk-test-0123456789abcdefSECRET";

/** A small request. */
export const hello: LlmRequest = { system: "Be brief.", messages: [{ role: "user", content: "Hello" }] };

/** A caller who never ends the call. */
export const never: AbortSignal = new AbortController().signal;

/** Builds a wire's provider at an address, through the real settings. @param fields further keys of its entry in the file */
export async function providerAt(
  wire: ProviderWire,
  url: string,
  fields: Readonly<Record<string, string | number | boolean>> = {},
): Promise<Provider> {
  const { env = {}, entry = {} } = wire.configure(url, secret);
  const cwd = mkdtempSync(join(tmpdir(), "switchyard-providers-"));
  try {
    const own = { ...entry, ...fields };
    const providers = Object.keys(own).length > 0 ? { [wire.provider]: own } : {};
    // JSON is YAML.
    writeFileSync(join(cwd, "switchyard.yaml"), JSON.stringify({ providers }));
    const settings = loadSettings({ env, cwd });
    const provider = createProviders(settings, { plugins: await loadPlugins(settings) }).get(wire.provider);
    if (!provider) throw new Error(`${wire.provider} is not configured`);
    return provider;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** A provider and the server that it calls; its members are there once a test runs. */
export interface UnderTest {
  readonly server: WireServer;
  readonly provider: Provider;
  /** What the server was asked last. */
  readonly last: () => WireRequest;
}

/** Registers the hooks of a group of tests. */
export function underTest(wire: ProviderWire): UnderTest {
  let server: WireServer;
  let provider: Provider;
  beforeAll(async () => {
    server = await wireServer();
    provider = await providerAt(wire, server.url);
  });
  afterAll(async () => {
    await provider?.close();
    await server?.close();
  });
  return {
    get server() {
      return server;
    },
    get provider() {
      return provider;
    },
    last() {
      const request = server.requests.at(-1);
      if (!request) throw new Error("the server was not asked");
      return request;
    },
  };
}

/** The failure that a call ends with. Fails if it is answered. */
export async function failureOf(call: Promise<unknown>): Promise<CallFailure> {
  const result = await call.catch((error: unknown) => error);
  if (result instanceof CallFailure) return result;
  throw new Error(`not a CallFailure: ${JSON.stringify(result)} ${String(result)}`);
}
