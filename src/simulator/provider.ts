// A simulated provider is open (its port listens) or closed (connections are refused). `sync` moves it: closed exactly while a `refuse` is armed.
import { createServer, type Server } from "node:http";
import { ArmedFault } from "./armed-fault.ts";
import { type ExchangeContext, exchange } from "./exchange.ts";
import type { Fault } from "./fault.ts";
import { listen, listenAgain } from "./port.ts";
import type { SimulatedName } from "./vendors/vendor.ts";

/** One vendor on its own port: counts what arrives, applies the faults in force, answers. */
export class SimulatedProvider {
  readonly #context: ExchangeContext;
  readonly #host: string;
  #armed: readonly ArmedFault[] = [];
  #server: Server | undefined;
  #port = 0;
  #moves: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(context: Omit<ExchangeContext, "armed">, host: string) {
    this.#context = { ...context, armed: () => this.#armed };
    this.#host = host;
  }

  get name(): SimulatedName {
    return this.#context.vendor.name;
  }

  /** What a client is given as this provider's endpoint. */
  get url(): string {
    return `http://${this.#host}:${this.#port}${this.#context.vendor.basePath}`;
  }

  /** Variables that point a Switchyard process at it. */
  get env(): Readonly<Record<string, string>> {
    return this.#context.vendor.env(this.url);
  }

  /** Faults in force. */
  get faults(): readonly Fault[] {
    return this.#armed.map(({ fault }) => fault);
  }

  /** Opens the port. @param port 0: a free one. */
  async open(port: number): Promise<void> {
    this.#server = this.#serve();
    this.#port = await listen(this.#server, port, this.#host);
  }

  /** Puts a fault in force beside the others. @returns what ends it; both resolve when the port is as it shall be. */
  async arm(fault: Fault): Promise<() => Promise<void>> {
    const armed = new ArmedFault(fault);
    this.#armed = [...this.#armed, armed];
    await this.#sync();
    return async () => {
      this.#armed = this.#armed.filter((other) => other !== armed);
      armed.lift();
      await this.#sync();
    };
  }

  /** Puts faults in force in place of those that are; none: all is well again. What was held goes on once the port is as it shall be. */
  async replace(faults: readonly Fault[]): Promise<void> {
    const lifted = this.#armed;
    this.#armed = faults.map((fault) => new ArmedFault(fault));
    await this.#sync();
    for (const armed of lifted) armed.lift();
  }

  /** Closes the port for good and drops what is open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#sync();
  }

  /** Moves are made one after the other; each looks at what is armed when its turn has come. */
  #sync(): Promise<void> {
    const move = this.#moves.then(async () => {
      const refuse = this.#closed || this.#armed.some(({ fault }) => fault.kind === "refuse");
      if (refuse && this.#server) {
        const server = this.#server;
        this.#server = undefined;
        const gone = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        await gone;
      } else if (!refuse && !this.#server) {
        const server = this.#serve();
        await listenAgain(server, this.#port, this.#host);
        this.#server = server;
      }
    });
    this.#moves = move.catch(() => {});
    return move;
  }

  #serve(): Server {
    const server = createServer((request, response) => {
      exchange(this.#context, request, response).catch((error: unknown) => {
        if (!response.headersSent && !response.destroyed) response.writeHead(500);
        response.end(error instanceof Error ? error.message : String(error));
      });
    });
    server.keepAliveTimeout = 60_000;
    return server;
  }
}
