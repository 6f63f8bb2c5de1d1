import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createProviders } from "../../src/providers/create.ts";
import type { CallFailure, Provider } from "../../src/providers/provider.ts";
import { failureOf as failureOfCall, hello, never, secret } from "../../src/testing/provider-under-test.ts";
import type { VendorWire } from "./vendor-wire.ts";

export { hello, secret };

/** Builds a vendor's provider at an address, through the real settings. @param fields further keys of its entry in the file */
export function providerAt(
  wire: VendorWire,
  url: string,
  extra: Readonly<Record<string, string>> = {},
  fields: JsonObject = {},
): Provider {
  const { env, entry = {} } = wire.configure(url, secret);
  const cwd = mkdtempSync(join(tmpdir(), "switchyard-providers-"));
  const own = { ...entry, ...fields };
  try {
    if (Object.keys(own).length > 0) {
      writeFileSync(join(cwd, "switchyard.yaml"), JSON.stringify({ providers: { [wire.provider]: own } }));
    }
    const provider = createProviders(loadSettings({ env: { ...env, ...extra }, cwd })).get(wire.provider);
    if (!provider) throw new Error(`${wire.provider} is not configured`);
    return provider;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** The failure that a call ends with. Fails if it is answered. */
export function failureOf(provider: Provider, model: string, signal = never): Promise<CallFailure> {
  return failureOfCall(provider.call(hello, { model, signal }));
}
