import { AppError } from "../core/errors.ts";
import { isLive, type LiveEvent } from "../core/live.ts";
import { isTerminal, isTerminalEvent, type RunEvent, type RunSummary } from "../core/run.ts";
import { EventStreamParser } from "./event-stream.ts";
import { chunksOf, type Http } from "./http.ts";

/** What is followed, from where. */
export interface FollowOptions {
  readonly http: Http;
  readonly runId: string;
  /** Only events with higher numbers. Default 0: all. */
  readonly after?: number;
  /** Whether answers are given too as they are written: `step.tokens`, `step.restarted`. Default: they are not. */
  readonly tokens?: boolean;
  /** Ends the iteration with `cancelled`. */
  readonly signal?: AbortSignal;
  /** How long a server may be away in between before that is an error. Counted from the last word of it. Default 60000 ms. */
  readonly patienceMs?: number;
  /** A connection that is silent for longer is replaced; the server sends a comment every 15 s. Default 45000 ms. */
  readonly silenceMs?: number;
}

/**
 * A run's events, each once and in order, to its terminal one; over as many connections as that takes.
 * @throws AppError run_not_found; server_unreachable - at the first connection, or for longer than `patienceMs` later; cancelled.
 */
export function follow(options: FollowOptions & { readonly tokens?: false }): AsyncGenerator<RunEvent>;
export function follow(options: FollowOptions): AsyncGenerator<RunEvent | LiveEvent>;
export async function* follow(options: FollowOptions): AsyncGenerator<RunEvent | LiveEvent> {
  const { http, runId, tokens = false, signal, patienceMs = 60_000, silenceMs = 45_000 } = options;
  let after = options.after ?? 0;
  let heardAt = 0;
  let waitMs = 200;
  for (;;) {
    try {
      for await (const word of connection({ http, runId, after, tokens, silenceMs, ...(signal ? { signal } : {}) })) {
        heardAt = Date.now();
        waitMs = 200;
        if (word === "alive") continue;
        if (isLive(word)) {
          yield word;
          continue;
        }
        if (word.seq <= after) continue;
        after = word.seq;
        yield word;
        if (isTerminalEvent(word)) return;
      }
      // Ended without the terminal event: the server closes, or this run was over before `after`.
      if (await isOver(http, runId, after, signal)) return;
    } catch (error) {
      if (signal?.aborted) throw new AppError("cancelled", { cause: error });
      if (!passes(error) || Date.now() - heardAt > patienceMs) throw error;
    }
    await pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, 2_000);
  }
}

/** @throws AppError cancelled - the signal fired */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((done) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      done();
    }
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
  if (signal?.aborted) throw new AppError("cancelled", { cause: signal.reason });
}

/** Whether an error may be gone at the next connection. */
function passes(error: unknown): boolean {
  return error instanceof AppError && (error.code === "server_unreachable" || error.status >= 500);
}

async function isOver(http: Http, runId: string, after: number, signal?: AbortSignal): Promise<boolean> {
  const run = await http.json<RunSummary>({ path: `/v1/runs/${encodeURIComponent(runId)}`, signal });
  if (!isTerminal(run.status)) return false;
  const path = `/v1/runs/${encodeURIComponent(runId)}/events?after=${after}&limit=1`;
  return (await http.json<{ events: readonly RunEvent[] }>({ path, signal })).events.length === 0;
}

interface ConnectionOptions {
  readonly http: Http;
  readonly runId: string;
  readonly after: number;
  readonly tokens: boolean;
  readonly silenceMs: number;
  readonly signal?: AbortSignal;
}

/** The events of one connection; `alive` for every chunk that completed none. A cut connection is `server_unreachable`. */
async function* connection(options: ConnectionOptions): AsyncGenerator<RunEvent | LiveEvent | "alive"> {
  const { http, runId, after, tokens, silenceMs, signal } = options;
  const end = new AbortController();
  const stop = () => end.abort();
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  let silence = setTimeout(stop, silenceMs);
  try {
    const answer = await http.open({
      path: `/v1/runs/${encodeURIComponent(runId)}/events${tokens ? "?tokens=true" : ""}`,
      headers: { accept: "text/event-stream", "last-event-id": String(after) },
      signal: end.signal,
    });
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    for await (const chunk of chunksOf(answer.body)) {
      clearTimeout(silence);
      silence = setTimeout(stop, silenceMs);
      yield "alive";
      for (const { data } of parser.push(decoder.decode(chunk, { stream: true })))
        yield JSON.parse(data) as RunEvent | LiveEvent;
    }
  } catch (error) {
    if (error instanceof AppError && error.code !== "cancelled") throw error;
    throw new AppError("server_unreachable", { message: `The connection to ${http.url} was cut.`, cause: error });
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener("abort", stop);
    stop();
  }
}
