import type { ServerResponse } from "node:http";

/** What may wait for a reader before no more is made for it. The system's own buffers come on top. */
const mostBytes = 65_536;

/** Whether a reader has left so much of what was written for it that no more should be made. */
export function isBehind(raw: ServerResponse): boolean {
  return raw.writableNeedDrain && raw.writableLength >= mostBytes;
}

/**
 * Waits until a reader has taken what was written for it. One that takes nothing for `patienceMs` is cut: its connection ends as if it had gone. Resolves in any
 * case, also when it goes.
 */
export async function caughtUp(raw: ServerResponse, patienceMs: number): Promise<void> {
  if (raw.destroyed || !raw.writableNeedDrain) return;
  cutIfStill(raw, patienceMs);
  await new Promise<void>((done) => {
    const end = () => {
      raw.off("drain", end);
      raw.off("close", end);
      done();
    };
    raw.on("drain", end);
    raw.on("close", end);
  });
  raw.setTimeout(0);
}

/** Cuts a reader that takes nothing of what was written for `patienceMs`. Node counts anew where it has taken some, and ends a connection whose time is over. */
export function cutIfStill(raw: ServerResponse, patienceMs: number): void {
  raw.setTimeout(patienceMs);
}
