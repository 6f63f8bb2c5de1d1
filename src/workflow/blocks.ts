import type { Dag } from "./dag.ts";

/**
 * A part of a graph that runs as one: a single step; branches that know nothing of each other, each a sequence of blocks; or a
 * mesh, whose steps wait for each other in a way that no sequences and branches can express.
 */
export type Block =
  | { readonly type: "step"; readonly id: string }
  | { readonly type: "branches"; readonly branches: readonly (readonly Block[])[] }
  | { readonly type: "mesh"; readonly ids: readonly string[] };

/**
 * Cuts a graph into blocks that run strictly one after the other: every step of a block has ended before any of the next one
 * starts. The blocks are as small as that allows, so a sequence of steps is a sequence of blocks of one.
 * @param ids the part of the graph to cut, in topological order; default: all of it
 */
export function blocksOf(dag: Dag, ids: readonly string[] = dag.order): readonly Block[] {
  return cut(dag, ids).map((part): Block => {
    const [only, ...others] = part;
    if (only !== undefined && others.length === 0) return { type: "step", id: only };
    const branches = separated(dag, part);
    if (branches.length === 1) return { type: "mesh", ids: part };
    return { type: "branches", branches: branches.map((branch) => blocksOf(dag, branch)) };
  });
}

/**
 * A cut lies after the first k steps of a topological order exactly where each source of the rest directly needs every sink of
 * those k: a missing edge between the two would let them run at the same time.
 */
function cut(dag: Dag, ids: readonly string[]): readonly (readonly string[])[] {
  const place = new Map(ids.map((id, index) => [id, index]));
  const needs = ids.map((id) => dag.needs(id).filter((need) => place.has(need)));
  const lastNeed = needs.map((own) => Math.max(-1, ...own.map((need) => place.get(need) ?? -1)));
  const sinks = new Set<string>();
  const parts: string[][] = [[]];
  for (const [index, id] of ids.entries()) {
    parts.at(-1)?.push(id);
    for (const need of needs[index] ?? []) sinks.delete(need);
    sinks.add(id);
    const isCut = lastNeed.every((last, other) => {
      const isSourceOfRest = other > index && last <= index;
      return !isSourceOfRest || holdsAll(needs[other] ?? [], sinks);
    });
    if (isCut && index < ids.length - 1) parts.push([]);
  }
  return parts;
}

function holdsAll(needs: readonly string[], sinks: ReadonlySet<string>): boolean {
  const own = new Set(needs);
  return own.size >= sinks.size && [...sinks].every((sink) => own.has(sink));
}

/** The parts between which there is no edge at all, each in the order given. */
function separated(dag: Dag, ids: readonly string[]): readonly (readonly string[])[] {
  const partOf = new Map<string, Set<string>>();
  for (const id of ids) {
    const joined = new Set([id]);
    for (const need of dag.needs(id)) for (const member of partOf.get(need) ?? []) joined.add(member);
    for (const member of joined) partOf.set(member, joined);
  }
  const parts = new Set(ids.flatMap((id) => partOf.get(id) ?? []));
  return [...parts].map((part) => ids.filter((id) => part.has(id)));
}
