import type { Dag } from "./dag.ts";

/**
 * Cuts a graph into blocks that run strictly one after the other: every step of a block has ended before any of the next one
 * starts. The blocks are as small as that allows, so a sequence of steps is a sequence of blocks of one.
 *
 * A cut lies after the first k steps of a topological order exactly where each source of the rest directly needs every sink
 * of those k; a missing edge between the two would let them run at the same time.
 */
export function blocksOf(dag: Dag): readonly (readonly string[])[] {
  const blocks: string[][] = [];
  let block: string[] = [];
  const ends = cuts(dag);
  for (const [index, id] of dag.order.entries()) {
    block.push(id);
    if (!ends.has(index)) continue;
    blocks.push(block);
    block = [];
  }
  return blocks;
}

/** Indexes in the order after which a block ends. */
function cuts(dag: Dag): ReadonlySet<number> {
  const place = new Map(dag.order.map((id, index) => [id, index]));
  const lastNeed = dag.order.map((id) => Math.max(-1, ...dag.needs(id).map((need) => place.get(need) ?? -1)));
  const ends = new Set<number>();
  const sinks = new Set<string>();
  for (const [index, id] of dag.order.entries()) {
    for (const need of dag.needs(id)) sinks.delete(need);
    sinks.add(id);
    const sources = dag.order.slice(index + 1).filter((_, offset) => (lastNeed[index + 1 + offset] ?? -1) <= index);
    if (sources.every((source) => [...sinks].every((sink) => dag.needs(source).includes(sink)))) ends.add(index);
  }
  return ends;
}
