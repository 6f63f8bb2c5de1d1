import { createHash } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy before Redis that can let a command be executed and then drop its reply together with the connection. */
export interface ReplyThief {
  readonly url: string;
  /** The next time that a client sends this script, by its hash or whole, it is executed and its reply never arrives. */
  steal(lua: string): void;
  /** Replies stolen so far. */
  stolen(): number;
  /** Cuts every connection and refuses new ones, until {@link open}. */
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

/** Starts the proxy on a free port. */
export async function startReplyThief(port: number): Promise<ReplyThief> {
  const sockets = new Set<Socket>();
  let wanted: readonly string[] = [];
  let stolen = 0;
  let shut = false;
  const server: Server = createServer((client) => {
    if (shut) return client.destroy();
    const redis = connect(port, "127.0.0.1");
    let robbed = false;
    const cut = () => {
      client.destroy();
      redis.destroy();
    };
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on("error", cut);
      socket.on("close", () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on("data", (data) => {
      if (wanted.some((text) => data.includes(text))) {
        wanted = [];
        robbed = true;
      }
      redis.write(data);
    });
    redis.on("data", (data) => {
      if (!robbed) return client.write(data);
      stolen += 1;
      return cut();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return {
    url: `redis://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    steal: (lua) => {
      wanted = [createHash("sha1").update(lua).digest("hex"), lua.slice(0, 200)];
    },
    stolen: () => stolen,
    shut: () => {
      shut = true;
      for (const socket of sockets) socket.destroy();
    },
    open: () => {
      shut = false;
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
