import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { loadSettings } from "../../src/config/load.ts";
import { createProviders } from "../../src/providers/create.ts";
import { CallFailure, type LlmRequest, type Provider } from "../../src/providers/provider.ts";
import type { VendorWire } from "./vendor-wire.ts";

/** The key that must never show up in a message. */
export const secret = "sk-test-0123456789abcdefSECRET";

/** A small request. */
export const hello: LlmRequest = { system: "Be brief.", messages: [{ role: "user", content: "Hello" }] };

/** Builds a vendor's provider at an address, through the real settings. @param fields further keys of its entry in the file */
export function providerAt(
  wire: VendorWire,
  url: string,
  extra: Readonly<Record<string, string>> = {},
  fields: Readonly<Record<string, number | boolean>> = {},
): Provider {
  const { env, yaml } = wire.configure(url, secret);
  const cwd = mkdtempSync(join(tmpdir(), "switchyard-providers-"));
  const file = (parse(yaml) ?? {}) as { readonly providers?: Readonly<Record<string, object>> };
  const entry = { ...file.providers?.[wire.provider], ...fields };
  try {
    if (Object.keys(entry).length > 0) {
      writeFileSync(join(cwd, "switchyard.yaml"), stringify({ providers: { [wire.provider]: entry } }));
    }
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
