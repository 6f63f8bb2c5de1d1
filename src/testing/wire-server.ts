import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";

/** A request as the server got it. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Empty where it had none. */
  readonly body: Record<string, unknown>;
}

/** An HTTP server on loopback that answers as the test says, byte for byte. */
export interface WireServer {
  readonly url: string;
  readonly port: number;
  readonly requests: WireRequest[];
  /** What the next and all further requests get. */
  respond(handler: (response: ServerResponse, request: WireRequest) => void): void;
  close(): Promise<void>;
}

/** Starts one. Answers 500 until told otherwise. */
export async function wireServer(): Promise<WireServer> {
  const requests: WireRequest[] = [];
  let handle: (response: ServerResponse, request: WireRequest) => void = (response) => response.writeHead(500).end();
  const server: Server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        headers: incoming.headers,
        body: JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<string, unknown>,
      };
      requests.push(request);
      handle(response, request);
    });
    incoming.on("error", () => undefined);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    respond(handler) {
      handle = handler;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

/** Answers with a status, a JSON body and headers. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}
