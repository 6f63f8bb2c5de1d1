import type { Asked } from "../asked.ts";
import { splitPrompt } from "./instruction.ts";
import { type Passage, readPassages } from "./passage.ts";

/** A request, read: what is wanted, and what there is to make it from. */
export interface Material {
  /** The imperative part of the prompt, then the system prompt. */
  readonly instruction: string;
  /** The part to work on; empty if the prompt brings none. */
  readonly text: string;
  /** Its sentences and log lines, in order. */
  readonly passages: readonly Passage[];
}

/** Characters that are read of a long prompt: its beginning and its end, where people put what matters. */
const readLimit = 24_000;

/** Separates the wish from the stuff. A prompt that is all wish works on what was said before it. */
export function readMaterial({ system, prompt, earlier }: Pick<Asked, "system" | "prompt" | "earlier">): Material {
  const { instruction, stuff } = splitPrompt(shorten(prompt));
  return toMaterial(`${instruction}\n${system}`.trim(), stuff === "" ? shorten(earlier) : stuff);
}

/** Material of a part of a text, for the items of a list. */
export function toMaterial(instruction: string, stuff: string): Material {
  const text = stuff.replace(/\[simulated [^\]\n]+\][ \t]*\n?/g, "").trim();
  return { instruction, text, passages: readPassages(text) };
}

function shorten(text: string): string {
  if (text.length <= readLimit) return text;
  return `${text.slice(0, readLimit / 2)}\n${text.slice(-readLimit / 2)}`;
}
