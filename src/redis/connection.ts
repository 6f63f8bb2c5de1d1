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
    // The last one is the default, named because its type would be anybody's.
    return new EndingRedis({ ...this.options, ...others, replyMapping: undefined });
  }
}

/**
 * Sends the commands of one turn of the event loop in one write: under load, system calls cost as much as all else that a command needs. Only for requests,
 * which are many at a time: a worker's commands follow from each other's answers, and it would take turns with Redis where both could work.
 */
class GatheringRedis extends EndingRedis {
  #isGathering = false;

  override sendCommand(...given: Parameters<Redis["sendCommand"]>): unknown {
    const { stream } = this;
    if (!this.#isGathering && stream?.writable) {
      this.#isGathering = true;
      stream.cork();
      setImmediate(() => {
        this.#isGathering = false;
        stream.uncork();
      });
    }
    return super.sendCommand(...given);
  }
}

/** Opens a connection. Errors of the socket go to `onError`; commands report their own. @param url redis:// or rediss:// */
export function connect(url: string, mode: ConnectionMode, onError: (error: Error) => void): Redis {
  const Connection = mode === "impatient" ? GatheringRedis : EndingRedis;
  const redis = new Connection(url, {
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(50 * times, 500),
    ...(mode === "impatient"
      ? { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, commandTimeout: 1_500, lazyConnect: true }
      : {}),
  });
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
