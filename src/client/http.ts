import { AppError } from "../core/errors.ts";
import { errorFromAnswer, parseObject, unreachable } from "./problem.ts";

/** What the client needs of `fetch`. The global one, or one's own. */
export type Fetch = (
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal },
) => Promise<FetchAnswer>;

/** What the client reads of an answer. */
export interface FetchAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
}

/** One request to the API. */
export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with its query, from the server's root. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** Sent as it is. */
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** Requests to one server. */
export class Http {
  readonly url: string;
  readonly #fetch: Fetch;
  readonly #key: Readonly<Record<string, string>>;
  readonly #tenant: string | undefined;

  /** @param url of the server; a path in it is kept. @param apiKey sent with each request @param tenant asked as, in each request @throws AppError usage - not an http(s) URL. */
  constructor(url: string, fetch: Fetch = globalFetch, apiKey?: string, tenant?: string) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !/^https?:$/.test(parsed.protocol)) {
      throw new AppError("usage", {
        message: `"${url}" is not the URL of a server; one looks like http://127.0.0.1:7700.`,
      });
    }
    this.url = parsed.href.replace(/\/+$/, "");
    this.#fetch = fetch;
    this.#tenant = tenant;
    this.#key = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  }

  /** The answer to a request. @throws AppError with the server's code; server_unreachable; cancelled - the signal fired; usage - an id in the path is `.` or `..`. */
  async open(request: ApiRequest): Promise<FetchAnswer> {
    const { method = "GET", path, headers = {}, body, signal } = request;
    refuseDots(path);
    let answer: FetchAnswer;
    try {
      answer = await this.#fetch(`${this.url}${this.#asTenant(path)}`, {
        method,
        headers: { ...this.#key, ...headers },
        ...(body === undefined ? {} : { body }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      throw signal?.aborted ? new AppError("cancelled", { cause: error }) : unreachable(this.url, error);
    }
    if (answer.ok) return answer;
    throw errorFromAnswer(this.url, answer.status, await answer.text().catch(() => ""));
  }

  #asTenant(path: string): string {
    if (this.#tenant === undefined) return path;
    return `${path}${path.includes("?") ? "&" : "?"}tenant=${encodeURIComponent(this.#tenant)}`;
  }

  /** The JSON object that answers a request. The shapes are the API's promise and not checked again here. @throws as {@link open}. */
  async json<T>(request: ApiRequest): Promise<T> {
    const answer = await this.open({ ...request, headers: { accept: "application/json", ...request.headers } });
    let text: string;
    try {
      text = await answer.text();
    } catch (error) {
      throw request.signal?.aborted ? new AppError("cancelled", { cause: error }) : unreachable(this.url, error);
    }
    const value = parseObject(text);
    if (!value) throw errorFromAnswer(this.url, answer.status, text);
    return value as T;
  }
}

/** The query of a request with the options that are set; empty where none is. */
export function queryOf(options: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const set = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  return set.length === 0 ? "" : `?${new URLSearchParams(set as [string, string][])}`;
}

/** An address swallows them, however they are written, and the part before: another route would be asked. */
function refuseDots(path: string): void {
  const [address = ""] = path.split("?", 1);
  const dots = address.split("/").find((part) => part === "." || part === "..");
  if (dots) throw new AppError("usage", { message: `"${dots}" is not an id or a name that anything has.` });
}

/** As it is at the time of the call; a browser's wants to be called as a function of its window. */
const globalFetch: Fetch = (url, init) => globalThis.fetch(url, init);

/** The pieces of a body. Not every browser can iterate over a stream. */
export async function* chunksOf(body: FetchAnswer["body"]): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  if (!("getReader" in body)) {
    yield* body;
    return;
  }
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
