import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Spread } from "./scenario.ts";

/** A source of numbers in 0..1 (1 excluded). */
export type Chance = () => number;

/**
 * Sources that know nothing of each other. Requests, decisions and each provider have one of their own, so that other settings meet the same requests.
 * @param seed any integer @returns a further source at each call; the n-th is the same for the same seed
 */
export function chances(seed: number): () => Chance {
  const generator = xoroshiro128plus(seed);
  return () => {
    // Jumped at least once: the first numbers of neighbouring seeds resemble each other.
    generator.jump();
    const own = generator.clone();
    return () => (own.next() >>> 0) / 4_294_967_296;
  };
}

/** Where 99 of 100 of the normal distribution stay below. */
const normal99 = 2.326_347_874_040_841;

/** Draws from a spread; takes two numbers of the source, also where the value is always the same. */
export function drawFrom({ median, p99 }: Spread, chance: Chance): number {
  const radius = Math.sqrt(-2 * Math.log(1 - chance()));
  const angle = 2 * Math.PI * chance();
  if (p99 <= median) return median;
  return median * Math.exp((Math.log(p99 / median) / normal99) * radius * Math.cos(angle));
}
