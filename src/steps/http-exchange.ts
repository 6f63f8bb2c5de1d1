import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { type Dispatcher, request as send } from "undici";
import { AppError } from "../core/errors.ts";
import { type HttpRequest, type IsSecret, redirected } from "./http-request.ts";

/** An answer, read to its end. */
export interface HttpAnswer {
  /** The address that answered, after all redirects. */
  readonly url: URL;
  readonly status: number;
  /** By lower-case name; what came several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What an exchange may do. */
export interface ExchangeOptions {
  readonly agent: Dispatcher;
  readonly signal: AbortSignal;
  /** Redirects that are followed. 0: one is an answer like any other. */
  readonly redirects: number;
  /** Bytes of the answer's body, unpacked. */
  readonly maxBytes: number;
  readonly isSecret: IsSecret;
}

/** Statuses that say where to ask instead. */
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request, follows its redirects, and reads the answer. Every address that it connects to is the agent's to judge.
 * @throws AppError http_refused, http_invalid, http_failed (too many redirects), payload_too_large; whatever the network says
 */
export async function exchange(first: HttpRequest, options: ExchangeOptions): Promise<HttpAnswer> {
  const { agent: dispatcher, signal, redirects, maxBytes, isSecret } = options;
  let asked = first;
  for (let followed = 0; ; followed++) {
    const { url, method, headers, body: content } = asked;
    const response = await send(url, {
      dispatcher,
      signal,
      method: method as Dispatcher.HttpMethod,
      headers,
      body: content,
    });
    const { statusCode: status, body } = response;
    const answerHeaders = joined(response.headers);
    const { location } = answerHeaders;
    if (redirects === 0 || location === undefined || !redirectStatuses.has(status)) {
      const read = await readWithin(unpacked(body, answerHeaders["content-encoding"]), maxBytes);
      return { url, status, headers: answerHeaders, body: read };
    }
    await body.dump({ limit: 65_536, signal });
    if (followed === redirects)
      throw new AppError("http_failed", {
        message: `was redirected more than ${redirects} times.`,
        details: { status },
      });
    asked = redirected(asked, status, location, isSecret);
  }
}

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
  );
  return Object.fromEntries(entries);
}

/** Nothing is asked to be packed; some servers do so all the same. */
function unpacked(body: Readable, encoding = "identity"): Readable {
  const pack = { gzip: createGunzip, "x-gzip": createGunzip, deflate: createInflate, br: createBrotliDecompress };
  const unpack = Object.hasOwn(pack, encoding) ? pack[encoding as keyof typeof pack]() : undefined;
  if (!unpack) return body;
  body.once("error", (error) => unpack.destroy(error));
  unpack.once("close", () => body.destroy());
  return body.pipe(unpack);
}

async function readWithin(body: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      const message = `the answer has more than ${maxBytes} bytes, the most that a step may take (SWITCHYARD_OUTPUT_LIMIT).`;
      throw new AppError("payload_too_large", { message });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
