import { Redis, type RedisOptions } from "ioredis";
import { AppError } from "../core/errors.ts";

/** What a connection does while Redis is away. */
export type ConnectionMode =
  /** Commands wait for Redis to come back, as long as it takes. For workers: what they computed must not be lost. */
  | "patient"
  /** Commands fail at once, or after 1.5 s without an answer, and are never sent later. For requests that somebody waits for. */
  | "impatient"
  /** As patient, on a connection that only receives announcements. */
  | "subscriber";

/**
 * Ends whenever it is told to. Between two tries to reach Redis, ioredis only leaves the next try out and tells nobody: whoever waits for its end, as BullMQ's workers do
 * when they stop, or for the answer to a command would wait for ever.
 */
class EndingRedis extends Redis {
  override disconnect(reconnect = false): void {
    // As one that was never opened: that is ended with all that this means.
    if (!reconnect && this.status === "reconnecting") this.status = "wait";
    super.disconnect(reconnect);
  }

  override duplicate(others?: Partial<RedisOptions>): Redis {
    return new EndingRedis({ ...this.options, ...others } as Options);
  }
}

/** With replies as they come by default: named because the type would be anybody's. */
type Options = RedisOptions & { readonly replyMapping?: undefined };

/** How commands are gathered. */
interface Gathering {
  /** Commands of one write. */
  readonly most: number;
  /** Calls back when no more of them are expected. */
  readonly wait: (over: () => void) => void;
}

/**
 * Requests are many at a time: all of one turn of the event loop. A worker's commands follow from each other's answers: it would take turns with Redis where both could
 * work. So a few, and only those that the answers of one read have brought.
 */
const gatherings: Readonly<Record<Exclude<ConnectionMode, "subscriber">, Gathering>> = {
  impatient: { most: Number.POSITIVE_INFINITY, wait: (over) => void setImmediate(over) },
  patient: { most: 8, wait: (over) => process.nextTick(over) },
};

/** Sends commands that come at the same time in one write: under load, system calls cost as much as all else that a command needs. */
class GatheringRedis extends EndingRedis {
  readonly #gathering: Gathering;
  /** Whose write is open, and how many commands it has. */
  #open: Redis["stream"] | undefined;
  #gathered = 0;

  constructor(url: string, options: Options, gathering: Gathering) {
    super(url, options);
    this.#gathering = gathering;
  }

  override sendCommand(...given: Parameters<Redis["sendCommand"]>): unknown {
    if (this.stream?.writable) this.#gather(this.stream);
    return super.sendCommand(...given);
  }

  #gather(stream: Redis["stream"]): void {
    if (this.#open === stream && this.#gathered < this.#gathering.most) {
      this.#gathered += 1;
      return;
    }
    this.#gathered = 1;
    if (this.#open === stream) {
      stream.uncork();
      stream.cork();
      return;
    }
    this.#open = stream;
    stream.cork();
    this.#gathering.wait(() => {
      if (this.#open === stream) this.#open = undefined;
      stream.uncork();
    });
  }
}

/** Opens a connection. Errors of the socket go to `onError`; commands report their own. @param url redis:// or rediss:// */
export function connect(url: string, mode: ConnectionMode, onError: (error: Error) => void): Redis {
  const options: Options = {
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(50 * times, 500),
    ...(mode === "impatient"
      ? { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, commandTimeout: 1_500, lazyConnect: true }
      : {}),
  };
  const redis =
    mode === "subscriber" ? new EndingRedis(url, options) : new GatheringRedis(url, options, gatherings[mode]);
  redis.on("error", onError);
  return redis;
}

/** Waits until the connection can be used. @throws AppError redis_unavailable after `timeoutMs`. */
export async function ready(redis: Redis, timeoutMs = 2_000): Promise<void> {
  if (redis.status === "ready") return;
  if (redis.status === "wait") redis.connect().catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off("ready", done);
      reject(new AppError("redis_unavailable"));
    }, timeoutMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    redis.once("ready", done);
  });
}

/** Whether an error says that Redis could not be reached or did not answer in time (not that it refused a command). */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN/.test(code) ||
    /Connection is closed|Stream isn't writeable|Command timed out|max retries per request|LOADING|MASTERDOWN|UNBLOCKED/i.test(
      error.message,
    )
  );
}
