/** A source of numbers in 0..1 (1 excluded). */
export type Random = () => number;

/** The same numbers for the same seed (mulberry32), so that an outage with probabilities can be rehearsed twice. @param seed any integer. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
