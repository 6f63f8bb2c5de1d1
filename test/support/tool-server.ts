import { createServer, type ServerResponse } from "node:http";

/** One request that a tool made. */
export interface ToolHit {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
  /** Of the call: the same where it is repeated. */
  readonly key: string;
}

/** What a server of tools does with a request. Default: 200 and `{ "ok": true }`. */
export type ToolAnswerer = (hit: ToolHit, response: ServerResponse) => unknown;

/** Refuses for good. */
export const refuses: ToolAnswerer = (_, response) => void response.writeHead(409).end();

/** What a request begins with (`POST /car`) says how it is answered; all others are answered `otherwise`. */
export function answersBy(special: Readonly<Record<string, ToolAnswerer>>, otherwise: ToolAnswerer): ToolAnswerer {
  return (hit, response) => {
    const asked = `${hit.method} ${hit.path}`;
    const [, answer = otherwise] = Object.entries(special).find(([beginning]) => asked.startsWith(beginning)) ?? [];
    return answer(hit, response);
  };
}

/** An HTTP server that counts what was asked of it. */
export interface ToolServer {
  readonly url: string;
  readonly hits: ToolHit[];
  /** What it does from now on: a value is sent as JSON; undefined: the function answers by itself, or never. */
  answers(answer: ToolAnswerer): void;
  /** Paths that were asked, with how often. */
  counts(): Readonly<Record<string, number>>;
  /** Keys that came, with how often. */
  keys(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Starts one. */
export async function toolServer(): Promise<ToolServer> {
  const hits: ToolHit[] = [];
  let answer: ToolAnswerer = () => ({ ok: true });
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", () => undefined);
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const text = Buffer.concat(chunks).toString();
      const hit: ToolHit = {
        method,
        path: url,
        headers,
        body: text === "" ? undefined : (JSON.parse(text) as unknown),
        key: String(headers["idempotency-key"] ?? ""),
      };
      hits.push(hit);
      const value = answer(hit, response);
      if (value === undefined) return;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const counted = (names: readonly string[]) =>
    Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((other) => other === name).length]));
  return {
    url: `http://127.0.0.1:${port}`,
    hits,
    answers(next) {
      hits.length = 0;
      answer = next;
    },
    counts: () => counted(hits.map(({ path }) => path)),
    keys: () => counted(hits.map(({ key }) => key)),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}
