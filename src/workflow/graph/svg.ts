import { curveBasis, line } from "d3-shape";
import { boxLines } from "./box-lines.ts";
import type { Graph } from "./graph.ts";
import { type PlacedGraph, type Point, placed } from "./placement.ts";

/** A graph as a picture that stands for itself: no script, no font, nothing to load; dark where the reader's screen is. */
export function svgText(graph: Graph): string {
  const picture = placed(graph);
  const { width, height } = picture;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(graph.name)}</title>`,
    ...(graph.description === undefined ? [] : [`<desc>${escaped(graph.description)}</desc>`]),
    style,
    arrowHead,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...picture.groups.map(frame),
    ...picture.edges.map(arrow),
    ...picture.nodes.map(shape),
    ...picture.edges.flatMap(arrowLabel),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

const style = `<style>
svg { --page: #ffffff; --box: #f6f8fa; --line: #57606a; --frame: #d0d7de; --text: #1f2328; --soft: #57606a; --fail: #cf222e;
  font: 13px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --page: #0d1117; --box: #161b22; --line: #8b949e; --frame: #30363d; --text: #e6edf3; --soft: #9198a1; --fail: #f85149; }
}
.page { fill: var(--page); }
.frame { fill: none; stroke: var(--frame); }
.parallel { stroke-dasharray: 6 4; }
.box { fill: var(--box); stroke: var(--line); }
.conditional { stroke-dasharray: 5 4; }
.dot { fill: var(--text); }
.ring { fill: none; stroke: var(--text); stroke-width: 1.5; }
.edge { fill: none; stroke: var(--line); stroke-width: 1.3; }
.failure { stroke: var(--fail); stroke-dasharray: 4 3; }
.undo { stroke-dasharray: 2 4; }
.head { fill: var(--line); }
text { fill: var(--text); text-anchor: middle; }
.label { font-weight: 600; }
.detail, .name { fill: var(--soft); font-size: 11px; }
.condition { fill: var(--soft); font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.word { fill: var(--soft); font-size: 10px; stroke: var(--page); stroke-width: 3px; paint-order: stroke; }
.name { text-anchor: start; }
</style>`;

const arrowHead = `<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 10 5 0 10z"/></marker></defs>`;

function frame({ label, isParallel, box }: PlacedGraph["groups"][number]): string {
  const left = round(box.x - box.width / 2);
  const top = round(box.y - box.height / 2);
  const size = `width="${round(box.width)}" height="${round(box.height)}"`;
  return (
    `<rect class="frame${isParallel ? " parallel" : ""}" x="${left}" y="${top}" ${size} rx="8"/>` +
    `<text class="name" x="${left + 8}" y="${top + 15}">${escaped(label)}</text>`
  );
}

const curve = line<Point>(
  ({ x }) => x,
  ({ y }) => y,
)
  .curve(curveBasis)
  .digits(1);

function arrow({ points, isFailure, isUndo }: PlacedGraph["edges"][number]): string {
  return `<path class="edge${isFailure ? " failure" : isUndo ? " undo" : ""}" marker-end="url(#head)" d="${curve(points) ?? ""}"/>`;
}

function arrowLabel({ label, labelAt }: PlacedGraph["edges"][number]): readonly string[] {
  if (label === undefined || labelAt === undefined) return [];
  return [`<text class="word" x="${round(labelAt.x)}" y="${round(labelAt.y + 3)}">${escaped(label)}</text>`];
}

function shape(node: PlacedGraph["nodes"][number]): string {
  const { x, y, width, height } = node.box;
  const place = `x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${round(width)}" height="${round(height)}"`;
  const centre = `cx="${round(x)}" cy="${round(y)}"`;
  switch (node.shape) {
    case "start":
      return `<circle class="dot" ${centre} r="7"/>`;
    case "end":
      return `<circle class="ring" ${centre} r="9"/><circle class="dot" ${centre} r="5"/>`;
    case "fork":
      return `<rect class="dot" ${place} rx="3"/>`;
    case "box": {
      const whole = [node.label, node.detail, node.condition && `when ${node.condition}`].filter(Boolean).join("\n");
      const kind = node.condition === undefined ? "box" : "box conditional";
      return `<g><title>${escaped(whole)}</title><rect class="${kind}" ${place} rx="7"/>${words(node)}</g>`;
    }
  }
}

function words(node: PlacedGraph["nodes"][number]): string {
  let bottom = node.box.y - node.box.height / 2 + 10;
  return boxLines(node)
    .map(({ text, role, height }) => {
      bottom += height;
      return `<text class="${role}" x="${round(node.box.x)}" y="${round(bottom - 4)}">${escaped(text)}</text>`;
    })
    .join("");
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Without the control characters that no XML may hold. */
function escaped(text: string): string {
  return text.replace(/[^\P{Cc}\t\n\r]/gu, "").replace(/[&<>"]/g, (character) => entities[character] ?? "");
}
