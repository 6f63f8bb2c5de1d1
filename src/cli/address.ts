import { readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isJsonObject } from "../core/json.ts";

/** Where a server listens when nobody says otherwise. */
export const defaultUrl = "http://127.0.0.1:7700";

/** The note that `switchyard dev` leaves for the commands of other terminals. */
export interface ServerNote {
  readonly url: string;
  readonly pid: number;
  /** Its own Redis, where it has one: for commands that work on Redis itself. */
  readonly redisUrl?: string;
}

/** The URL of the server that commands talk to: `--url`, SWITCHYARD_URL, the note of a running `dev` in this folder, the default. */
export function serverUrl(from: {
  readonly url?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}): string {
  return from.url ?? (from.env.SWITCHYARD_URL || readNote(from.cwd)?.url) ?? defaultUrl;
}

/** The note of a `dev` that still runs in this folder; undefined where there is none or its process has gone. */
export function readNote(cwd: string): ServerNote | undefined {
  const note = lastNote(cwd);
  return note && isAlive(note.pid) ? note : undefined;
}

/** The note of this folder, also one that a killed `dev` has left. */
export function lastNote(cwd: string): ServerNote | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(noteFile(cwd), "utf8"));
    if (!isJsonObject(value)) return undefined;
    const { url, pid, redisUrl } = value;
    if (typeof url !== "string" || typeof pid !== "number") return undefined;
    return { url, pid, ...(typeof redisUrl === "string" ? { redisUrl } : {}) };
  } catch {
    // No note, or one that was cut off while it was written: the same as nobody there.
    return undefined;
  }
}

/** Leaves the note. @returns takes it away again, unless another process has written its own since. */
export async function writeNote(cwd: string, note: ServerNote): Promise<() => Promise<void>> {
  const file = noteFile(cwd);
  const text = `${JSON.stringify(note)}\n`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return async () => {
    const now = await readFile(file, "utf8").catch(() => undefined);
    if (now === text) await rm(file, { force: true });
  };
}

function noteFile(cwd: string): string {
  return join(cwd, ".switchyard", "server.json");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
