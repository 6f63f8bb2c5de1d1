import { readSettingsFile } from "./file.ts";
import { readAliases } from "./model-aliases.ts";
import { readNetwork } from "./network.ts";
import { type Origins, traced } from "./origins.ts";
import { readPlanSettings } from "./plan-settings.ts";
import { gatherProblems, settingsError } from "./problems.ts";
import { readProviders } from "./provider-settings.ts";
import { readScalar } from "./read.ts";
import { readRouting } from "./routing-settings.ts";
import { scalars } from "./scalar.ts";
import type { LogLevel, ProviderSettings, Settings } from "./settings.ts";
import { createSource, type Environment } from "./source.ts";
import { readStepSettings } from "./step-settings.ts";
import { checkKeys, checkVariables } from "./unknown.ts";

/** Where the settings are read from. */
export interface LoadOptions {
  readonly env: Environment;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Path of the settings file. Default: SWITCHYARD_CONFIG, else ./switchyard.yaml if it is there. */
  readonly file?: string;
}

/** The settings, and where they came from. */
export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: Origins;
  /** Path of the settings file, as it was given; undefined: there is none. */
  readonly file: string | undefined;
}

/**
 * Reads every setting from the environment and `switchyard.yaml`; the environment wins.
 * @throws AppError invalid_settings - one message with every problem: where, what, what is allowed. Holds no secret.
 */
export function loadSettings(options: LoadOptions): Settings {
  return loadWithOrigins(options).settings;
}

/** As {@link loadSettings}, and tells where each value came from. */
export function loadWithOrigins(options: LoadOptions): LoadedSettings {
  const { env, cwd } = options;
  const problems = gatherProblems();
  const warnings: string[] = [];
  const file = readSettingsFile(cwd, options.file ?? (env.SWITCHYARD_CONFIG?.trim() || undefined), problems);
  const { source, origins } = traced(createSource(env, file, problems));
  const edition = readScalar(scalars.edition, source, problems);
  checkKeys(file, problems);
  checkVariables(env, problems, warnings);
  const network = readNetwork(source, cwd, problems);
  const providers = readProviders({ source, edition, network, problems });
  const routing = readRouting(source, { providers, edition }, problems, warnings);
  const settings: Settings = {
    redisUrl: readScalar(scalars.redisUrl, source, problems),
    prefix: readScalar(scalars.prefix, source, problems),
    host: readScalar(scalars.host, source, problems),
    port: readScalar(scalars.port, source, problems),
    open: readScalar(scalars.open, source, problems),
    rateLimit: readScalar(scalars.rateLimit, source, problems),
    origins: readScalar(scalars.origins, source, problems),
    readerTimeoutMs: readScalar(scalars.readerTimeoutMs, source, problems),
    dataDir: readScalar(scalars.dataDir, source, problems),
    concurrency: readScalar(scalars.concurrency, source, problems),
    graceMs: readScalar(scalars.graceMs, source, problems),
    retention: readScalar(scalars.retention, source, problems),
    logLevel: readScalar<LogLevel>(scalars.logLevel, source, problems),
    bodyLimitBytes: readScalar(scalars.bodyLimitBytes, source, problems),
    outputLimitBytes: readScalar(scalars.outputLimitBytes, source, problems),
    idempotencyKeepMs: readScalar(scalars.idempotencyKeepMs, source, problems),
    idempotencyLimitBytes: readScalar(scalars.idempotencyLimitBytes, source, problems),
    ca: readScalar(scalars.ca, source, problems),
    proxy: readScalar(scalars.proxy, source, problems),
    ...readStepSettings(source, cwd, problems, warnings),
    ...readPlanSettings({ source, cwd, problems, warnings }),
    edition,
    routing,
    models: readAliases(source, providers, problems),
    providers: inOrder(providers, routing.enabled),
    warnings,
  };
  if (problems.list.length > 0) throw settingsError(problems.list, file.name);
  return { settings: deepFreeze(settings), origins, file: file.name };
}

function inOrder(providers: readonly ProviderSettings[], enabled: readonly string[]): readonly ProviderSettings[] {
  const place = ({ name }: ProviderSettings) => (enabled.includes(name) ? enabled.indexOf(name) : enabled.length);
  return [...providers].sort((a, b) => place(a) - place(b));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
