import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** An HTTP proxy on loopback that tunnels, as CONNECT asks. */
export interface ConnectProxy {
  readonly url: string;
  /** What it was asked to connect to, and with what authorization. */
  readonly asked: { readonly to: string; readonly authorization: string | undefined }[];
  /** Refuses with a status from now on; null: connects. */
  refuse(status: number | null): void;
  close(): Promise<void>;
}

/** Starts one. @param portOf where a host and port really are; undefined: at that port of this machine */
export async function connectProxy(portOf: (to: string) => number | undefined): Promise<ConnectProxy> {
  const asked: ConnectProxy["asked"] = [];
  const sockets = new Set<Socket>();
  let refusal: number | null = null;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  });
  server.on("connect", ({ url = "", headers }, socket) => {
    asked.push({ to: url, authorization: headers["proxy-authorization"] });
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
      return;
    }
    const port = portOf(url) ?? Number(url.split(":").at(-1));
    const target = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
    socket.on("close", () => target.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    refuse(status) {
      refusal = status;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}
