import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { Agent, type Dispatcher, EnvHttpProxyAgent, fetch as undiciFetch } from "undici";
import type { Certificates, ProviderSettings } from "../config/settings.ts";
import { Posted, type RawAnswer } from "./posted.ts";
import { remembered } from "./remembered.ts";

type Fetch = typeof globalThis.fetch;
type Input = Parameters<typeof undiciFetch>[0];
type Init = Parameters<typeof undiciFetch>[1];

/** A request that is sent without the web's fetch, which costs several times as much. */
export interface RawRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The connections to one endpoint. */
export class Connection {
  readonly #dispatcher: Dispatcher;
  readonly #placeOf = remembered((url) => {
    const { origin, pathname, search } = new URL(url);
    return { origin, path: `${pathname}${search}` };
  });
  readonly #answered = new WeakMap<AbortSignal, number>();

  constructor(settings: Pick<ProviderSettings, "connectTimeoutMs" | "ca" | "proxy">) {
    this.#dispatcher = createDispatcher(settings);
  }

  /** The web's fetch over these connections. Follows no redirect unless told to: it would take request and key to an address that nobody configured. */
  readonly fetch: Fetch = (async (input: Input, init?: Init) => {
    const response = await undiciFetch(input, { redirect: "manual", ...init, dispatcher: this.#dispatcher });
    // undici's own types of the same standard differ by name only.
    if (init?.signal) this.#answered.set(init.signal as AbortSignal, response.status);
    return response;
  }) as unknown as Fetch;

  /** Posts a text. Follows no redirect. */
  async post(url: string, { body, headers, signal }: RawRequest): Promise<RawAnswer> {
    const { origin, path } = this.#placeOf(url);
    const posted = new Posted(signal);
    this.#dispatcher.dispatch({ origin, path, method: "POST", body, headers }, posted);
    const answer = await posted.begun;
    this.#answered.set(signal, answer.status);
    return answer;
  }

  /** Status of the answer to the request that was made with this signal; undefined: none had begun. */
  answered(signal: AbortSignal): number | undefined {
    return this.#answered.get(signal);
  }

  /** Ends them all. */
  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }
}

function createDispatcher({
  connectTimeoutMs: timeout,
  ca,
  proxy,
}: Pick<ProviderSettings, "connectTimeoutMs" | "ca" | "proxy">): Dispatcher {
  const connect = { timeout, ...(ca ? { secureContext: trusting(ca) } : {}) };
  const options = {
    // As many as there are calls: one that waited here for another's end would look like a slow provider. Who wants fewer says so with `limits`.
    connections: null,
    connect,
    // Our own timeouts end a call; a healthy one may be silent for minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (!proxy) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    // Empty, not absent: what the environment says has been read with the settings.
    httpProxy: proxy.http ?? "",
    httpsProxy: proxy.https ?? "",
    noProxy: proxy.except,
    requestTls: connect,
    proxyTls: connect,
  });
}

const contexts = new WeakMap<Certificates, SecureContext>();

/** Trusts these certificates besides those that Node trusts. Built once: it reads over a hundred certificates. */
function trusting(ca: Certificates): SecureContext {
  const context = contexts.get(ca) ?? createSecureContext({ ca: [...rootCertificates, ca.pem] });
  contexts.set(ca, context);
  return context;
}
