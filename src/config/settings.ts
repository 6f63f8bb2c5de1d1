import type { Budget } from "../core/budget.ts";
import type { Capabilities } from "../core/capabilities.ts";
import type { JsonObject } from "../core/json.ts";
import type { ProposableKind } from "../core/plan.ts";

/** The strategies, by the names that settings and hints use. */
export const strategyNames = [
  "weighted",
  "round_robin",
  "failover",
  "cost_optimized",
  "latency_optimized",
  "least_busy",
] as const;

/** A strategy's name. */
export type StrategyName = (typeof strategyNames)[number];

/** Everything that can be set, read once and complete: every default is filled in. Plain data, never changed. */
export interface Settings {
  /** Null: none was named; `switchyard dev` starts its own. Holds a password at times: never printed or logged. */
  readonly redisUrl: string | null;
  /** First part of every Redis key. */
  readonly prefix: string;
  readonly host: string;
  /** 0 takes whichever is free. */
  readonly port: number;
  /** Whether other machines may use the API although no key was made. */
  readonly open: boolean;
  /** Requests a minute that one key may send; null: any number. */
  readonly rateLimit: number | null;
  /** Whose pages may use the API besides the server's own, as browsers write origins. */
  readonly origins: readonly string[];
  /** For how long the reader of a stream may take nothing of what waits for it, before it is cut. */
  readonly readerTimeoutMs: number;
  /** Folder of what `switchyard dev` keeps, as given: relative to the working folder. */
  readonly dataDir: string;
  /** Steps that one worker process executes at a time. */
  readonly concurrency: number;
  /** Time that a stopping process gives to work under way. */
  readonly graceMs: number;
  /** How long a run is kept once it has ended: a duration, or `off`: for ever. */
  readonly retention: string;
  readonly logLevel: LogLevel;
  /** Size of one HTTP request. */
  readonly bodyLimitBytes: number;
  /** Size of one step's stored output. */
  readonly outputLimitBytes: number;
  /** How long the answer to a request with an Idempotency-Key is kept. */
  readonly idempotencyKeepMs: number;
  /** Size of such an answer's body; a larger one is not kept. */
  readonly idempotencyLimitBytes: number;
  /** File of certificates that the providers' endpoints are trusted by, besides the well-known ones; null: none. */
  readonly ca: string | null;
  /** Proxy of the providers' connections; `off`: none, whatever the environment says; null: what the environment says. May hold a password. */
  readonly proxy: string | null;
  /** `community` has no custom provider, no plug-ins, no bedrock, no cost_optimized. */
  /** Names of the environment variables that http and function steps may read. */
  readonly stepEnv: readonly string[];
  /** Their values; null: not set. Secrets: never printed, logged, stored. */
  readonly stepVariables: Readonly<Record<string, string | null>>;
  /** Networks, addresses and hosts that http steps may reach although they are not public. */
  readonly httpAllow: readonly string[];
  /** Folder of function steps' modules, absolute; null: none. */
  readonly functions: string | null;
  /** Packages whose functions function steps may call. */
  readonly functionPackages: readonly string[];
  /** Folder of the installation's own agents, absolute; null: none. */
  readonly agents: string | null;
  /** Kinds of steps that a planner may propose. */
  readonly planKinds: readonly ProposableKind[];
  /** Steps that a planner may propose. */
  readonly planMaxSteps: number;
  /** USD that one planning may cost. */
  readonly planMaxUsd: number;
  /** Time in which a plan can be executed. */
  readonly planExpireAfterMs: number;
  /** Beginnings of the command lines by which agents may start MCP servers. */
  readonly mcpCommands: readonly string[];
  readonly edition: "enterprise" | "community";
  readonly routing: RoutingSettings;
  /** Alias to (provider to model). */
  readonly models: ModelAliases;
  /** The configured providers, in the order of LLM_PROVIDERS, then those that it leaves out. */
  readonly providers: readonly ProviderSettings[];
  /** What was found and cannot be used; for people. */
  readonly warnings: readonly string[];
}

/** Levels of the log, from quiet to talkative. */
export type LogLevel = "silent" | "error" | "warn" | "info" | "debug" | "trace";

/** An alias table: `smart` to { `openai` to a model, ... }. */
export type ModelAliases = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** How requests find their provider. */
export interface RoutingSettings {
  readonly strategy: StrategyName;
  /** One entry for each configured provider, 0 or more; of the enabled ones not all 0. */
  readonly weights: Readonly<Record<string, number>>;
  /** First choice of failover. */
  readonly defaultProvider: string | null;
  /** Enabled providers in order; the order is the failover chain. */
  readonly enabled: readonly string[];
  /** USD per 1,000 tokens, in place of the price table. */
  readonly costs: Readonly<Record<string, number>>;
  /** Whether a hint's `provider` is strict where the request does not say. */
  readonly strictDefault: boolean;
  /** Enabled providers that are given no new calls until somebody undrains them. */
  readonly drained: readonly string[];
  /** By provider. One that is not there has no limits. */
  readonly limits: Readonly<Record<string, ProviderLimits>>;
  /** `run`: the steps of a run stay with the provider that served the one before. */
  readonly affinity: "none" | "run";
  /** Milliseconds without a first token after which a second call is made beside the first; null: never. */
  readonly hedgeAfterMs: number | null;
  /** Where a share of the requests is mirrored to; null: nowhere. */
  readonly shadow: ShadowSettings | null;
  /** Milliseconds between active checks of every enabled provider; null: none. */
  readonly checkEveryMs: number | null;
  /** What may be spent, by the budget's id. */
  readonly budgets: Readonly<Record<string, Budget>>;
  /** Epoch milliseconds at which a provider was enabled or undrained at run time: from then on its share grows. */
  readonly rampSince: Readonly<Record<string, number>>;
}

/** What may be used of a provider, or of one of its keys. Null: no limit. */
export interface Limits {
  readonly requestsPerMinute: number | null;
  /** Input and output together; estimated before a call, corrected after it. */
  readonly tokensPerMinute: number | null;
  /** Calls under way at a time. */
  readonly concurrency: number | null;
  /** USD per day, by UTC. */
  readonly usdPerDay: number | null;
}

/** No limit at all. */
export const noLimits: Limits = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null, usdPerDay: null };

/** A provider's limits, and those of its keys by label. */
export interface ProviderLimits extends Limits {
  readonly keys: Readonly<Record<string, Limits>>;
}

/** A mirror for comparison: its answers are never given to anybody. */
export interface ShadowSettings {
  readonly provider: string;
  /** Null: the provider's own model. */
  readonly model: string | null;
  /** Share of the requests, 0 to 1. */
  readonly share: number;
}

/** What a provider is built from. */
export type ProviderType =
  | "openai"
  | "anthropic"
  | "azure-openai"
  | "gemini"
  | "ollama"
  | "bedrock"
  | "custom"
  | "plugin";

/** One configured provider. */
export interface ProviderSettings {
  readonly name: string;
  readonly type: ProviderType;
  /** Base URL, without a slash at its end. Empty: the vendor's own, by region. */
  readonly endpoint: string;
  /** In the order in which they are tried. Empty where the endpoint asks for none. */
  readonly keys: readonly ProviderKey[];
  /** Model used where no hint and no alias says another. */
  readonly model: string;
  /** Time of one call, first byte sent to last received. */
  readonly timeoutMs: number;
  /** Time to open a connection. */
  readonly connectTimeoutMs: number;
  /** Time from the call's start to the first token of a streamed answer. */
  readonly firstTokenTimeoutMs: number;
  /** Time between two tokens of a streamed answer. */
  readonly idleTimeoutMs: number;
  /** Whether it takes a JSON Schema of the answer; if not, the schema is put into the system prompt. */
  readonly structuredOutputs: boolean;
  /** Whether answers are streamed where somebody listens; if not, a listener hears of the whole answer at its end. */
  readonly streaming: boolean;
  /** AWS's region; null where there is none. */
  readonly region: string | null;
  /** Version of the vendor's API; null: the vendor's newest. */
  readonly apiVersion: string | null;
  /** Which of the vendor's interfaces is spoken; null: there is one. */
  readonly api: "chat" | "responses" | null;
  /** What the settings say of its models, by their names. */
  readonly capabilities: Readonly<Record<string, Partial<Capabilities>>>;
  /** Trusted besides the well-known certificates; null: these alone. */
  readonly ca: Certificates | null;
  /** Null: connections are made directly. */
  readonly proxy: ProxySettings | null;
  /** The module of a plug-in; null: the provider is one of ours. */
  readonly plugin: PluginSettings | null;
}

/** Certificates of authorities, from a file. */
export interface Certificates {
  /** Absolute path. */
  readonly file: string;
  readonly pem: string;
}

/** Proxies by the scheme of the address that is called. URLs may hold a password: never printed or logged. */
export interface ProxySettings {
  readonly http: string | null;
  readonly https: string | null;
  /** Hosts that are called directly, as in NO_PROXY. */
  readonly except: string;
}

/** A provider of the user's own, as a module. */
export interface PluginSettings {
  /** As the file has it: a path or a package's name. */
  readonly module: string;
  /** Where that is: a `file:` URL. */
  readonly url: string;
  /** What stands below `options`, for the module alone. */
  readonly options: JsonObject;
  /** Values of the options that came by reference: never shown. */
  readonly secrets: readonly string[];
}

/** A key with the name that stands for it in records, logs and answers. */
export interface ProviderKey {
  /** `key-1`, `key-2`, ... */
  readonly label: string;
  readonly secret: string;
}
