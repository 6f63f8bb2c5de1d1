import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, Scalar } from "yaml";
import type { Path } from "./path.ts";

/** A position in a text, both 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Says where in the text something stands. What is not there is found at the nearest thing around it. */
export interface Locator {
  /** @param part `key`: where the member's name stands; `value`: where its value begins. */
  at(path: Path, part: "key" | "value"): Position | undefined;
  /**
   * Where a place inside a string stands in the file. Exact for block scalars (`|`) and for strings written on one line without
   * escapes; else where the string begins.
   * @param within row and column in the string itself, 1-based.
   */
  inside(path: Path, within: Position): Position | undefined;
  /** What the author's file calls a place, where that is another. Default: the same. */
  named?(path: Path): Path;
}

/** For definitions that came as objects: nothing has a position. */
export const nowhere: Locator = { at: () => undefined, inside: () => undefined };

/** Positions of a parsed YAML or JSON document. */
export function locatorOf(document: Document, text: string, lines: LineCounter): Locator {
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  return {
    at(path, part) {
      const offset = offsetOf(document, path, part);
      return offset === undefined ? undefined : position(offset);
    },
    inside(path, within) {
      const node = nodeAt(document, path);
      if (!isScalar(node) || !node.range || typeof node.value !== "string") return this.at(path, "value");
      const start = node.range[0];
      if (node.type === Scalar.BLOCK_LITERAL)
        return inBlock(node.value, text, position(start), within) ?? position(start);
      const quote = node.type === Scalar.PLAIN ? 0 : 1;
      const verbatim = text.startsWith(node.value, start + quote) && !node.value.includes("\n");
      return position(verbatim ? start + quote + within.column - 1 : start);
    },
  };
}

/** A block scalar's lines are the file's lines below its `|`, without their indent. */
function inBlock(value: string, text: string, header: Position, within: Position): Position | undefined {
  const line = header.line + within.line;
  const inFile = text.split("\n", line)[line - 1]?.replace(/\r$/, "");
  const inValue = value.split("\n", within.line)[within.line - 1];
  if (inFile === undefined || inValue === undefined || !inFile.endsWith(inValue)) return undefined;
  return { line, column: inFile.length - inValue.length + within.column };
}

function offsetOf(document: Document, path: Path, part: "key" | "value"): number | undefined {
  const key = path.at(-1);
  if (key === undefined) return nodeAt(document, path)?.range?.[0] ?? 0;
  const parent = nodeAt(document, path.slice(0, -1));
  const pair = isMap(parent) ? pairOf(parent.items, key) : undefined;
  const keyNode = isScalar(pair?.key) ? pair.key : undefined;
  const value = nodeAt(document, path);
  const found = part === "key" ? (keyNode ?? value) : (value ?? keyNode);
  return found?.range?.[0] ?? offsetOf(document, path.slice(0, -1), "key");
}

function nodeAt(document: Document, path: Path): Node | undefined {
  let here = resolved(document, document.contents);
  for (const key of path) {
    if (isMap(here)) here = resolved(document, pairOf(here.items, key)?.value);
    else if (isSeq(here)) here = resolved(document, here.items[Number(key)]);
    else return undefined;
  }
  return here;
}

/** The last pair of that key: with a duplicate key, its value is the one that counts. */
function pairOf(pairs: readonly Pair[], key: string | number): Pair | undefined {
  return pairs.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}

function resolved(document: Document, node: unknown): Node | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  return (target ?? undefined) as Node | undefined;
}
