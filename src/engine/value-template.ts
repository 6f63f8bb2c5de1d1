import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { ScriptValue } from "../redis/script.ts";

/** Makes values from what differs. */
export type Fill<Place extends string> = (given: Readonly<Record<Place, string | number>>) => readonly ScriptValue[];

type FillOne = (given: Readonly<Record<string, string | number>>) => Json;

/**
 * Values that are alike but for a few places, from a sample of them.
 * @param sample with a mark at each place, alone or within a text. @param marks by place; each differs from everything else in the sample
 * @throws AppError internal - a mark is not there, or a text holds two: who makes the sample makes it otherwise than expected
 */
export function templateOf<Place extends string>(
  sample: readonly ScriptValue[],
  marks: Readonly<Record<Place, string | number>>,
): Fill<Place> {
  const missing = new Set<string>(Object.keys(marks));
  const places = Object.entries<string | number>(marks);
  const fill = fillOf(sample, places, missing);
  if (missing.size > 0 || !fill) {
    throw new AppError("internal", { message: `The sample of values has no place for ${[...missing].join()}.` });
  }
  return fill as Fill<Place>;
}

/** Undefined: nothing in it differs. */
function fillOf(
  sample: unknown,
  places: readonly (readonly [place: string, mark: string | number])[],
  missing: Set<string>,
): FillOne | undefined {
  if (Array.isArray(sample)) {
    const fills = sample.map((value) => fillOf(value, places, missing));
    if (!fills.some(Boolean)) return undefined;
    return (given) => sample.map((value, index) => fills[index]?.(given) ?? value);
  }
  if (typeof sample === "object" && sample !== null) {
    const fills = Object.entries(sample).flatMap(([key, value]) => {
      const fill = fillOf(value, places, missing);
      return fill ? [[key, fill] as const] : [];
    });
    if (fills.length === 0) return undefined;
    return (given) => {
      const filled: Record<string, Json> = { ...sample };
      for (const [key, fill] of fills) filled[key] = fill(given);
      return filled;
    };
  }
  const [found, ...more] = places.flatMap(([place, mark]) => marksIn(sample, mark).map((split) => ({ place, split })));
  if (!found) return undefined;
  if (more.length > 0) throw new AppError("internal", { message: `The sample has several places in ${sample}.` });
  const { place, split } = found;
  missing.delete(place);
  if (split === null) return (given) => given[place] ?? null;
  const [before, after] = split;
  return (given) => `${before}${given[place]}${after}`;
}

/** What stands before and after each time that the mark comes; null: it is all. */
function marksIn(sample: unknown, mark: string | number): readonly (readonly [string, string] | null)[] {
  if (sample === mark) return [null];
  if (typeof sample !== "string" || typeof mark !== "string") return [];
  const parts = sample.split(mark);
  return parts.slice(1).map((_, index) => [parts.slice(0, index + 1).join(mark), parts.slice(index + 1).join(mark)]);
}
