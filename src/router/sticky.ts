import { createHash } from "node:crypto";

/**
 * Two numbers 0..1 that a caller always draws for a provider. Given to `weighted` in place of random ones they make it a rendezvous hash: a caller stays where
 * it was drawn, and when the weights change only as many callers move as must.
 */
export function stickyDraws(caller: string, provider: string): readonly [number, number] {
  const hash = createHash("sha256").update(`${caller}\n${provider}`).digest();
  return [hash.readUInt32BE(0) / 2 ** 32, hash.readUInt32BE(4) / 2 ** 32];
}
