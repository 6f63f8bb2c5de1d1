import { distance } from "fastest-levenshtein";

/** The known name that was probably meant, or undefined when none is near (a third of its length, at least one letter). */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    const near = d <= Math.max(1, Math.floor(candidate.length / 3));
    if (near && (!best || d < best.distance)) best = { name: candidate, distance: d };
  }
  return best?.name;
}

/** ` Did you mean X?` or an empty text; to append to a sentence. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const found = suggest(name, known);
  return found === undefined ? "" : ` Did you mean ${found}?`;
}
