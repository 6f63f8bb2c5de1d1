import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from "xstate";
import type { Json } from "../core/json.ts";
import type { MachineStep } from "./machine-step.ts";

/** What a memory holds at most: snapshots, and of one that it takes the states that it is in at once, and characters of its JSON. */
const limits = { snapshots: 300, nodes: 32, characters: 4_000 } as const;

/** A snapshot that any number of runs share. */
interface SharedSnapshot {
  readonly persisted: Json;
  /** By type of the event. */
  readonly steps: Map<string, MachineStep>;
}

/**
 * What the machine of a definition did before. The run of a workflow goes where those before it went: a machine is pure, so from one snapshot one event leads to one
 * other snapshot, whichever run it is in. Of each content there is one snapshot here. When it is full it begins anew, or remembers nothing any more where that has not
 * paid: runs may differ in what they keep for conditions, and steps side by side may end in any order.
 */
export class TransitionMemory {
  readonly #unread: ReadonlySet<string>;
  readonly #persist: (snapshot: AnyMachineSnapshot) => Json;
  #byText = new Map<string, AnyMachineSnapshot>();
  #shared = new WeakMap<AnyMachineSnapshot, SharedSnapshot>();
  /** How often something was known since it began. */
  #hits = 0;
  #pays = true;

  constructor(machine: AnyStateMachine, persist: (snapshot: AnyMachineSnapshot) => Json) {
    this.#unread = unreadEvents(machine);
    this.#persist = persist;
  }

  /** The snapshot that a persisted one is. @param restore makes it, where it is not known */
  restored(persisted: Json, restore: () => AnyMachineSnapshot): AnyMachineSnapshot {
    if (!this.#pays) return restore();
    const known = this.#known(JSON.stringify(persisted));
    if (known) return known;
    const snapshot = restore();
    return this.#share(snapshot, persisted) ?? snapshot;
  }

  /** Undefined: it has to be made. */
  persisted(snapshot: AnyMachineSnapshot): Json | undefined {
    return this.#shared.get(snapshot)?.persisted;
  }

  /** Undefined: it has to be made. */
  step(snapshot: AnyMachineSnapshot, event: string): MachineStep | undefined {
    const step = this.#shared.get(snapshot)?.steps.get(event);
    if (step) this.#hits += 1;
    return step;
  }

  /** Keeps a transition, if it is the same for every event of that type. @returns it, to a shared snapshot if there is one */
  keepStep(snapshot: AnyMachineSnapshot, event: string, step: MachineStep): MachineStep {
    const from = this.#shared.get(snapshot);
    if (!from || !this.#unread.has(event) || !isSmall(step.snapshot)) return step;
    const to = this.#share(step.snapshot, this.#persist(step.snapshot));
    if (!to) return step;
    const kept = { ...step, snapshot: to };
    from.steps.set(event, kept);
    return kept;
  }

  /** The one snapshot of that content; undefined: it is too large. */
  #share(snapshot: AnyMachineSnapshot, persisted: Json): AnyMachineSnapshot | undefined {
    const text = JSON.stringify(persisted);
    if (text.length > limits.characters || !isSmall(snapshot)) return undefined;
    const known = this.#known(text);
    if (known) return known;
    if (this.#byText.size === limits.snapshots) this.#beginAnew();
    if (!this.#pays) return undefined;
    this.#byText.set(text, snapshot);
    this.#shared.set(snapshot, { persisted, steps: new Map() });
    return snapshot;
  }

  #known(text: string): AnyMachineSnapshot | undefined {
    const known = this.#byText.get(text);
    if (known) this.#hits += 1;
    return known;
  }

  #beginAnew(): void {
    this.#pays = this.#hits >= limits.snapshots;
    this.#byText = new Map();
    this.#shared = new WeakMap();
    this.#hits = 0;
  }
}

/** The ends of steps of which nothing is read but that they have come: what follows them, wherever it is in the machine, has neither actions nor a guard. */
export function unreadEvents(machine: AnyStateMachine): ReadonlySet<string> {
  const ends = [...nodesOf(machine.root)]
    .flatMap(({ transitions }) => [...transitions])
    .filter(([event]) => event.startsWith("xstate.done.actor."));
  const read = ends.filter(([, ways]) => ways.some(({ actions, guard }) => actions.length > 0 || guard));
  const events = new Set(ends.map(([event]) => event));
  for (const [event] of read) events.delete(event);
  return events;
}

function* nodesOf(node: AnyStateNode): Generator<AnyStateNode> {
  yield node;
  for (const child of Object.values(node.states)) yield* nodesOf(child as AnyStateNode);
}

function isSmall({ _nodes }: AnyMachineSnapshot): boolean {
  return _nodes.length <= limits.nodes;
}
