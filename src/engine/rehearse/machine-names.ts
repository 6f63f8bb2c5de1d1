import { didYouMean } from "../../core/suggest.ts";
import type { CompiledWorkflow } from "../../workflow/compiled.ts";
import { actorPath, invokedSteps, type MachineTree } from "../../workflow/machine-tree.ts";
import { chartOf } from "../../workflow/paths/own-chart.ts";

/** What a test may name of an XState machine. */
export class MachineNames {
  readonly #workflow: CompiledWorkflow;
  readonly #tree: MachineTree;

  constructor(workflow: CompiledWorkflow, tree: MachineTree) {
    this.#workflow = workflow;
    this.#tree = tree;
  }

  /** Steps by their names in the run: those that are invoked; those of what is only spawned, with `ID` in the place of its id. */
  get steps(): readonly string[] {
    return [...new Set([...invokedSteps(this.#tree), ...spawned(this.#tree, "").steps])];
  }

  /** Child machines, in the same way. */
  get machines(): readonly string[] {
    return [...new Set([...invokedMachines(this.#tree, ""), ...spawned(this.#tree, "").machines])];
  }

  /** Events that the run's machine takes; `*`: any. */
  get events(): readonly string[] {
    return (this.#tree.machine.events as readonly string[]).filter(
      (event) => event !== "" && !event.startsWith("xstate."),
    );
  }

  hasStep(id: string): boolean {
    return this.#workflow.steps.get(id) !== undefined;
  }

  /** What is wrong with the name of a signal; undefined: nothing. */
  eventMistake(name: string): string | undefined {
    const events: readonly string[] = this.events;
    if (name.startsWith("xstate.")) return `"${name}" is an event that only XState itself sends.`;
    if (events.some((event) => event === name || matches(event, name))) return undefined;
    const known = events.length === 0 ? "It takes none." : `It takes ${events.join(", ")}.`;
    return `the machine takes no event "${name}".${didYouMean(name, events)} ${known}`;
  }

  /** What is wrong with the name of a state, one inside others as `outer.inner`; undefined: nothing. @param machine of which child machine; the run's own: "" */
  stateMistake(state: string, machine = ""): string | undefined {
    const tree = machine === "" ? this.#tree : machineAt(this.#tree, machine);
    const states: readonly string[] = tree ? chartOf(tree.machine).states : [];
    if (!tree || states.includes(state)) return undefined;
    const inner = states.filter((one) => one.endsWith(`.${state}`));
    const meant = inner.length > 0 ? ` Did you mean ${inner.join(" or ")}?` : didYouMean(state, states);
    return `the machine has no state "${state}".${meant} Its states: ${states.join(", ")}.`;
  }

  /** What is wrong with a state that a list of states gone through names; undefined: nothing. */
  leafMistake(state: string, machine = ""): string | undefined {
    const mistake = this.stateMistake(state, machine);
    const tree = machine === "" ? this.#tree : machineAt(this.#tree, machine);
    if (mistake !== undefined || !tree) return mistake;
    const inner = chartOf(tree.machine).states.filter((one) => one.startsWith(`${state}.`));
    return inner.length === 0 ? undefined : `state "${state}" has states inside; name these: ${inner.join(", ")}.`;
  }

  /** What is wrong with the name of a child machine; undefined: nothing. */
  machineMistake(path: string): string | undefined {
    if (machineAt(this.#tree, path)) return undefined;
    const { machines } = this;
    const known = machines.length === 0 ? "It has none." : `It has ${machines.join(", ")}.`;
    return `the machine has no child machine "${path}".${didYouMean(path, machines)} ${known}`;
  }
}

/** A partial wildcard matches what begins like it: `order.*` takes `order.paid`. */
function matches(descriptor: string, name: string): boolean {
  if (descriptor === "*") return true;
  return descriptor.endsWith(".*") && `${name}.`.startsWith(descriptor.slice(0, -1));
}

/** Finds a child machine by its name in the run, also one that is spawned under an id that only the run knows. */
function machineAt(tree: MachineTree, path: string): MachineTree | undefined {
  for (const [id, { src }] of tree.invoked) {
    const found = below(tree, src, path, id);
    if (found) return found;
  }
  for (const name of tree.actors.keys()) {
    const word = path.startsWith(`${name}[`) ? path.slice(0, path.indexOf("]", name.length) + 1) : name;
    const found = word === "" ? undefined : below(tree, name, path, word);
    if (found) return found;
  }
  return undefined;
}

function below(tree: MachineTree, src: string, path: string, word: string): MachineTree | undefined {
  const actor = tree.actors.get(src);
  if (actor?.type !== "machine") return undefined;
  if (path === word) return actor.tree;
  return path.startsWith(`${word}.`) ? machineAt(actor.tree, path.slice(word.length + 1)) : undefined;
}

function invokedMachines({ invoked, actors }: MachineTree, parent: string): readonly string[] {
  return [...invoked].flatMap(([id, { src }]) => {
    const actor = actors.get(src);
    const path = actorPath(parent, id);
    return actor?.type === "machine" ? [path, ...invokedMachines(actor.tree, path)] : [];
  });
}

/** What a machine may start by name besides what it invokes, as its names in the run. */
function spawned({ actors, invoked }: MachineTree, parent: string): { steps: string[]; machines: string[] } {
  const found: { steps: string[]; machines: string[] } = { steps: [], machines: [] };
  const sources = new Set([...invoked.values()].map(({ src }) => src));
  for (const [name, actor] of actors) {
    const path = actorPath(parent, `${name}[ID]`);
    // Any machine may spawn a step kind; only actors of its own are likely.
    if (sources.has(name) || (actor.type !== "machine" && actor.type !== "code")) continue;
    if (actor.type === "code") found.steps.push(path);
    else {
      found.machines.push(path);
      found.steps.push(...invokedSteps(actor.tree, path));
    }
  }
  return found;
}
