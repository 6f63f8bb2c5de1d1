import { bare, cause, diagnose } from "./cause.ts";
import { mainComponent } from "./component.ts";
import { courseOf } from "./course.ts";
import { find } from "./find.ts";
import { countsOf, hit, impact } from "./impact.ts";
import type { Material } from "./material.ts";
import { onlyDay, spanWords } from "./moment.ts";
import { actions, summary, timeline } from "./parts.ts";
import { type Passage, timeOf } from "./passage.ts";
import { plays } from "./role.ts";
import { heaviest, timed } from "./select.ts";
import { severityOf } from "./severity.ts";

/**
 * A report: its title, a summary, and of the rest what the material has: what happened when, who was hit, why, what next. Where the material
 * is made of such parts already, they are taken over. No line stands in two of its sections.
 */
export function report(material: Material): string {
  const { passages, text } = material;
  const parts = new Map(
    (["timeline", "impact", "cause", "next"] as const).map((kind) => [kind, linesOf(passages, kind)]),
  );
  const composed = [...parts.values()].filter((lines) => lines.length > 0).length >= 2;
  const part = (kind: "timeline" | "impact" | "cause" | "next", own: () => string): readonly string[] => {
    const given = parts.get(kind) ?? [];
    if (given.length > 0 || composed) return given;
    return own()
      .split("\n")
      .filter((line) => line !== "");
  };
  const trouble = severityOf(text) >= 3;
  const why = part("cause", () => (trouble || diagnose(passages).named ? cause(material) : ""));
  const whom = part("impact", () => (trouble || hit(passages).length > 0 ? impact(material) : ""));
  const what = part("timeline", () => (timed(passages).length >= 2 ? timeline(material) : "")).filter(
    (line) => !/^\d{4}-\d\d-\d\d:?$/.test(line),
  );
  const next = part("next", () => (trouble ? actions(material) : ""));
  const span = abstract(material);
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["Impact", span === undefined ? whom : whom.filter((line) => !/^It lasted\b/.test(line))],
    ["Cause", why],
    ["What happened", what],
    ["Next", next],
  ];
  const seen = new Set<string>();
  const fresh = (line: string) => {
    const bare = line.replace(/^(?:[-*]\s+|\d{1,2}:\d\d(?::\d\d)?\s+)/, "").replace(/[.\s]+$/, "");
    const key = (/:\s*["“]([^"”]{20,})["”]$/.exec(bare)?.[1] ?? countsOf(bare) ?? bare).toLowerCase();
    if (key.length > 12 && [...seen].some((other) => other.includes(key))) return false;
    if (!/^changed .* before/.test(key)) seen.add(key);
    return true;
  };
  const bodies = sections
    .map(([name, lines]): readonly [string, readonly string[]] => [name, lines.filter(fresh)])
    .filter(([, lines]) => lines.length > 0)
    .map(([name, lines]) => `${name}\n${lines.join("\n")}`);
  const head =
    span ??
    summary(
      { ...material, passages: passages.filter(({ section }) => section === undefined || section === "summary") },
      2,
    );
  return [title(material), ...(head === "" ? [] : [`Summary\n${head}`]), ...bodies].join("\n\n");
}

/** The lines of one part of the material, with their times. */
function linesOf(passages: readonly Passage[], kind: Passage["section"]): readonly string[] {
  const own = passages.filter(({ section }) => section === kind);
  return own.map((passage) =>
    passage.time === undefined || passage.text.includes(passage.time)
      ? passage.text
      : `${timeOf(passage, passages)} ${passage.text}`,
  );
}

function title({ passages, subject, instruction }: Material): string {
  const name =
    subject ??
    mainComponent(passages) ??
    heaviest(passages, 1)[0]
      ?.text.replace(/[.!?]$/, "")
      .slice(0, 70) ??
    "";
  const severity = /\bseverity:?\s+(\w+)/i.exec(instruction)?.[1];
  const day = onlyDay(passages.map(({ moment }) => moment));
  return [`Report: ${name}`, severity && `severity ${severity}`, day].filter(Boolean).join(", ");
}

/** How long it lasted and how it ended; undefined where the times do not tell. */
function abstract(material: Material): string | undefined {
  const { passages, subject } = material;
  const { failure, recovery } = courseOf(
    passages.filter(({ section }) => section === undefined || section === "timeline"),
  );
  if (!failure?.moment || !recovery?.moment || recovery.moment.seconds <= failure.moment.seconds) return undefined;
  const part = subject ?? mainComponent(passages) ?? "The system";
  const remedies = passages.filter(
    (passage) =>
      plays("remedy", passage) &&
      passage.moment &&
      failure.moment &&
      recovery.moment &&
      passage.moment.seconds > failure.moment.seconds &&
      passage.moment.seconds <= recovery.moment.seconds &&
      passage !== recovery,
  );
  const remedy = remedies.at(-1);
  return [
    `${part} was in trouble for ${spanWords(failure.moment, recovery.moment)}, from ${timeOf(failure, passages)} to ${timeOf(recovery, passages)}.`,
    remedy?.moment ? `It ended ${spanWords(remedy.moment, recovery.moment)} after this step: "${bare(remedy)}".` : "",
  ]
    .filter((line) => line !== "")
    .join(" ");
}

/** A letter back to the one who wrote: the name below their text, and what they said. */
export function letter(material: Material): string {
  const name = find("person", material.text).at(-1);
  return [
    `Dear ${name ?? "reader"},`,
    `thank you for writing. We have read: ${summary(material, 3)}`,
    severityOf(material.text) >= 2
      ? "We are sorry for the trouble and are looking into it."
      : "We will come back to you.",
  ].join("\n\n");
}
