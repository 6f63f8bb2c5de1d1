/** How many of them some test goes through, and the others by name. */
export interface Covered {
  readonly total: number;
  readonly covered: number;
  readonly missing: readonly string[];
}

/** Which of all names have been seen. Pure. */
export function covered(all: readonly string[], seen: ReadonlySet<string>): Covered {
  const missing = all.filter((name) => !seen.has(name));
  return { total: all.length, covered: all.length - missing.length, missing };
}
