/** A step and the steps that must have ended before it starts. */
export interface DagNode {
  readonly id: string;
  readonly needs: readonly string[];
}

/** Which steps run before which. Made of nodes whose needs all exist. */
export interface Dag {
  /** Every step after all that it needs; else in the definition's order. Steps of a cycle are left out. */
  readonly order: readonly string[];
  /** Direct needs of a step. */
  needs(id: string): readonly string[];
  /** Whether `before` has always ended when `id` starts. */
  runsBefore(before: string, id: string): boolean;
  /** Steps that no other step needs, in the definition's order. */
  readonly leaves: readonly string[];
}

/** Builds the graph. Cycles are allowed here and named by {@link findCycles}. */
export function dagOf(nodes: readonly DagNode[]): Dag {
  const needs = new Map(nodes.map((node) => [node.id, node.needs]));
  const needed = new Set(nodes.flatMap((node) => node.needs));
  const ancestors = new Map<string, ReadonlySet<string>>();
  const ancestorsOf = (id: string): ReadonlySet<string> => {
    const known = ancestors.get(id) ?? reachable(needs, id);
    ancestors.set(id, known);
    return known;
  };
  return {
    order: topological(nodes),
    needs: (id) => needs.get(id) ?? [],
    runsBefore: (before, id) => ancestorsOf(id).has(before),
    leaves: nodes.map((node) => node.id).filter((id) => !needed.has(id)),
  };
}

/** Each cycle once, as the path that returns to its start: `["a", "b", "a"]`. */
export function findCycles(nodes: readonly DagNode[]): readonly (readonly string[])[] {
  const needs = new Map(nodes.map((node) => [node.id, node.needs]));
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (id: string): void => {
    if (finished.has(id)) return;
    const start = trail.indexOf(id);
    if (start >= 0) {
      cycles.push([...trail.slice(start), id]);
      return;
    }
    trail.push(id);
    for (const need of needs.get(id) ?? []) visit(need);
    trail.pop();
    finished.add(id);
  };
  for (const node of nodes) visit(node.id);
  return cycles;
}

function reachable(needs: ReadonlyMap<string, readonly string[]>, from: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...(needs.get(from) ?? [])];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(needs.get(id) ?? []));
  }
  return seen;
}

function topological(nodes: readonly DagNode[]): readonly string[] {
  const followers = new Map<string, string[]>(nodes.map((node) => [node.id, []]));
  const missing = new Map<string, number>();
  for (const node of nodes) {
    const distinct = new Set(node.needs);
    missing.set(node.id, distinct.size);
    for (const need of distinct) followers.get(need)?.push(node.id);
  }
  const order = nodes.filter((node) => missing.get(node.id) === 0).map((node) => node.id);
  for (let next = 0; next < order.length; next++) {
    for (const follower of followers.get(order[next] ?? "") ?? []) {
      const left = (missing.get(follower) ?? 0) - 1;
      missing.set(follower, left);
      if (left === 0) order.push(follower);
    }
  }
  return order;
}
