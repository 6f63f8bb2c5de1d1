import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from "xstate";
import type { Json } from "../core/json.ts";
import type { MachineStep } from "./drive.ts";

/** What a memory holds at most: transitions, and of a snapshot that goes into it the states it is in at once, and characters of its JSON. */
const limits = { transitions: 500, nodes: 32, characters: 4_000 } as const;

/** A snapshot that any number of runs share. */
interface SharedSnapshot {
  readonly steps: Map<string, MachineStep>;
  persisted?: Json;
}

/**
 * What the machine of a definition did before. The run of a workflow goes where those before it went: a machine is pure, so from one snapshot one event leads to one
 * other snapshot, whichever run it is in. Snapshots that are the same are one object here, and so are those that follow from it. When it is full it begins anew.
 */
export class TransitionMemory {
  readonly #unread: ReadonlySet<string>;
  #byText = new Map<string, AnyMachineSnapshot>();
  #shared = new WeakMap<AnyMachineSnapshot, SharedSnapshot>();
  #size = 0;

  constructor(machine: AnyStateMachine) {
    this.#unread = unreadEvents(machine);
  }

  /** The one snapshot of that content. */
  restored(persisted: Json, restore: () => AnyMachineSnapshot): AnyMachineSnapshot {
    const text = JSON.stringify(persisted);
    const known = this.#byText.get(text);
    if (known) return known;
    const snapshot = restore();
    if (text.length > limits.characters || !isSmall(snapshot)) return snapshot;
    this.#grow();
    this.#byText.set(text, snapshot);
    this.#share(snapshot).persisted = persisted;
    return snapshot;
  }

  /** Undefined: it has to be made. */
  persisted(snapshot: AnyMachineSnapshot): Json | undefined {
    return this.#shared.get(snapshot)?.persisted;
  }

  keepPersisted(snapshot: AnyMachineSnapshot, persisted: Json): void {
    const shared = this.#shared.get(snapshot);
    if (shared) shared.persisted = persisted;
  }

  /** Undefined: it has to be made. */
  step(snapshot: AnyMachineSnapshot, event: string): MachineStep | undefined {
    return this.#shared.get(snapshot)?.steps.get(event);
  }

  /** Keeps a transition, if it is the same for every event of that type. */
  keepStep(snapshot: AnyMachineSnapshot, event: string, step: MachineStep): void {
    const shared = this.#shared.get(snapshot);
    if (!shared || !this.#unread.has(event) || !isSmall(step.snapshot)) return;
    this.#grow();
    shared.steps.set(event, step);
    this.#share(step.snapshot);
  }

  #share(snapshot: AnyMachineSnapshot): SharedSnapshot {
    const known = this.#shared.get(snapshot) ?? { steps: new Map() };
    this.#shared.set(snapshot, known);
    return known;
  }

  #grow(): void {
    if (this.#size === limits.transitions) {
      this.#byText = new Map();
      this.#shared = new WeakMap();
      this.#size = 0;
    }
    this.#size += 1;
  }
}

/**
 * The ends of steps of which nothing is read but that they have come: what follows them everywhere in the machine has neither actions nor a guard.
 * (Entry actions and transitions without event read the context alone: workflow/machine.ts.)
 */
function unreadEvents(machine: AnyStateMachine): ReadonlySet<string> {
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
