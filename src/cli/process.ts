import { type App, createApp } from "../app.ts";
import { type LoadedSettings, loadWithOrigins } from "../config/load.ts";
import { settingsError } from "../config/problems.ts";
import { secretsOf, secretVariables, stepSecrets } from "../config/secrets.ts";
import { catalogue } from "../core/catalogue.ts";
import { AppError } from "../core/errors.ts";
import { createMask } from "../core/mask.ts";
import type { EmbeddedRedis } from "../redis/embedded.ts";
import { createLog } from "../telemetry/log.ts";
import { writeNote } from "./address.ts";
import type { CliContext, GlobalOptions } from "./context.ts";
import { ownRedis } from "./own-redis.ts";

/** Options of `dev`, `serve` and `worker`: settings of the same names, with the command line over the environment. */
export interface ProcessOptions extends GlobalOptions {
  readonly host?: string;
  readonly port?: string;
  readonly concurrency?: string;
}

/** What is run until the user stops it. */
export interface ProcessPlan {
  readonly options: ProcessOptions;
  readonly context: CliContext;
  readonly roles: { readonly api?: boolean; readonly worker?: boolean };
  /** `dev`: starts a Redis where none is named, and leaves a note for other terminals. */
  readonly embedded?: boolean;
}

/** Runs the app in some of its roles until the first SIGINT or SIGTERM, then closes everything in order. */
export async function runProcess({ options, context, roles, embedded = false }: ProcessPlan): Promise<void> {
  const { output, env, cwd, stop } = context;
  const loaded = settingsOf(options, context);
  const { settings } = loaded;
  context.protect?.({ own: secretsOf(settings), others: stepSecrets(settings) });
  for (const warning of settings.warnings) output.note(`warning: ${warning}`);
  if (roles.worker && settings.providers.length === 0)
    output.note(`warning: no provider is configured: every llm step will fail. ${catalogue.no_provider.fix}`);
  if (!embedded && settings.redisUrl === null) throw new AppError("redis_not_named", { message: noRedis });
  const redis = settings.redisUrl === null ? await ownRedis(cwd, settings.dataDir) : undefined;
  let app: App | undefined;
  let forget = async () => {};
  try {
    const started = await start(
      redis ? { ...loaded, settings: { ...settings, redisUrl: redis.url } } : loaded,
      roles,
      env,
    );
    app = started;
    if (embedded && started.url) {
      const note = { url: started.url, pid: process.pid, ...(redis ? { redisUrl: redis.url } : {}) };
      forget = await writeNote(cwd, note);
    }
    announce(context, options, { url: started.url, notice: started.notice, redis, roles });
    await stop.requested;
    if (!options.json) output.note("stopping; Ctrl-C again stops at once");
  } finally {
    await forget();
    await app?.close();
    await redis?.close();
  }
}

const noRedis =
  "No Redis is named: REDIS_URL is not set. Processes that serve and processes that work meet in one Redis; only `switchyard dev` starts its own.";

/** The options that stand over a variable. */
const variableOf = { host: "SWITCHYARD_HOST", port: "SWITCHYARD_PORT", concurrency: "SWITCHYARD_CONCURRENCY" } as const;

/** The settings with the command line laid over them. What is wrong with an option is told of the option, not of its variable. */
function settingsOf(options: ProcessOptions, { env, cwd }: CliContext): LoadedSettings {
  const given = (["host", "port", "concurrency"] as const).filter((name) => options[name] !== undefined);
  const variables = Object.fromEntries(given.map((name) => [variableOf[name], options[name]]));
  try {
    return loadWithOrigins({ env: { ...env, ...variables }, cwd });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const optionOf = (path: string) => given.find((name) => variableOf[name] === path);
    throw settingsError(
      error.problems.map((problem) => {
        const option = optionOf(problem.path);
        return option === undefined ? problem : { ...problem, path: `--${option}` };
      }),
    );
  }
}

interface Started {
  readonly url: string | undefined;
  readonly notice: string | undefined;
  readonly redis: EmbeddedRedis | undefined;
  readonly roles: ProcessPlan["roles"];
}

function announce({ output }: CliContext, { json }: ProcessOptions, { url, notice, redis, roles }: Started): void {
  if (json) {
    output.json({ ready: true, pid: process.pid, url: url ?? null, redis: redis?.url ?? null, roles });
    return;
  }
  const { paint } = output;
  output.print(paint.bold(`switchyard is ready (${Object.keys(roles).join(" and ")})`));
  if (url) {
    output.print(`  API     ${paint.cyan(url)}`);
    output.print(`  docs    ${paint.cyan(`${url}/docs`)}`, `  queues  ${paint.cyan(`${url}/queues`)}`);
  }
  if (redis) output.print(`  Redis   ${redis.url} (its own)`);
  if (notice) output.print(`  access  ${notice} \`switchyard keys create\` makes one.`);
  if (url) output.print("", "  switchyard run FILE --watch   in another terminal of this folder");
}

async function start(loaded: LoadedSettings, roles: ProcessPlan["roles"], env: NodeJS.ProcessEnv): Promise<App> {
  const { settings, origins } = loaded;
  const secrets = [...secretsOf(settings), ...stepSecrets(settings), ...secretVariables(env)];
  const log = createLog(settings.logLevel, createMask(secrets));
  try {
    return await createApp({ settings, origins, roles, log, crashAt: env.SWITCHYARD_CRASH_AT });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    const { host, port } = settings;
    const message = `Port ${port} of ${host} is taken by another process.`;
    throw new AppError("port_taken", { message, details: { host, port }, cause: error });
  }
}
