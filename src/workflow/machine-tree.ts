import type { AnyActorLogic, AnyStateMachine } from "xstate";

/** What a promise actor of the author's own does: the function that `fromPromise` was given. */
export type OwnCode = (given: Readonly<Record<string, unknown>>) => unknown;

/** What a machine may start under a name. */
export type MachineActor<Policy = unknown> =
  | { readonly type: "step"; readonly kind: string }
  /** A promise actor of the author's own: a worker calls the function. */
  | { readonly type: "code"; readonly run: OwnCode }
  | { readonly type: "machine"; readonly tree: MachineTree<Policy> }
  /** A transition function: it has no effects, so it is kept like a machine. */
  | { readonly type: "reducer"; readonly logic: AnyActorLogic }
  /** What cannot be durable; starting it fails. */
  | { readonly type: "refused"; readonly reason: string };

/** One invocation of a machine. */
export interface Invoked<Policy = unknown> {
  /** Name of the actor. */
  readonly src: string;
  /** What the state says under `meta.step`. */
  readonly policy: Policy;
}

/** A machine with all that it may start. */
export interface MachineTree<Policy = unknown> {
  readonly machine: AnyStateMachine;
  /** By name. */
  readonly actors: ReadonlyMap<string, MachineActor<Policy>>;
  /** By id. */
  readonly invoked: ReadonlyMap<string, Invoked<Policy>>;
}

/** A step of a machine or of one of its child machines. */
export interface MachineStepPlace<Policy = unknown> {
  readonly actor: Extract<MachineActor, { readonly type: "step" | "code" }>;
  /** Absent: no state says one. */
  readonly policy: Policy | undefined;
}

/** What an actor is called within the run. Invoked: its id. Spawned: its name with the id in brackets, unless they are the same word. */
export function actorWord({ invoked }: MachineTree, id: string, src: string): string {
  return invoked.has(id) || id === src ? id : `${src}[${id}]`;
}

/** The name of an actor within the run: the words on the way to it with dots between. @param parent of the machine that starts it; the run's own: "" */
export function actorPath(parent: string, word: string): string {
  return parent === "" ? word : `${parent}.${word}`;
}

/** Finds a step by its name, also one of a child machine that is spawned under an id that only the run knows. */
export function stepAt<Policy>(tree: MachineTree<Policy>, path: string): MachineStepPlace<Policy> | undefined {
  for (const [id, { src, policy }] of tree.invoked) {
    const found = below(tree.actors.get(src), policy, path, id);
    if (found) return found;
  }
  for (const [name, actor] of tree.actors) {
    const word = path.startsWith(`${name}[`) ? path.slice(0, path.indexOf("]", name.length) + 1) : name;
    const found = word === "" ? undefined : below(actor, undefined, path, word);
    if (found) return found;
  }
  return undefined;
}

function below<Policy>(
  actor: MachineActor<Policy> | undefined,
  policy: Policy | undefined,
  path: string,
  word: string,
): MachineStepPlace<Policy> | undefined {
  if (actor?.type === "machine")
    return path.startsWith(`${word}.`) ? stepAt(actor.tree, path.slice(word.length + 1)) : undefined;
  return path === word && (actor?.type === "step" || actor?.type === "code") ? { actor, policy } : undefined;
}

/** The names of those steps that are known before a run: what is invoked, in the machine and in the machines that it invokes. */
export function invokedSteps({ invoked, actors }: MachineTree, parent = ""): readonly string[] {
  return [...invoked].flatMap(([id, { src }]) => {
    const actor = actors.get(src);
    const path = actorPath(parent, id);
    if (actor?.type === "machine") return invokedSteps(actor.tree, path);
    return actor?.type === "step" || actor?.type === "code" ? [path] : [];
  });
}
