import { providerSecrets } from "../config/secrets.ts";
import type { FailureClass, Usage } from "../core/call.ts";
import type { Capabilities } from "../core/capabilities.ts";
import { failureAdvice } from "../core/failure-advice.ts";
import { merge, saidBySettings } from "./capabilities.ts";
import type { Connection } from "./connection.ts";
import type { ProviderContext } from "./endpoint.ts";
import { createGuard, type Guard } from "./guard.ts";
import { keyIds } from "./key-id.ts";
import type { ProviderPlugin } from "./plugin.ts";
import { readPluginAnswer } from "./plugin-answer.ts";
import { costUsd, type LivePrice, priceOf } from "./prices.ts";
import { CallFailure, type CallOptions, type LlmAnswer, type Provider } from "./provider.ts";
import { remembered } from "./remembered.ts";
import type { LlmRequest } from "./request.ts";
import { CallTimeouts } from "./timeouts.ts";

/** What a plug-in becomes a provider with. */
export interface PluginParts {
  readonly plugin: ProviderPlugin;
  readonly context: ProviderContext;
  /** What its fetch goes over. */
  readonly connection: Connection;
}

/** How long a plug-in may take to close. */
const closeMs = 1_000;

/** Makes a provider of a plug-in: names, keys, timeouts, classified failures, checked answers, costs. Nothing that it throws gets further unclassified. */
export function pluginProvider({ plugin, context, connection }: PluginParts): Provider {
  const { settings, aliases, clock, costPerThousand } = context;
  const ids = keyIds(settings.keys);
  const labels = settings.keys.map(({ label }) => label);
  const own = new Set([settings.model, ...Object.values(aliases).map((row) => row[settings.name])]);
  const guard = createGuard({ connection, clock, secrets: () => providerSecrets(settings) });
  return {
    name: settings.name,
    defaultModel: settings.model,
    keys: labels.length > 0 ? labels : ["default"],
    serves: (model) => own.has(model) || fallback(() => plugin.serves?.(model) === true, false),
    keyId: (label) => ids.get(label) ?? label,
    ...pricesOf(plugin, costPerThousand),
    capabilities: remembered((model) => merge([saidBySettings(settings, model), ["plugin", ownWords(plugin, model)]])),
    call: (request, options) => callPlugin(plugin, { request, options, context, guard }),
    ...(plugin.check
      ? {
          check(signal: AbortSignal) {
            const timeouts = new CallTimeouts({ totalMs: settings.timeoutMs, firstTokenMs: null, idleMs: 0 });
            return guard(signal, timeouts, async (inner) => {
              await classified(async () => plugin.check?.(inner));
            });
          },
        }
      : {}),
    async close() {
      const closing = Promise.resolve()
        .then(() => plugin.close?.())
        .catch(() => undefined);
      await Promise.race([closing, new Promise((over) => setTimeout(over, closeMs).unref())]);
      await connection.close();
    },
  };
}

interface PluginAsk {
  readonly request: LlmRequest;
  readonly options: CallOptions;
  readonly context: ProviderContext;
  readonly guard: Guard;
}

async function callPlugin(
  plugin: ProviderPlugin,
  { request, options, context: { settings, clock }, guard }: PluginAsk,
): Promise<LlmAnswer> {
  const { keys } = settings;
  const key = options.key ?? keys[0]?.label;
  const apiKey = keys.find(({ label }) => label === key)?.secret ?? null;
  if (apiKey === null && keys.length > 0) {
    throw new CallFailure("auth", `${settings.name} has no key labelled ${key}.`);
  }
  const { onDelta, onActivity, ...rest } = options;
  const isStreamed = settings.streaming && (onDelta !== undefined || onActivity !== undefined);
  const timeouts = new CallTimeouts({
    totalMs: settings.timeoutMs,
    firstTokenMs: isStreamed ? settings.firstTokenTimeoutMs : null,
    idleMs: settings.idleTimeoutMs,
  });
  const begun = clock();
  return guard(options.signal, timeouts, async (signal) => {
    const stream = listener(options, timeouts, signal, () => clock() - begun);
    const listeners = isStreamed ? stream.listeners : {};
    const raw: unknown = await classified(async () => plugin.call(request, { ...rest, signal, apiKey, ...listeners }));
    const answer = { ...readPluginAnswer(raw, options.model), firstTokenMs: stream.firstTokenMs() };
    if (!signal.aborted) stream.ended(answer);
    return answer;
  });
}

/** Hears a plug-in's stream. One that tells nothing before its end is told of then. */
function listener(
  { onDelta, onActivity }: CallOptions,
  timeouts: CallTimeouts,
  signal: AbortSignal,
  elapsedMs: () => number,
) {
  let firstTokenMs: number | null = null;
  let isTold = false;
  // A plug-in may tell of a sign of life before each piece, or of the pieces alone.
  let isNoted = false;
  const note = () => {
    if (signal.aborted) return;
    firstTokenMs ??= Math.max(0, elapsedMs());
    timeouts.alive();
    onActivity?.();
    isNoted = true;
  };
  const tell = (text: string) => {
    if (signal.aborted || text === "") return;
    if (!isNoted) note();
    isNoted = false;
    isTold = true;
    onDelta?.(text);
  };
  return {
    listeners: { onActivity: note, onDelta: tell },
    firstTokenMs: () => firstTokenMs,
    ended({ text }: LlmAnswer) {
      if (isTold) return;
      onActivity?.();
      if (text !== "") onDelta?.(text);
    },
  };
}

/** Prices: as the settings say, else as the plug-in does. */
function pricesOf(plugin: ProviderPlugin, perThousand: number | undefined): Pick<Provider, "price" | "costUsd"> {
  const ofSettings = { vendor: null, perThousand };
  const price = (model: string, live?: LivePrice) => {
    const set = priceOf(ofSettings, model, live);
    if (set) return set;
    const own = fallback(() => plugin.price?.(model, live) ?? null, null);
    const inputPerMillion = amount(own?.inputPerMillion);
    const outputPerMillion = amount(own?.outputPerMillion);
    if (inputPerMillion === null || outputPerMillion === null) return null;
    return { inputPerMillion, outputPerMillion, source: "table" as const };
  };
  return {
    price,
    costUsd(model: string, usage: Usage, live?: LivePrice) {
      if (priceOf(ofSettings, model, live)) return costUsd(ofSettings, model, usage, live);
      if (plugin.costUsd) return fallback(() => amount(plugin.costUsd?.(model, usage, live)), null);
      const perToken = price(model, live);
      const { inputTokens, outputTokens } = usage;
      if (!perToken || inputTokens === null || outputTokens === null) return null;
      return (inputTokens * perToken.inputPerMillion + outputTokens * perToken.outputPerMillion) / 1_000_000;
    },
  };
}

/** What a plug-in says of a model, as far as it makes sense. */
function ownWords(plugin: ProviderPlugin, model: string): Partial<Capabilities> {
  const said: Partial<Record<keyof Capabilities, unknown>> = fallback(() => plugin.capabilities?.(model) ?? {}, {});
  const does = (value: unknown) => (typeof value === "boolean" ? value : null);
  return {
    contextWindow: amount(said.contextWindow),
    maxOutput: amount(said.maxOutput),
    tools: does(said.tools),
    images: does(said.images),
    jsonSchema: does(said.jsonSchema),
    reasoning: does(said.reasoning),
  };
}

/** A number of tokens or USD; anything else is unknown. */
function amount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/** What a plug-in says, or what stands in for it where its code fails: a decision must not fail with it. */
function fallback<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch {
    return otherwise;
  }
}

/** An error that says its class is a failure of that class: a plug-in may have a CallFailure of another copy of this program, or none. */
async function classified<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !("class" in error) || !isFailureClass(error.class)) throw error;
    const { class: failureClass, message, httpStatus, retryAfterMs } = error as Error & Partial<CallFailure>;
    throw new CallFailure(failureClass ?? "malformed", message, {
      httpStatus: amount(httpStatus),
      retryAfterMs: amount(retryAfterMs),
    });
  }
}

function isFailureClass(value: unknown): value is FailureClass {
  return typeof value === "string" && Object.hasOwn(failureAdvice, value);
}
