import type { EmbeddingModelV3, LanguageModelV3 } from "@ai-sdk/provider";
import { providerSecrets } from "../config/secrets.ts";
import type { ModelAliases, ProviderSettings } from "../config/settings.ts";
import { generate, generateStreamed } from "./call.ts";
import { merge, saidBySettings } from "./capabilities.ts";
import { Connection } from "./connection.ts";
import { embed } from "./embed.ts";
import { fitted } from "./fitted.ts";
import { createGuard } from "./guard.ts";
import { keyIds } from "./key-id.ts";
import { type KnownModels, knownOf } from "./known-models.ts";
import { pass } from "./passing/pass.ts";
import type { PassageWay } from "./passing/passage.ts";
import { contextWindow, costUsd, type Pricing, priceOf } from "./prices.ts";
import { type Probe, probe } from "./probe.ts";
import { CallFailure, type CallOptions, type LlmAnswer, type Provider } from "./provider.ts";
import { remembered } from "./remembered.ts";
import type { LlmEmbedding, LlmRequest } from "./request.ts";
import { CallTimeouts } from "./timeouts.ts";
import type { VendorOptions } from "./vendor-options.ts";
import type { AnswerPart } from "./wire.ts";

/** What a provider is built from; the same for all of them. */
export interface ProviderContext {
  readonly settings: ProviderSettings;
  readonly aliases: ModelAliases;
  /** USD per 1,000 tokens that the settings give this provider. */
  readonly costPerThousand: number | undefined;
  /** Epoch milliseconds. */
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
  /** Opens the vendor's package for embeddings with a key. Absent: the vendor has none. @returns the model of a name */
  openEmbeddings?(access: Access): (model: string) => EmbeddingModelV3;
  /** How long an embedding's vectors shall be, in the words of the vendor's package. */
  shortened?(dimensions: number, model: string): VendorOptions;
  /** How the vendor's model names look; absent: only the configured ones are its own. */
  readonly pattern?: RegExp;
  readonly pricing: Pricing;
  /** What the vendor says of its models. */
  readonly known?: KnownModels;
  /** What of a request has no common form, in the words of the vendor's package. */
  vendorOptions?(request: LlmRequest, model: string): VendorOptions;
  /** Whether this request's schema can go to the vendor as such. Default: as the settings say. */
  takesSchema?(request: LlmRequest, model: string): boolean;
  /** What a whole body says against being an answer, where the package takes it for one all the same. Undefined: nothing. */
  objection?(body: unknown): string | undefined;
  /** Vendors' formats that it speaks: requests that came in one are sent as they came. Absent: none. */
  readonly ways?: readonly PassageWay[];
  /** What shows that it is up. Absent: there is nothing cheap. */
  probe?(apiKey: string | null): Probe;
  /** Before each call. @throws CallFailure */
  ready?(apiKey: string | null): Promise<void>;
  /** Secrets besides the keys. */
  secrets?(): readonly string[];
}

/** One label's way in. */
interface Entrance {
  readonly apiKey: string | null;
  readonly model: (name: string) => LanguageModelV3;
  readonly embedding?: (name: string) => EmbeddingModelV3;
}

/** Builds a provider over HTTP: connections, keys, timeouts, classified failures. */
export function createEndpoint(context: ProviderContext, options: EndpointOptions): Provider {
  const { settings, aliases } = context;
  const connection = new Connection(settings);
  const { fetch } = connection;
  // Some packages build their schemas with each model object: it is made once a name.
  const enter = (apiKey: string | null): Entrance => ({
    apiKey,
    model: remembered(options.open({ apiKey, fetch })),
    ...(options.openEmbeddings ? { embedding: remembered(options.openEmbeddings({ apiKey, fetch })) } : {}),
  });
  const entrances = new Map<string, Entrance>(settings.keys.map(({ label, secret }) => [label, enter(secret)]));
  if (entrances.size === 0) entrances.set("default", enter(null));
  const [first = "default"] = entrances.keys();
  const own = new Set([settings.model, ...Object.values(aliases).map((row) => row[settings.name])]);
  const ids = keyIds(settings.keys);
  const capabilities = remembered((model) =>
    merge([
      saidBySettings(settings, model),
      ["table", { contextWindow: contextWindow(options.pricing, model) }],
      ["vendor", knownOf(model, options.known ?? [])],
    ]),
  );
  const run = exchanges(context, { ...options, capabilities }, connection);

  return {
    name: settings.name,
    defaultModel: settings.model,
    keys: [...entrances.keys()],
    embeds: options.openEmbeddings !== undefined,
    ...(options.ways ? { speaks: options.ways.map(({ passage }) => passage.format) } : {}),
    serves: (model) => own.has(model) || (options.pattern?.test(model) ?? false),
    keyId: (label) => ids.get(label) ?? label,
    costUsd: (model, usage, perThousand) => costUsd(options.pricing, model, usage, perThousand),
    price: (model, perThousand) => priceOf(options.pricing, model, perThousand),
    capabilities,
    async call(request, call) {
      const entrance = entrances.get(call.key ?? first);
      if (!entrance) throw new CallFailure("auth", `${settings.name} has no key labelled ${call.key}.`);
      return request.embed ? run.embed(entrance, request.embed, call) : run.call(entrance, request, call);
    },
    ...(options.probe
      ? { check: (signal: AbortSignal) => run.check(entrances.get(first)?.apiKey ?? null, signal) }
      : {}),
    close: () => connection.close(),
  };
}

type Exchanged = EndpointOptions & Pick<Provider, "capabilities">;

/** What goes over the wire, with their timeouts and failures. */
function exchanges({ settings, clock }: ProviderContext, options: Exchanged, connection: Connection) {
  const secrets = () => [...providerSecrets(settings), ...(options.secrets?.() ?? [])];
  const within = createGuard({ connection, secrets, clock });
  return {
    call(entrance: Entrance, asked: LlmRequest, call: CallOptions): Promise<LlmAnswer> {
      const { model, idempotencyKey, onDelta, onActivity, onPart } = call;
      const can = options.capabilities(model);
      const { request, warnings } = fitted(asked, model, can);
      const way = wayOf(
        asked,
        options.ways,
        warnings.length === 0 && !(asked.outputSchema && can.jsonSchema === false),
      );
      const isHeard = way ? onPart !== undefined : Boolean(onDelta ?? onActivity ?? onPart);
      const streamed = settings.streaming && isHeard;
      const timeouts = new CallTimeouts({
        totalMs: settings.timeoutMs,
        firstTokenMs: streamed ? settings.firstTokenTimeoutMs : null,
        idleMs: settings.idleTimeoutMs,
      });
      return within(call.signal, timeouts, async (signal) => {
        await options.ready?.(entrance.apiKey);
        const headers = {
          ...call.headers,
          ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
        };
        const alive = () => {
          timeouts.alive();
          onActivity?.();
        };
        const pace = paceOf(call, timeouts);
        if (way && asked.wire) {
          const { apiKey } = entrance;
          const told = streamed && onPart ? unlessOver(signal, onPart) : undefined;
          return pass(asked.wire, way, {
            connection,
            apiKey,
            model,
            signal,
            headers,
            onPart: told,
            alive,
            pace,
            clock,
          });
        }
        const ask = {
          signal,
          headers,
          structuredOutputs: can.jsonSchema !== false && (options.takesSchema?.(request, model) ?? true),
          // Each plug-in is a type of its own.
          type: settings.plugin ? `plugin ${settings.name}` : settings.type,
          vendorOptions: options.vendorOptions?.(request, model) ?? {},
          warnings,
          ...(options.objection ? { objection: options.objection } : {}),
        };
        if (!streamed) {
          const answer = await generate(entrance.model(model), request, ask);
          onActivity?.();
          onDelta?.(answer.text);
          return answer;
        }
        const listener = {
          alive,
          delta: (text: string) => onDelta?.(text),
          part: (part: AnswerPart) => onPart?.(part),
          ...(pace ? { pace } : {}),
        };
        return generateStreamed(entrance.model(model), request, { ...ask, listener, clock });
      });
    },
    embed(entrance: Entrance, asked: LlmEmbedding, call: CallOptions): Promise<LlmAnswer> {
      const { model, idempotencyKey } = call;
      const { embedding } = entrance;
      if (!embedding) throw new CallFailure("caller", `${settings.name} makes no embeddings.`);
      const timeouts = new CallTimeouts({ totalMs: settings.timeoutMs, firstTokenMs: null, idleMs: 0 });
      return within(call.signal, timeouts, async (signal) => {
        await options.ready?.(entrance.apiKey);
        const { dimensions } = asked;
        const answer = await embed(embedding(model), asked, {
          signal,
          headers: {
            ...call.headers,
            ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
          },
          vendorOptions: dimensions === undefined ? {} : (options.shortened?.(dimensions, model) ?? {}),
        });
        call.onActivity?.();
        return answer;
      });
    },
    check(apiKey: string | null, caller: AbortSignal): Promise<void> {
      const timeouts = new CallTimeouts({ totalMs: settings.timeoutMs, firstTokenMs: null, idleMs: 0 });
      return within(caller, timeouts, async (signal) => {
        if (options.probe) await probe(options.probe(apiKey), connection.fetch, signal);
      });
    },
  };
}

/** Waits for whoever hears the answer, while the call's timeouts are held. */
function paceOf({ pace }: CallOptions, timeouts: CallTimeouts): CallOptions["pace"] {
  if (!pace) return undefined;
  return () => {
    const behind = pace();
    return behind && timeouts.hold(behind);
  };
}

/**
 * The way on which a request is sent as it came, if the provider speaks its format.
 * @param isFit whether the model can take it as it is; else its translation is sent, which gives way where it must, unless there is something that it cannot say
 */
function wayOf({ wire }: LlmRequest, ways: readonly PassageWay[] = [], isFit: boolean): PassageWay | undefined {
  if (!wire || !(isFit || wire.untranslated)) return undefined;
  return ways.find(({ passage }) => passage.format === wire.format);
}

/** What comes after the end of a call is nobody's. */
function unlessOver(signal: AbortSignal, tell: (part: AnswerPart) => void): (part: AnswerPart) => void {
  return (part) => {
    if (!signal.aborted) tell(part);
  };
}
