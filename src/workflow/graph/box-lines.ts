import stringWidth from "string-width";
import type { GraphNode } from "./graph.ts";

/** One line of a box. */
export interface BoxLine {
  readonly text: string;
  readonly role: "label" | "detail" | "condition";
  /** Pixels, estimated generously: the picture is made without a font. */
  readonly width: number;
  readonly height: number;
}

/** Letters of a label; the whole of it is the box's tooltip. */
const maxLabel = 40;
const maxCondition = 44;
const conditionLines = 3;

const metrics = {
  label: { letter: 8, height: 18 },
  detail: { letter: 6.6, height: 16 },
  condition: { letter: 6.9, height: 15 },
} as const;

/** What a box says, line by line; what is too long is cut, its conditions are wrapped. */
export function boxLines({ label, detail, condition }: GraphNode): readonly BoxLine[] {
  return [
    lineOf("label", cut(label, maxLabel)),
    ...(detail === undefined ? [] : [lineOf("detail", cut(detail, maxLabel))]),
    ...(condition === undefined ? [] : wrapped(`when ${condition}`).map((text) => lineOf("condition", text))),
  ];
}

function lineOf(role: BoxLine["role"], text: string): BoxLine {
  const { letter, height } = metrics[role];
  return { text, role, width: stringWidth(text) * letter, height };
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [""];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    const joined = last === "" ? word : `${last} ${word}`;
    if (joined.length <= maxCondition) lines[lines.length - 1] = joined;
    else lines.push(cut(word, maxCondition));
  }
  const shown = lines.slice(0, conditionLines);
  return lines.length > conditionLines ? shown.with(-1, cut(`${shown.at(-1)} …`, maxCondition)) : shown;
}
