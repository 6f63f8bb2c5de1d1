import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP line to Redis that can be made slow. */
export interface SlowLine {
  readonly url: string;
  /** Milliseconds by which each answer is late from now on. */
  delay(ms: number): void;
  close(): Promise<void>;
}

/** Lays one to a local port. */
export async function slowLine(port: number): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  const server: Server = createServer((client) => {
    const redis = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, redis],
      [redis, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
    client.on("data", (data) => redis.write(data));
    // Timers of one length keep their order, so the answers keep theirs; a shorter delay must not overtake.
    let free = 0;
    redis.on("data", (data) => {
      free = Math.max(free, Date.now() + delayMs);
      setTimeout(() => client.write(data), Math.max(0, free - Date.now()));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  return {
    url: `redis://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    delay: (ms) => {
      delayMs = ms;
    },
    close: () =>
      new Promise((closed) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => closed());
      }),
  };
}
