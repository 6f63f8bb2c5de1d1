import { courseOf } from "./course.ts";
import { measure, shape } from "./digest.ts";
import { find } from "./find.ts";
import type { Material } from "./material.ts";
import { spanWords } from "./moment.ts";
import { type Passage, timeOf } from "./passage.ts";
import { businessCount, peopleCount, plays } from "./role.ts";
import { heaviest, said } from "./select.ts";

/** Who or what was hit: how long, then the lines with the numbers, those of people first. */
export function impact({ passages }: Material): string {
  const found = hit(passages);
  if (found.length === 0) {
    return `The text names nobody who was affected. The worst that it says: ${heaviest(passages, 1).map(said).join(" ")}`;
  }
  const { failure, recovery } = courseOf(passages);
  const span =
    failure?.moment && recovery?.moment && recovery.moment.seconds > failure.moment.seconds
      ? `It lasted ${spanWords(failure.moment, recovery.moment)}, from ${timeOf(failure, passages)} to ${timeOf(recovery, passages)}.`
      : "";
  const lines = found.map((passage) => {
    const counts = countsOf(passage.text);
    return counts === undefined ? said(passage) : `${counts}.`;
  });
  return [...new Set([span, ...lines])].filter((line) => line !== "").join("\n");
}

/** Passages that say who or what was hit, at most four: of each series the worst. */
export function hit(passages: readonly Passage[]): readonly Passage[] {
  const written = passages.filter(({ section, text }) => section === "impact" && !/^It lasted\b/.test(text));
  if (written.length > 0) return written.slice(0, 4);
  const worst = new Map<string, Passage>();
  for (const passage of passages) {
    if (worthOf(passage) <= 0) continue;
    const key = shape(passage.text);
    const known = worst.get(key);
    if (!known || measure(passage) > measure(known)) worst.set(key, passage);
  }
  const ranked = [...worst.values()].sort((a, b) => worthOf(b) - worthOf(a) || b.weight - a.weight);
  const [best] = ranked;
  const enough = best === undefined ? 0 : worthOf(best) / 2;
  return ranked.filter((passage) => worthOf(passage) >= enough).slice(0, 4);
}

function worthOf(passage: Passage): number {
  if (!plays("impact", passage)) return 0;
  const { text } = passage;
  const troubled = plays("failure", passage) || peopleCount.test(text) || businessCount.test(text);
  if (!troubled && plays("change", passage)) return 0;
  const counted =
    (peopleCount.test(text) ? 4 : 0) +
    (businessCount.test(text) ? 2 : 0) +
    (troubled && /\d\s*(?:%|percent)/.test(text) ? 2 : 0) +
    (find("money", text).length > 0 ? 2 : 0);
  const calm = plays("recovery", passage) && !plays("failure", passage) ? 2 : 0;
  const ahead = /\b(?:will|should|would|plan\w*)\b/.test(text) ? 3 : 0;
  return Math.max(0, 1 + counted - calm - ahead);
}

/** `distinct customers=2,318` as `2,318 distinct customers`; undefined where fewer than two such numbers stand in the text. */
export function countsOf(text: string): string | undefined {
  const found = [
    ...text.matchAll(
      /((?:[\p{L}-]+ ){0,3}[\p{L}-]{3,})(?: \(([^)=]*)\))?=(\d{1,3}(?:,\d{3})+|\d+)(?![\w%/,.@:-]\w|[\w%])/gu,
    ),
  ];
  if (found.length < 2 || !found.some(([part]) => peopleCount.test(part) || businessCount.test(part))) return undefined;
  return found
    .map(([, name = "", remark, count = ""]) => `${count} ${name.trim()}${remark ? ` (${remark})` : ""}`)
    .join(", ");
}
