import { realpathSync } from "node:fs";
import { connect } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { SwitchyardClient } from "../client/client.ts";
import { AppError } from "../core/errors.ts";
import { type EmbeddedRedis, startEmbedded } from "../redis/embedded.ts";
import { lastNote, readNote } from "./address.ts";

/**
 * The Redis that `dev` starts for itself. Two servers on one append-only file destroy it: a `dev` that runs in this folder is an
 * error, and the Redis that a killed one has left behind is ended first.
 * @param dataDir relative to `cwd`. @throws AppError usage - a `dev` runs here already; redis_missing.
 */
export async function ownRedis(cwd: string, dataDir: string): Promise<EmbeddedRedis> {
  await refuseSecond(cwd);
  const directory = resolve(cwd, dataDir, "redis");
  const left = lastNote(cwd)?.redisUrl;
  if (left) await endOrphan(left, directory);
  return startEmbedded({ directory });
}

async function refuseSecond(cwd: string): Promise<void> {
  const note = readNote(cwd);
  if (!note || !(await answers(note.url))) return;
  throw new AppError("usage", {
    message: `\`switchyard dev\` already runs in this folder: ${note.url}, process ${note.pid}. Stop it, or use another folder.`,
    details: { url: note.url, pid: note.pid },
  });
}

/** Whether somebody is there, healthy or not, stopped or not: the process id alone may belong to something else by now. */
async function answers(url: string): Promise<boolean> {
  try {
    await new SwitchyardClient({ url }).health({ signal: AbortSignal.timeout(2_000) });
    return true;
  } catch (error) {
    return !(error instanceof AppError && error.code === "server_unreachable");
  }
}

async function endOrphan(url: string, directory: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 10_000,
    commandTimeout: 10_000,
  });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    const [, at] = (await redis.config("GET", "dir")) as string[];
    // Any other server may have got this port since.
    if (at !== realpathSync(directory)) return;
    // The connection ends instead of an answer.
    await redis.shutdown("NOSAVE").catch(() => undefined);
    for (let i = 0; i < 250 && (await listens(url)); i++) await sleep(20);
  } catch {
    // Nobody answers there: nothing was left behind.
  } finally {
    redis.disconnect();
  }
}

function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((done) => {
    const socket = connect(Number(port), hostname);
    socket.once("error", () => done(false));
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
  });
}
