import type { CheckedDefinition } from "../checked.ts";
import { definitionGraph } from "./definition-graph.ts";
import { drawnMachine } from "./drawn-machine.ts";
import type { Graph } from "./graph.ts";
import { machineGraph } from "./machine-graph.ts";
import { mermaidText } from "./mermaid.ts";
import { svgText } from "./svg.ts";
import { xstateConfig } from "./xstate-config.ts";

/** A form in which a workflow is drawn. */
export interface GraphFormat {
  readonly summary: string;
  readonly mediaType: string;
  /** Endings of files that are of this form, the usual one first. */
  readonly endings: readonly string[];
  /** @param isChart the statechart with all its states, in place of the steps */
  draw(definition: CheckedDefinition, isChart: boolean): string;
}

/** What is drawn of a workflow: its steps, or its statechart. */
export function graphOf(definition: CheckedDefinition, isChart: boolean): Graph {
  return isChart || definition.machine ? machineGraph(drawnMachine(definition)) : definitionGraph(definition);
}

/** Every form, by its name. */
export const graphFormats = {
  mermaid: {
    summary: "text of a Mermaid flowchart",
    mediaType: "text/vnd.mermaid; charset=utf-8",
    endings: [".mmd", ".mermaid"],
    draw: (definition, isChart) => mermaidText(graphOf(definition, isChart)),
  },
  svg: {
    summary: "a picture",
    mediaType: "image/svg+xml",
    endings: [".svg"],
    draw: (definition, isChart) => svgText(graphOf(definition, isChart)),
  },
  xstate: {
    summary: "the machine's config as JSON; opens in Stately's editor",
    mediaType: "application/json; charset=utf-8",
    endings: [".json"],
    draw: (definition) => `${JSON.stringify(xstateConfig(drawnMachine(definition)), null, 2)}\n`,
  },
} as const satisfies Readonly<Record<string, GraphFormat>>;

/** Name of a form. */
export type GraphFormatName = keyof typeof graphFormats;

/** Names of the forms; the first one is the default. */
export const graphFormatNames = Object.keys(graphFormats) as readonly GraphFormatName[];
