import type { Asked } from "../asked.ts";
import { splitPrompt } from "./instruction.ts";
import { type Passage, readPassages } from "./passage.ts";
import type { Proposal } from "./proposal.ts";

/** A request, read: what is wanted, and what there is to make it from. */
export interface Material {
  /** The imperative part of the prompt, then the system prompt. */
  readonly instruction: string;
  /** The part to work on; empty if the prompt brings none. */
  readonly text: string;
  /** Its sentences and log lines, in order. */
  readonly passages: readonly Passage[];
  /** What the material is about, where the instruction or its title names it: `the incident in checkout-api`. */
  readonly subject?: string;
  /** Set for an item of a list of things to do: what it says. */
  readonly proposal?: Proposal;
}

/** Characters that are read of a long prompt: its beginning and its end, where people put what matters. */
const readLimit = 24_000;

/** Separates the wish from the stuff. A prompt that is all wish works on what was said before it. */
export function readMaterial({ system, prompt, earlier }: Pick<Asked, "system" | "prompt" | "earlier">): Material {
  const [own, context = ""] = shorten(prompt).split(/^.*\bfor context only:/im, 2);
  const { instruction, stuff } = splitPrompt(own ?? "");
  const goal = context.trim() === "" ? "" : `The goal is: ${context.trim()}`;
  const material = [stuff, goal, shorten(earlier)].find((text) => text !== "");
  return toMaterial(`${instruction}\n${system}`.trim(), material ?? "");
}

/** Material of a part of a text, for the items of a list. */
export function toMaterial(instruction: string, stuff: string): Material {
  const text = stuff.replace(/\[simulated [^\]\n]+\][ \t]*/g, "\n").trim();
  const subject = subjectOf(instruction, text);
  return { instruction, text, passages: readPassages(text), ...(subject === undefined ? {} : { subject }) };
}

function subjectOf(instruction: string, text: string): string | undefined {
  const asked =
    /\b(?:incident|outage|failure|problem|trouble|disruption) (?:in|of|on|at|with) (?!severity\b|the\b|a\b|this\b|our\b)([\w./-]*\w(?: [a-z][\w-]*){0,2}?)(?=[,.:;?!\n]|$)/i.exec(
      instruction,
    )?.[1];
  return asked ?? /^(?:#+ )?(?:Incident )?Report: ([\w./ -]{2,60}?)(?:,|$)/m.exec(text)?.[1];
}

function shorten(text: string): string {
  if (text.length <= readLimit) return text;
  return `${text.slice(0, readLimit / 2)}\n${text.slice(-readLimit / 2)}`;
}
