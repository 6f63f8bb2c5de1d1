import dagre from "@dagrejs/dagre";
import { boxLines } from "./box-lines.ts";
import type { Graph, GraphEdge, GraphGroup, GraphNode } from "./graph.ts";

/** A point of the picture, in pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle by its centre. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A graph with a place for everything. */
export interface PlacedGraph {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly (GraphNode & { readonly box: Box })[];
  readonly edges: readonly (GraphEdge & { readonly points: readonly Point[]; readonly labelAt?: Point })[];
  /** A frame before those inside it. */
  readonly groups: readonly (GraphGroup & { readonly box: Box })[];
}

/** Above this many nodes the exact ranking of dagre takes too long: 46 s for 1,000, where the near one takes 2. */
const exactUpTo = 150;

/** Pixels of a page: a picture wider than this is scrolled in two directions. */
const pageWidth = 1_400;

const margin = 24;

/** Places a graph: from top to bottom, or from left to right where it is so broad that it would not fit a page. */
export function placed(graph: Graph): PlacedGraph {
  const down = arranged(graph, "TB");
  if (down.width <= pageWidth || graph.groups.length > 0) return down;
  const across = arranged(graph, "LR");
  return across.width < down.width ? across : down;
}

function arranged(graph: Graph, rankdir: "TB" | "LR"): PlacedGraph {
  const plan = new dagre.graphlib.Graph({ compound: true, multigraph: true });
  const ranker = graph.nodes.length > exactUpTo ? "tight-tree" : "network-simplex";
  plan.setGraph({ rankdir, ranker, nodesep: 28, ranksep: 40, edgesep: 14, marginx: margin, marginy: margin });
  for (const { id } of graph.groups) plan.setNode(id, {});
  for (const node of graph.nodes) plan.setNode(node.id, sizeOf(node, rankdir));
  for (const { id, parent } of graph.groups) if (parent !== undefined) plan.setParent(id, parent);
  for (const { id, group } of graph.nodes) if (group !== undefined) plan.setParent(id, group);
  for (const [index, { from, to, label }] of graph.edges.entries()) {
    const size = label === undefined ? {} : { width: label.length * 6.2 + 8, height: 16, labelpos: "c" as const };
    plan.setEdge(from, to, size, String(index));
  }
  dagre.layout(plan);
  const box = (id: string): Box => {
    const { x = 0, y = 0, width = 0, height = 0 } = plan.node(id) as Partial<Box>;
    return { x, y, width, height };
  };
  const { width = 0, height = 0 } = plan.graph() as { readonly width?: number; readonly height?: number };
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    nodes: graph.nodes.map((node) => ({ ...node, box: box(node.id) })),
    edges: graph.edges.map((edge, index) => {
      const { points, x, y } = plan.edge(edge.from, edge.to, String(index)) as Partial<Point> & {
        readonly points: readonly Point[];
      };
      return { ...edge, points, ...(x === undefined || y === undefined ? {} : { labelAt: { x, y } }) };
    }),
    groups: graph.groups.map((group) => ({ ...group, box: box(group.id) })),
  };
}

function sizeOf(node: GraphNode, rankdir: "TB" | "LR"): { readonly width: number; readonly height: number } {
  switch (node.shape) {
    case "start":
    case "end":
      return { width: 20, height: 20 };
    case "fork":
      return rankdir === "TB" ? { width: 60, height: 6 } : { width: 6, height: 60 };
    case "box": {
      const lines = boxLines(node);
      const width = Math.max(96, ...lines.map((line) => line.width)) + 28;
      return { width, height: 20 + lines.reduce((sum, { height }) => sum + height, 0) };
    }
  }
}
