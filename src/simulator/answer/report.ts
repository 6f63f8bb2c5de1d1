import { mainComponent } from "./component.ts";
import { find } from "./find.ts";
import type { Material } from "./material.ts";
import { actions, cause, hit, impact, summary, timeline } from "./parts.ts";
import { causePattern, heaviest, timed } from "./select.ts";
import { severityOf } from "./severity.ts";

/** A report: its title, a summary, and of the rest what the material has: what happened when, who was hit, why, what next. */
export function report(material: Material): string {
  const { passages, text } = material;
  const title =
    mainComponent(passages) ??
    heaviest(passages, 1)[0]
      ?.text.replace(/[.!?]$/, "")
      .slice(0, 70) ??
    "";
  const events = timed(passages);
  const trouble = severityOf(text) >= 3;
  const named = passages.some((passage) => causePattern.test(passage.text));
  const sections: readonly (readonly [string, string])[] = [
    ["Summary", summary(material, 2)],
    ["What happened", events.length >= 2 ? timeline({ ...material, passages: events.slice(0, 12) }) : ""],
    ["Impact", trouble || hit(passages).length > 0 ? impact(material) : ""],
    ["Cause", trouble || named ? cause(material) : ""],
    ["Next", actions(material)],
  ];
  const bodies = sections.filter(([, body]) => body !== "").map(([name, body]) => `${name}\n${body}`);
  return [`Report: ${title}`, ...bodies].join("\n\n");
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
