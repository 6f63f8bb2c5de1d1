import { createHash } from "node:crypto";
import type { LanguageModelV3 } from "@ai-sdk/provider";
import { Agent, fetch as undiciFetch } from "undici";
import type { ModelAliases, ProviderSettings } from "../config/settings.ts";
import { generate } from "./call.ts";
import { classify } from "./classify.ts";
import { contextWindow, costUsd, type Pricing, priceOf } from "./prices.ts";
import { CallFailure, type Provider } from "./provider.ts";

/** What a provider is built from; the same for all of them. */
export interface ProviderContext {
  readonly settings: ProviderSettings;
  readonly aliases: ModelAliases;
  /** USD per 1,000 tokens that the settings give this provider. */
  readonly costPerThousand: number | undefined;
  readonly clock: () => number;
}

/** What one key's calls are made with. */
export interface Access {
  /** Null: the endpoint asks for no key. */
  readonly apiKey: string | null;
  readonly fetch: typeof globalThis.fetch;
}

/** What tells one provider from another. */
export interface EndpointOptions {
  /** Opens the vendor's package with a key. @returns the model of a name */
  open(access: Access): (model: string) => LanguageModelV3;
  /** How the vendor's model names look; absent: only the configured ones are its own. */
  readonly pattern?: RegExp;
  readonly pricing: Pricing;
}

/** Builds a provider over HTTP: connections, keys, timeouts, classified failures. */
export function createEndpoint(context: ProviderContext, options: EndpointOptions): Provider {
  const { settings, aliases, clock } = context;
  const agent = new Agent({
    connections: 256,
    connect: { timeout: settings.connectTimeoutMs },
    // Our own timeout ends a call; a healthy one may be silent for minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const secrets = settings.keys.map((key) => key.secret);
  const models = new Map<string, (model: string) => LanguageModelV3>();
  for (const key of settings.keys)
    models.set(key.label, options.open({ apiKey: key.secret, fetch: fetchThrough(agent) }));
  if (models.size === 0) models.set("default", options.open({ apiKey: null, fetch: fetchThrough(agent) }));
  const labels = [...models.keys()];
  const own = new Set([settings.model, ...Object.values(aliases).map((row) => row[settings.name])]);
  const ids = new Map(settings.keys.map((key) => [key.label, fingerprint(key.secret)]));

  return {
    name: settings.name,
    defaultModel: settings.model,
    keys: labels,
    serves: (model) => own.has(model) || (options.pattern?.test(model) ?? false),
    keyId: (label) => ids.get(label) ?? label,
    costUsd: (model, usage, perThousand) => costUsd(options.pricing, model, usage, perThousand),
    price: (model, perThousand) => priceOf(options.pricing, model, perThousand),
    contextWindow: (model) => contextWindow(options.pricing, model),
    async call(request, { model, key = labels[0] ?? "default", signal, idempotencyKey, headers }) {
      const open = models.get(key);
      if (!open) throw new CallFailure("auth", `${settings.name} has no key labelled ${key}.`);
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), settings.timeoutMs);
      try {
        signal.throwIfAborted();
        return await generate(open(model), request, {
          signal: AbortSignal.any([signal, timeout.signal]),
          headers: { ...headers, ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }) },
          structuredOutputs: settings.structuredOutputs,
          type: settings.type,
        });
      } catch (error) {
        const redact = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
        throw classify(error, { signal, timeout: timeout.signal, nowMs: clock(), redact });
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => agent.destroy(),
  };
}

function fetchThrough(agent: Agent): typeof globalThis.fetch {
  // undici's own types of the same standard differ by name only.
  const through = (input: Parameters<typeof undiciFetch>[0], init?: Parameters<typeof undiciFetch>[1]) =>
    undiciFetch(input, { ...init, dispatcher: agent });
  return through as unknown as typeof globalThis.fetch;
}

/** 48 bits of a hash: enough to tell keys apart, useless to find one. */
function fingerprint(secret: string): string {
  return createHash("sha256").update(`switchyard-key:${secret}`).digest("hex").slice(0, 12);
}
