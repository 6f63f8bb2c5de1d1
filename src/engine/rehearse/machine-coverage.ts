import { actorPath, invokedSteps, type MachineTree } from "../../workflow/machine-tree.ts";
import { chartOf } from "../../workflow/paths/own-chart.ts";
import { ownPaths, pathGone } from "../../workflow/paths/own-paths.ts";
import { type Covered, covered } from "./covered.ts";
import type { MachineWay } from "./machine-trace.ts";
import type { RehearsedRun } from "./rehearsed-run.ts";

/** How much of an XState machine its tests go through. Of child machines states and transitions count, by the name of the machine. */
export interface MachineCoverage {
  readonly steps: Covered;
  readonly states: Covered;
  readonly transitions: Covered;
  /** Ways from the start to an end of the run's own machine that visit no state twice. Null: there are too many to walk, so none was. */
  readonly paths: (Covered & { readonly isFree: boolean }) | null;
}

/** What the runs of all tests went through, of what there is in the machine and in its child machines. Pure. */
export function machineCoverage(tree: MachineTree, runs: readonly RehearsedRun[]): MachineCoverage {
  const gone = runs.flatMap(({ machine }) => machine?.machines.map(([, way]) => way) ?? []);
  const machines = machinesIn(tree, "");
  const names = (isOf: (way: MachineWay, name: (text: string) => string) => readonly string[]) =>
    new Set(
      machines.flatMap(([name, one]) =>
        gone.flatMap((way) => (way.tree.machine === one.machine ? isOf(way, (text) => named(name, text)) : [])),
      ),
    );
  const states = machines.flatMap(([name, one]) => chartOf(one.machine).states.map((state) => named(name, state)));
  const ways = machines.flatMap(([name, one]) => chartOf(one.machine).ways.map(({ text }) => named(name, text)));
  const visited = names(({ visited: own }, name) => [...own].map(name));
  const taken = names(({ ways: own, tree: { machine } }, name) => {
    const keys = new Set(own);
    return chartOf(machine).ways.flatMap(({ key, text }) => (keys.has(key) ? [name(text)] : []));
  });
  const began = new Set(runs.flatMap((run) => [...run.began.keys()]));
  return {
    steps: covered([...new Set([...invokedSteps(tree), ...began])], began),
    states: covered(states, visited),
    transitions: covered([...new Set(ways)], taken),
    paths: pathCoverage(tree, gone),
  };
}

function pathCoverage(tree: MachineTree, gone: readonly MachineWay[]): MachineCoverage["paths"] {
  const { isComplete, paths, isFree } = ownPaths(tree.machine);
  if (!isComplete) return null;
  const walked = new Set(
    gone.flatMap((way) => (way.tree.machine === tree.machine ? [pathGone(tree.machine, way.ways).key] : [])),
  );
  const missing = paths.filter(({ key }) => !walked.has(key)).map(({ text }) => text);
  return { total: paths.length, covered: paths.length - missing.length, missing, isFree };
}

/** The machine itself ("") and its child machines, each once. */
function machinesIn(tree: MachineTree, name: string): readonly (readonly [name: string, tree: MachineTree])[] {
  const inner = [...tree.actors].flatMap(([child, actor]) =>
    actor.type === "machine" ? machinesIn(actor.tree, actorPath(name, child)) : [],
  );
  return [[name, tree], ...inner];
}

function named(machine: string, text: string): string {
  return machine === "" ? text : `${machine}/${text}`;
}
