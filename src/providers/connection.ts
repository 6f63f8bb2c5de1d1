import { Agent, fetch as undiciFetch } from "undici";

type Fetch = typeof globalThis.fetch;
type Input = Parameters<typeof undiciFetch>[0];
type Init = Parameters<typeof undiciFetch>[1];

/** The connections to one endpoint. */
export class Connection {
  readonly #agent: Agent;
  readonly #answered = new WeakMap<AbortSignal, number>();

  constructor({ connectTimeoutMs }: { readonly connectTimeoutMs: number }) {
    this.#agent = new Agent({
      connections: 256,
      connect: { timeout: connectTimeoutMs },
      // Our own timeouts end a call; a healthy one may be silent for minutes.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** The web's fetch over these connections. */
  readonly fetch: Fetch = (async (input: Input, init?: Init) => {
    const response = await undiciFetch(input, { ...init, dispatcher: this.#agent });
    // undici's own types of the same standard differ by name only.
    if (init?.signal) this.#answered.set(init.signal as AbortSignal, response.status);
    return response;
  }) as unknown as Fetch;

  /** Status of the answer to the request that was made with this signal; undefined: none had begun. */
  answered(signal: AbortSignal): number | undefined {
    return this.#answered.get(signal);
  }

  /** Ends them all. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
