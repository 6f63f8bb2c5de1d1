import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load.ts";
import { createProviders } from "../../src/providers/create.ts";
import { CallFailure, type LlmRequest, type Provider } from "../../src/providers/provider.ts";
import type { VendorWire } from "./vendor-wire.ts";

/** The key that must never show up in a message. */
export const secret = "sk-test-0123456789abcdefSECRET";

/** A small request. */
export const hello: LlmRequest = { system: "Be brief.", messages: [{ role: "user", content: "Hello" }] };

/** Builds a vendor's provider at an address, through the real settings. */
export function providerAt(wire: VendorWire, url: string, extra: Readonly<Record<string, string>> = {}): Provider {
  const { env, yaml } = wire.configure(url, secret);
  const cwd = mkdtempSync(join(tmpdir(), "switchyard-providers-"));
  try {
    if (yaml) writeFileSync(join(cwd, "switchyard.yaml"), yaml);
    const provider = createProviders(loadSettings({ env: { ...env, ...extra }, cwd })).get(wire.provider);
    if (!provider) throw new Error(`${wire.provider} is not configured`);
    return provider;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** The failure that a call ends with. Fails if it is answered. */
export async function failureOf(
  provider: Provider,
  model: string,
  signal = new AbortController().signal,
): Promise<CallFailure> {
  const result = await provider.call(hello, { model, signal }).catch((error: unknown) => error);
  if (result instanceof CallFailure) return result;
  throw new Error(`not a CallFailure: ${JSON.stringify(result)} ${String(result)}`);
}
