import type { Graph, GraphEdge, GraphGroup, GraphNode } from "./graph.ts";

/** Characters of a condition that are shown; the rest is in the definition. */
const maxCondition = 80;

/** A graph as the text of a Mermaid flowchart: GitHub and many editors draw it where it stands in a ```mermaid fence. */
export function mermaidText(graph: Graph): string {
  const names = mermaidNames(graph);
  const lines = [
    "flowchart TB",
    ...inside(undefined, graph, names, "  "),
    ...graph.edges.map((edge) => `  ${edgeText(edge, names)}`),
    "  classDef conditional stroke-dasharray: 5 4",
    "  classDef fork fill:#888,stroke:#888",
  ];
  return `${lines.join("\n")}\n`;
}

type Names = ReadonlyMap<string, string>;

/** Ids as Mermaid takes them: its own words, hyphens and blanks stand in none, and no two are the same. */
function mermaidNames({ nodes, groups }: Graph): Names {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id, label } of [...nodes, ...groups]) {
    const base = `n_${(label || id).replace(/[^A-Za-z0-9]+/g, "_").replace(/_$/, "")}`;
    let name = base;
    for (let again = 2; taken.has(name); again++) name = `${base}_${again}`;
    taken.add(name);
    names.set(id, name);
  }
  return names;
}

function inside(group: string | undefined, graph: Graph, names: Names, indent: string): string[] {
  return [
    ...graph.nodes.filter((node) => node.group === group).map((node) => `${indent}${nodeText(node, names)}`),
    ...graph.groups.filter(({ parent }) => parent === group).flatMap((inner) => frame(inner, graph, names, indent)),
  ];
}

function frame({ id, label }: GraphGroup, graph: Graph, names: Names, indent: string): string[] {
  return [
    `${indent}subgraph ${names.get(id)}["${escaped(label)}"]`,
    ...inside(id, graph, names, `${indent}  `),
    `${indent}end`,
  ];
}

function nodeText({ id, shape, label, detail, condition }: GraphNode, names: Names): string {
  const name = names.get(id);
  switch (shape) {
    case "start":
      return `${name}((" "))`;
    case "end":
      return `${name}(((" ")))`;
    case "fork":
      return `${name}[" "]:::fork`;
    case "box": {
      const small = [detail, condition === undefined ? undefined : `when ${shortened(condition)}`];
      const lines = small.flatMap((text) => (text === undefined ? [] : [`<br/><small>${escaped(text)}</small>`]));
      return `${name}["${escaped(label)}${lines.join("")}"]${condition === undefined ? "" : ":::conditional"}`;
    }
  }
}

function edgeText({ from, to, label, isFailure, isUndo }: GraphEdge, names: Names): string {
  const arrow = isFailure || isUndo ? "-.->" : "-->";
  return `${names.get(from)} ${arrow}${label === undefined ? "" : `|"${escaped(label)}"|`} ${names.get(to)}`;
}

function shortened(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > maxCondition ? `${line.slice(0, maxCondition - 1)}…` : line;
}

/** Text between quotes: Mermaid reads HTML in it, its own entities (`#34;`), and Markdown after a backtick. */
function escaped(text: string): string {
  return text.replace(/["#&<>`]/g, (character) => `#${character.charCodeAt(0)};`);
}
