import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";

/** A request as the server got it. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a server does with a request. */
export type RawAnswer = (response: ServerResponse, request: RawRequest) => void;

/** An HTTP server of the test's own. */
export interface RawServer {
  readonly url: string;
  readonly port: number;
  readonly requests: RawRequest[];
  /** What the next and all further requests get; 500 until told. */
  respond(answer: RawAnswer): void;
  close(): Promise<void>;
}

/** Starts one. @param host address that it listens on */
export async function rawServer(host = "127.0.0.1"): Promise<RawServer> {
  const requests: RawRequest[] = [];
  let answer: RawAnswer = (response) => response.writeHead(500).end();
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", () => undefined);
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const request = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      answer(response, request);
    });
  });
  await new Promise<void>((listening) => server.listen(0, host, listening));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    requests,
    respond(handle) {
      answer = handle;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

/** Answers with a status, a body (JSON unless it is a text) and headers. */
export function says(status: number, body: unknown = "", headers: Readonly<Record<string, string>> = {}): RawAnswer {
  const type = typeof body === "string" ? "text/plain" : "application/json";
  return (response) => {
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** Sends the client elsewhere. */
export function leadsTo(location: string, status = 302): RawAnswer {
  return (response) => response.writeHead(status, { location }).end();
}
