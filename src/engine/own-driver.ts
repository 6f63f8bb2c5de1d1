import { type AnyActor, type AnyActorRef, type AnyMachineSnapshot, createActor, type InspectionEvent } from "xstate";
import { AppError } from "../core/errors.ts";
import type { MachineTree } from "../workflow/machine-tree.ts";
import { asJson, type Driver, type MachineEvent } from "./drive.ts";
import type { MachineStep } from "./machine-step.ts";
import { ownLogic } from "./own-logic.ts";
import { type MachineWatcher, OwnSession } from "./own-session.ts";

/** A run's machine that is alive for the decision at hand. */
interface Alive {
  readonly actor: AnyActor;
  readonly session: OwnSession;
}

/**
 * Steps an author's own machine together with its child machines: XState's own actors, in which every step is a stand-in and nothing touches a clock or a process. So what
 * machines say to each other, and in which order, is as in XState; what goes outside comes back as data.
 * @param watcher is told of every state on the way. Default: nobody
 */
export function createOwnDriver(tree: MachineTree, watcher?: MachineWatcher): Driver {
  /** The session at work: all of this happens at once, without waiting. */
  let current = new OwnSession(watcher);
  const logic = ownLogic(tree, () => current);
  const alive = new WeakMap<object, Alive>();
  const begun = (options: object): Alive => {
    current = new OwnSession(watcher);
    const session = current;
    const actor = createActor(logic, {
      ...options,
      ...(watcher ? { inspect: seenBy(watcher, session) } : {}),
    } as never);
    // Who listens keeps XState from throwing it at the process.
    actor.subscribe({ error: () => undefined });
    actor.start();
    return { actor, session };
  };
  const step = (one: Alive): MachineStep => {
    const { actor, session } = one;
    if (session.exceeded) throw session.exceeded;
    const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
    alive.set(snapshot, one);
    return { snapshot, actions: session.actions };
  };
  return {
    own: true,
    compensates: false,
    start: (input) => step(begun({ input })),
    restore: (persisted) => {
      const one = begun({ snapshot: persisted });
      one.session.begin();
      return step(one).snapshot;
    },
    next: (snapshot, event, to) => {
      const one = alive.get(snapshot) ?? begun({ snapshot });
      const { actor, session } = one;
      current = session;
      session.begin();
      session.outcome = isOutcome(event) ? event : undefined;
      (to === undefined ? actor : session.at(to))?.send(event);
      return step(one);
    },
    persist: (snapshot) => asJson(persisted(alive.get(snapshot)), "the machine's context"),
  };
}

function seenBy(watcher: MachineWatcher, session: OwnSession): (event: InspectionEvent) => void {
  return (event) => {
    if (event.type !== "@xstate.microstep") return;
    const { actorRef, snapshot, _transitions } = event;
    watcher.moved(session.pathOf(actorRef as AnyActorRef), snapshot as AnyMachineSnapshot, _transitions);
  };
}

/** @throws AppError machine_failed */
function persisted(one: Alive | undefined): unknown {
  try {
    return one?.actor.getPersistedSnapshot();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = "What the machine gives is not JSON: its context goes in a circle.";
    throw new AppError("machine_failed", { message, cause: error });
  }
}

/** An event of the engine that ends a step, as data of the machine's own can't be: it is compared by identity. */
function isOutcome({ type }: MachineEvent): boolean {
  return type.startsWith("xstate.done.actor.") || type.startsWith("xstate.error.actor.");
}
