import { once } from "node:events";
import type { Server } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** Ports below the range from which the system takes the ports of outgoing connections: a closed one stays free until it is opened again. */
const freeRange = { from: 18_000, to: 32_000 } as const;

/** Whether somebody else listens on the port. */
export const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EADDRINUSE";

/** Listens on a port. @param port 0: a free one. @returns the port. */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  if (port !== 0) {
    await listenOn(server, port, host);
    return port;
  }
  for (;;) {
    const candidate = freeRange.from + Math.floor(Math.random() * (freeRange.to - freeRange.from));
    try {
      await listenOn(server, candidate, host);
      return candidate;
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
}

/** Listens again on a port that was closed; while something else has it, tries for 5 s. */
export async function listenAgain(server: Server, port: number, host: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOn(server, port, host);
    } catch (error) {
      if (!isTaken(error) || attempt === 100) throw error;
      await pause(50);
    }
  }
}

async function listenOn(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}
